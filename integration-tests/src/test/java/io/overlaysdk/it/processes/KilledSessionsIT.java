package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import io.overlaysdk.it.Programs;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/**
 * Something is killed at a random moment while sessions are opened, used and closed, snapshots and
 * images are made. Run with {@code -Doverlaysdk.seed=N} to repeat one run on each backend, {@code
 * -Doverlaysdk.kills=N} for more: so many for both users and all backends together. A plain run
 * draws the same each time, and how far the sessions are by then differs.
 */
@Tag("soak")
class KilledSessionsIT {
  private static final long SEED = Long.getLong("overlaysdk.seed", -1);
  private static final long FIRST =
      Boolean.getBoolean("overlaysdk.soak") ? System.nanoTime() & 0xffffffffL : 20261128;
  private static final int USERS_AND_BACKENDS = 8;
  private static final int RUNS =
      (Integer.getInteger("overlaysdk.kills", 50) + USERS_AND_BACKENDS - 1) / USERS_AND_BACKENDS;

  /** Two seconds are promised; a busy machine decides nothing here, so the time is only told. */
  private static final Duration BOUND = Duration.ofSeconds(30);

  @OnEachBackend
  void nothingIsLostAndNothingIsLeft(String backend, @TempDir Path directory) throws Exception {
    long first = SEED >= 0 ? SEED : FIRST;
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : RUNS); seed++) {
      Path here = Files.createDirectory(directory.resolve("run" + seed)).toRealPath();
      Run run = new Run(backend, seed, here);
      try {
        run.run();
      } catch (AssertionError | Exception e) {
        throw new AssertionError(run + ": " + e.getMessage(), e);
      }
      System.out.println(run);
    }
  }

  /** How often a victim is looked for. */
  private static final int TRIES = 20;

  /** One kill. */
  private static final class Run {
    private final String backend;
    private final long seed;
    private final Random random;
    private final Site site;
    private final boolean image;
    private final List<String> said = new ArrayList<>();
    private final BlockingQueue<String> coming = new LinkedBlockingQueue<>();
    private Victim victim;
    private String killed = "nothing";
    private long endedMillis = -1;

    Run(String backend, long seed, Path directory) {
      this.backend = backend;
      this.seed = seed;
      // of seeds that follow one another the first numbers are much alike
      this.random = new Random(seed * 0x9E3779B97F4A7C15L);
      this.site = Site.in(directory);
      this.image = OnEachExt3Backend.Backends.writes(backend) && seed % 2 == 0;
      this.victim = choose();
    }

    /** The JVM, which everything ends with, and what an image depends on more often than others. */
    private Victim choose() {
      boolean often = random.nextInt(3) == 0;
      if (image && often) {
        return Victim.FUSE2FS;
      }
      Victim[] all = Victim.values();
      return random.nextInt(3) == 0 ? Victim.JVM : all[random.nextInt(all.length)];
    }

    void run() throws Exception {
      Path overlay;
      try (OverlaySdk sdk = site.open()) {
        Overlay made = image ? site.ext3Overlay(sdk) : site.directoryOverlay(sdk);
        overlay = made.path().orElseThrow();
      }
      Process jvm =
          ChildJvm.of(
                  site.directory(),
                  KillProgram.class,
                  site.directory().toString(),
                  backend,
                  overlay.toString(),
                  Long.toString(seed))
              .redirectError(Redirect.to(site.directory().resolve("errors").toFile()))
              .start();
      try {
        listen(jvm);
        awaitMoment();
        boolean power = random.nextInt(4) == 0;
        List<String> before = List.copyOf(said);
        Path copy = site.directory().resolve("copy");
        if (power) {
          copyTo(copy);
        }
        kill(jvm);
        end(jvm);
        if (power) {
          checkCopy(copy, copy.resolve(overlay.getFileName()), before);
        }
      } finally {
        jvm.destroyForcibly();
      }
      boolean recovered = victim != Victim.JVM || random.nextBoolean();
      try (OverlaySdk sdk = site.open()) {
        if (victim == Victim.JVM && recovered) {
          sdk.recover();
          assertNothingLeft();
        }
        check(sdk, overlay, said);
      }
      assertNothingLeft();
      if (image) {
        new Ext3(overlay).assertClean();
      }
    }

    private void listen(Process jvm) {
      Thread thread =
          new Thread(
              () -> {
                try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(jvm.getInputStream(), UTF_8))) {
                  lines.lines().forEach(coming::add);
                } catch (IOException | UncheckedIOException e) {
                  coming.add("lost: " + e);
                }
                coming.add("");
              });
      thread.setDaemon(true);
      thread.start();
    }

    /** The end of what it says is an empty line. */
    private String next() throws InterruptedException {
      String line = coming.poll(60, TimeUnit.SECONDS);
      assertTrue(line != null, () -> "it says nothing more after " + said);
      if (!line.isEmpty()) {
        said.add(line);
      }
      return line;
    }

    private void awaitMoment() throws InterruptedException {
      for (int lines = 1 + random.nextInt(18); lines > 0; lines--) {
        assertTrue(!next().isEmpty(), () -> "it ended by itself: " + errors());
      }
      TimeUnit.MICROSECONDS.sleep(random.nextInt(80_000));
    }

    private void kill(Process jvm) throws InterruptedException {
      Optional<ProcessHandle> found = victim.find(jvm, random);
      for (int tries = TRIES; tries > 0 && found.isEmpty(); tries--) {
        TimeUnit.MILLISECONDS.sleep(10);
        // such as fuse2fs, which root has none of
        victim = tries > TRIES / 2 ? victim : Victim.ANY;
        found = victim.find(jvm, random);
      }
      if (found.isEmpty()) {
        victim = Victim.JVM;
        found = Optional.of(jvm.toHandle());
      }
      killed = Traces.words(found.get().pid());
      killed = killed.substring(0, Math.min(killed.length(), 60)).replace('\n', ' ');
      List<ProcessHandle> before = Victim.ofSessions(jvm);
      found.get().destroyForcibly();
      long time = System.nanoTime();
      if (victim == Victim.JVM) {
        Until.nothing(BOUND, () -> Traces.of(site.directory()));
        endedMillis = (System.nanoTime() - time) / 1_000_000;
      } else if (victim == Victim.TOOL || victim == Victim.FIRST) {
        Until.nothing(BOUND, () -> before.stream().filter(Traces::isRunning).toList());
        endedMillis = (System.nanoTime() - time) / 1_000_000;
      }
    }

    /** One that lives goes on for a moment, and ends in order. */
    private void end(Process jvm) throws Exception {
      if (victim != Victim.JVM) {
        for (int lines = 4; lines > 0 && !next().isEmpty(); lines--) {
          continue;
        }
        jvm.getOutputStream().write('\n');
        jvm.getOutputStream().flush();
      }
      while (!next().isEmpty()) {
        continue;
      }
      assertTrue(jvm.waitFor(60, TimeUnit.SECONDS), "it does not end");
      if (victim != Victim.JVM) {
        assertEquals(0, jvm.exitValue(), this::errors);
        assertNothingLeft();
      }
    }

    private String errors() {
      try {
        return Files.readString(site.directory().resolve("errors"));
      } catch (IOException e) {
        return e.toString();
      }
    }

    private void assertNothingLeft() throws IOException {
      site.assertNothingLeft();
      String mounts = Files.readString(Path.of("/proc/self/mountinfo"));
      assertTrue(!mounts.contains(site.directory().toString()), mounts);
      try (Stream<Path> files = Files.list(site.directory())) {
        assertEquals(
            List.of(),
            files
                .map(file -> file.getFileName().toString())
                .filter(name -> name.matches("\\..*\\.[0-9a-f-]{36}"))
                .toList());
      }
    }

    /** What a disk would hold if the power failed now, as far as it has been written. */
    private void copyTo(Path copy) throws Exception {
      Files.createDirectory(copy);
      List<String> words = new ArrayList<>(List.of("cp", "-a", "-x"));
      try (Stream<Path> files = Files.list(site.directory())) {
        files.filter(file -> !file.equals(copy)).map(Path::toString).forEach(words::add);
      }
      words.add(copy.toString());
      // what vanishes meanwhile is no error here
      new ProcessBuilder(words)
          .redirectError(Redirect.DISCARD)
          .redirectOutput(Redirect.DISCARD)
          .start()
          .waitFor();
    }

    private void checkCopy(Path copy, Path overlay, List<String> before) throws IOException {
      Site other = Site.at(copy);
      Files.createDirectories(other.state());
      try (Stream<Path> entries = Files.list(other.state())) {
        for (Path entry : entries.filter(Files::isRegularFile).toList()) {
          String text =
              Files.readString(entry)
                  .replaceFirst("(?m)^boot .*$", "boot another")
                  .replace(site.directory().toString(), copy.toString());
          Files.writeString(entry, text);
        }
      }
      try (OverlaySdk sdk = other.open()) {
        sdk.recover();
        other.assertNothingLeft();
        check(sdk, other.on(backend).overlay(Overlay.at(overlay)), safe(before));
      }
      Programs.run("rm", "-rf", copy.toString());
    }

    private void check(OverlaySdk sdk, Path overlay, List<String> said) throws IOException {
      SessionSpec spec = site.on(backend);
      check(sdk, spec.overlay(Overlay.at(overlay)), safe(said));
      for (String line : said) {
        Path target = site.directory().resolve(line.replaceFirst(".*/", ""));
        if (line.startsWith("done commit")) {
          assertTrue(Files.exists(target), line);
        }
        if (line.startsWith("will commit") && Files.exists(target)) {
          int at = said.indexOf(line);
          check(sdk, SessionSpec.on(Image.at(target)).backend(backend), safe(said.subList(0, at)));
        }
      }
    }

    private static void check(OverlaySdk sdk, SessionSpec spec, List<Integer> numbers) {
      try (Session session = sdk.start(spec)) {
        List<String> logged =
            session.run("cat", "/app/message.txt").orThrow().stdout().lines().toList();
        StringBuilder script = new StringBuilder("cat /dev/null");
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int number : numbers) {
          script.append(" /app/f").append(number);
          expected.writeBytes(KillProgram.Content.of(number));
          assertTrue(
              logged.contains(Integer.toString(number)), () -> number + " is not in " + logged);
        }
        assertArrayEquals(
            expected.toByteArray(),
            session.run("sh", "-c", script.toString()).orThrow().stdoutBytes(),
            "what the files " + numbers + " hold");
      }
    }

    /** What was written before the last time that all was brought onto the disk. */
    private static List<Integer> safe(List<String> said) {
      List<Integer> written = new ArrayList<>();
      List<Integer> safe = new ArrayList<>();
      for (String line : said) {
        if (line.startsWith("done write ")) {
          written.add(Integer.valueOf(line.substring("done write ".length())));
        } else if (line.equals("done sync") || line.equals("done close")) {
          safe = List.copyOf(written);
        } else if (line.startsWith("failed ")) {
          // whoever is told so knows that what is not safe may be gone
          written.retainAll(safe);
        }
      }
      return safe;
    }

    @Override
    public String toString() {
      return String.join(
          " ",
          "seed " + seed + ", " + backend + (image ? " on an image" : " on a directory"),
          "killed " + victim + " (" + killed.strip() + ")",
          "after " + (said.isEmpty() ? "nothing" : said.get(said.size() - 1)),
          endedMillis < 0 ? "" : "and all ended in " + endedMillis + " ms",
          said.stream()
              .filter(line -> line.startsWith("failed"))
              .map(line -> line.replaceFirst("(: [\\w.]+).*", "$1"))
              .toList()
              .toString());
    }
  }
}
