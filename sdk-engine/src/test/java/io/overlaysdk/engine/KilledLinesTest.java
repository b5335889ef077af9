package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Run with {@code -Doverlaysdk.seed=N} to repeat one run, {@code -Doverlaysdk.kills=N} for more.
 */
@Tag("soak")
class KilledLinesTest {
  private static final long SEED = Long.getLong("overlaysdk.seed", -1);
  private static final int KILLS = Integer.getInteger("overlaysdk.kills", 5);

  @TempDir private Path directory;

  /** What the process has said. */
  private static final class Said {
    private final Map<String, Set<String>> kept = new HashMap<>();
    private Set<String> before = Set.of();
    private Set<String> after = Set.of();

    /** Whether it was of something that is done. */
    private boolean add(String line) {
      if (line.equals("done")) {
        before = after;
        return true;
      }
      String[] words = line.split(" ");
      if (words[0].equals("will")) {
        after = files(words, 1);
      } else {
        kept.put(words[1], files(words, 2));
      }
      return false;
    }

    private static Set<String> files(String[] words, int from) {
      return new TreeSet<>(List.of(words).subList(from, words.length));
    }
  }

  @Test
  void theOldStateIsThereOrTheNewOne() throws Exception {
    runs(KILLS, false);
  }

  @Test
  void theOldImageIsThereOrTheNewOne() throws Exception {
    runs((KILLS + 1) / 2, true);
  }

  private void runs(int kills, boolean image) throws Exception {
    long first = SEED >= 0 ? SEED : System.nanoTime() & 0xffffffffL;
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : kills); seed++) {
      Path here = Files.createDirectory(directory.resolve("run-" + seed)).toRealPath();
      Path overlay = here.resolve("mine");
      try {
        run(seed, here, image ? Contents.image(overlay) : Contents.directory(overlay));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static void run(long seed, Path here, Path overlay) throws Exception {
    Said said = killed(seed, overlay);

    Journal journal = new Journal(here.resolve("state"));
    Lines lines = LinesTest.realLines(journal);
    boolean recovered = seed / 2 % 2 == 0;
    if (recovered) {
      new Recovery(journal, LinesTest.realRemoval(), lines, Duration.ofSeconds(1)).run();
      assertEquals(List.of(), journal.entries());
      assertEquals(List.of(), unfinished(here), "after recover()");
    }
    Set<String> seen = seen(lines, overlay);
    assertTrue(
        seen.equals(said.before) || seen.equals(said.after),
        () -> "sees " + seen + ", before " + said.before + ", after " + said.after);
    int number = 0;
    for (Map.Entry<String, Set<String>> kept : said.kept.entrySet()) {
      Path fork = here.resolve("check" + number++);
      lines.fork(overlay, Optional.of(kept.getKey()), fork);
      assertEquals(kept.getValue(), seen(lines, fork), "the snapshot " + kept.getKey());
    }
    deleteAll(lines, here);
    if (recovered) {
      assertEquals(Set.of("state"), rest(here));
    }
  }

  /**
   * What has a hidden name, but for stores, what a store knows that is not there, and layers that
   * nothing became.
   */
  private static List<Path> unfinished(Path here) throws IOException {
    List<Path> unfinished = new ArrayList<>();
    try (Stream<Path> all = Files.walk(here)) {
      for (Path path : all.toList()) {
        if (LayerStore.isName(path)) {
          new LayerStore(path)
              .known().stream()
                  .map(LayerStore.Known::overlay)
                  .filter(overlay -> !Files.exists(overlay))
                  .forEach(unfinished::add);
        } else if (path.getFileName().toString().startsWith(".")
            || LayerStore.isLayer(path) && !LineFile.ofLayer(path).isTaken()) {
          unfinished.add(path);
        }
      }
    }
    return unfinished;
  }

  private static Set<String> rest(Path here) throws IOException {
    try (Stream<Path> rest = Files.list(here)) {
      return rest.map(path -> path.getFileName().toString())
          .filter(name -> !name.matches(".*\\.(lock|copy)"))
          .collect(Collectors.toSet());
    }
  }

  private static Said killed(long seed, Path overlay) throws IOException, InterruptedException {
    Random random = new Random(seed);
    int steps = random.nextInt(Files.isDirectory(overlay) ? 25 : 12);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LinesProcess.class.getName(),
                overlay.toString(),
                Long.toString(seed))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Said said = new Said();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (said.add(line) && steps-- == 0) {
          TimeUnit.MICROSECONDS.sleep(random.nextInt(Files.isDirectory(overlay) ? 4000 : 100_000));
          process.toHandle().destroyForcibly();
        }
      }
    }
    process.waitFor();
    assertTrue(steps < 0, "it ended by itself");
    return said;
  }

  private static Set<String> seen(Lines lines, Path overlay) throws Exception {
    Set<String> seen = new TreeSet<>();
    SessionSpec spec =
        SessionSpec.on(Image.at(Path.of("/images/base.sif"))).overlay(Overlay.at(overlay));
    for (Overlay layer : lines.expand(spec).overlays()) {
      seen.addAll(Contents.names(layer.path().orElseThrow()));
    }
    return seen;
  }

  /** Layers of which nobody knows would stay. */
  private static void deleteAll(Lines lines, Path here) throws IOException {
    try (Stream<Path> overlays = Files.list(here)) {
      for (Path overlay : overlays.toList()) {
        if (isWhole(overlay)) {
          lines.delete(overlay);
        }
      }
    }
    try (Stream<Path> rest = Files.list(here)) {
      assertEquals(List.of(), rest.filter(KilledLinesTest::isWhole).toList());
    }
  }

  /** Beside an image that was about to become a fork may lie what is told of it. */
  private static boolean isWhole(Path path) {
    String name = path.getFileName().toString();
    return !name.startsWith(".") && !name.matches("state|.*\\.(json|lock|copy)");
  }
}
