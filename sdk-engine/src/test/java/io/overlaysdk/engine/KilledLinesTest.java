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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
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
    long first = SEED >= 0 ? SEED : System.nanoTime() & 0xffffffffL;
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : KILLS); seed++) {
      Path here = Files.createDirectory(directory.resolve("run-" + seed)).toRealPath();
      try {
        run(seed, here);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private static void run(long seed, Path here) throws Exception {
    Path overlay = Files.createDirectory(here.resolve("mine"));
    Files.createDirectory(overlay.resolve("upper"));
    Files.createDirectory(overlay.resolve("work"));
    Said said = killed(seed, overlay);

    Lines lines = LinesTest.lines();
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
  }

  private static Said killed(long seed, Path overlay) throws IOException, InterruptedException {
    Random random = new Random(seed);
    int steps = random.nextInt(25);
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
          TimeUnit.MICROSECONDS.sleep(random.nextInt(4000));
          process.toHandle().destroyForcibly();
        }
      }
    }
    process.waitFor();
    assertTrue(steps < 0, "it ended by itself");
    return said;
  }

  private static Set<String> seen(Lines lines, Path overlay) throws IOException {
    Set<String> seen = new TreeSet<>();
    SessionSpec spec =
        SessionSpec.on(Image.at(Path.of("/images/base.sif"))).overlay(Overlay.at(overlay));
    for (Overlay layer : lines.expand(spec).overlays()) {
      try (Stream<Path> names = Files.list(layer.path().orElseThrow().resolve("upper"))) {
        names.map(name -> name.getFileName().toString()).forEach(seen::add);
      }
    }
    return seen;
  }

  /** Layers of which nobody knows would stay. */
  private static void deleteAll(Lines lines, Path here) throws IOException {
    try (Stream<Path> overlays = Files.list(here)) {
      for (Path overlay : overlays.toList()) {
        if (!overlay.getFileName().toString().startsWith(".")) {
          lines.delete(overlay);
        }
      }
    }
    try (Stream<Path> rest = Files.list(here)) {
      assertEquals(
          List.of(), rest.filter(path -> !path.getFileName().toString().startsWith(".")).toList());
    }
  }
}
