package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.overlaysdk.CommandFailedException;
import io.overlaysdk.CommitMode;
import io.overlaysdk.ExhaustedException;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.Lack;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** What is tried in a {@link Cramped} JVM: nothing is lost, and it works again with room. */
final class CrampedParts {
  private static final String BACKEND = "fuse-overlayfs";

  private static final Map<String, Cramped.Part> PARTS =
      Map.of(
          "state", CrampedParts::state,
          "scratch", CrampedParts::scratch,
          "operations", site -> operations(site, Lack.SPACE),
          "quota", site -> operations(site, Lack.QUOTA),
          "inodes", CrampedParts::inodes,
          "descriptors", CrampedParts::descriptors,
          "threads", CrampedParts::threads,
          "readOnly", CrampedParts::readOnly,
          "vanished", CrampedParts::vanished);

  private CrampedParts() {}

  /** Arguments: the directory of the {@link Site}, the part. */
  public static void main(String[] args) {
    try {
      PARTS.get(args[1]).run(Site.at(Path.of(args[0])));
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
    System.exit(0);
  }

  private static void state(Site site) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      SessionSpec spec = site.on(BACKEND).overlay(site.directoryOverlay(sdk));
      Path filler = Cramped.fill(site.state());
      assertLack(Lack.SPACE, site.state(), () -> sdk.start(spec));
      assertEquals(List.of(filler), list(site.state()));
      assertEquals(List.of(), list(site.scratch()));
      Files.delete(filler);
      try (Session session = sdk.start(spec)) {
        mount("-o", "remount,ro", site.state().toString());
        assertLack(Lack.WRITE_ACCESS, site.state(), () -> session.run("true"));
        site.assertNoneLeftWith("overlay-sdk DIRECTORY");
        mount("-o", "remount,rw", site.state().toString());
        session.run("true").orThrow();
        Cramped.fill(site.state());
        session.run("true").orThrow();
      }
      Files.delete(filler);
      List<Path> fillers = Cramped.fillInodes(site.state());
      assertLack(Lack.INODES, site.state(), () -> sdk.start(spec));
      delete(fillers);
      sdk.start(spec).close();
    }
  }

  private static void scratch(Site site) throws Exception {
    Path image = site.image();
    try (OverlaySdk sdk = site.open()) {
      SessionSpec spec = SessionSpec.on(Image.at(image)).backend(BACKEND);
      Path filler = Cramped.fill(site.scratch());
      assertLack(Lack.SPACE, site.scratch(), () -> sdk.start(spec));
      Files.delete(filler);
      // what mkfs.ext3 writes at once is more than there is
      SessionSpec large = spec.overlay(Overlay.ephemeral(512L << 30));
      assertLack(Lack.SPACE, site.scratch(), () -> sdk.start(large));
      assertEquals(List.of(), list(site.scratch()));
      SessionSpec any = spec.overlay(Overlay.ephemeral());
      List<Path> fillers = Cramped.fillInodes(site.scratch());
      while (!succeeds(Lack.INODES, () -> runTrue(sdk, any))) {
        assertEquals(fillers.size(), list(site.scratch()).size());
        List<Path> some = fillers.subList(fillers.size() - 3, fillers.size());
        delete(some);
        some.clear();
      }
      delete(fillers);
    }
  }

  /** Everything that makes something on a file system in which there is too little room for it. */
  private static void operations(Site site, Lack lack) throws Exception {
    Path small = site.directory().resolve("small");
    try (OverlaySdk sdk = site.open()) {
      Map<String, Consumer<Path>> all = operations(site, sdk);
      Path some = Files.write(small.resolve("some"), new byte[1 << 20]);
      Path filler = Cramped.fill(small);
      Files.delete(some);
      awaitRoom(small);
      for (var operation : all.entrySet()) {
        Path target = small.resolve(operation.getKey());
        assertLack(lack, small, () -> operation.getValue().accept(target));
        assertEquals(List.of(filler), list(small), operation.getKey());
        assertNothingLeft(site);
      }
      Files.delete(filler);
      for (var operation : all.entrySet()) {
        awaitRoom(small);
        Path target = small.resolve(operation.getKey());
        operation.getValue().accept(target);
        assertTrue(Files.exists(target), operation.getKey());
        remove(small);
      }
    }
  }

  /** Btrfs counts what has been deleted until it is on the disk that it is. */
  private static void awaitRoom(Path directory) throws Exception {
    program("sync", "-f", directory.toString());
  }

  private static Map<String, Consumer<Path>> operations(Site site, OverlaySdk sdk)
      throws IOException {
    Path base = Files.createDirectory(site.directory().resolve("base"));
    Files.writeString(base.resolve("file"), "of the base\n");
    Overlay overlay = site.directoryOverlay(sdk);
    Path path = overlay.path().orElseThrow();
    byte[] noise = new byte[6 << 20];
    new Random(1).nextBytes(noise);
    Files.write(path.resolve("upper/noise"), noise);
    SessionSpec spec = SessionSpec.on(Image.at(base)).overlay(overlay);
    Path layer = site.directory().resolve("layer.tar");
    sdk.exportLayer(spec, layer);
    Path frozen = site.directory().resolve("frozen.sqfs");
    sdk.freeze(spec, frozen);
    Path pack = site.directory().resolve("pack");
    sdk.pack(path, pack);
    Path template = site.directory().resolve("template.ext3");
    sdk.createOverlay(template, 16 << 20);
    sdk.importLayer(layer, SessionSpec.on(Image.at(base)).overlay(Overlay.at(template)));
    Map<String, Consumer<Path>> all = new LinkedHashMap<>();
    all.put("new.ext3", target -> sdk.createOverlay(target, ImageSize.of(8 << 20).taken()));
    all.put("layer.tar", target -> sdk.exportLayer(spec, target));
    all.put("layer.tar.gz", target -> sdk.exportLayer(spec, target));
    all.put(
        "imported",
        target ->
            sdk.importLayer(layer, SessionSpec.on(Image.at(base)).overlay(Overlay.at(target))));
    all.put("from.ext3", target -> sdk.createOverlayFrom(template.toString(), target));
    all.put("frozen.sqfs", target -> sdk.freeze(spec, target));
    all.put("pack", target -> sdk.pack(path, target));
    all.put("unpacked", target -> sdk.unpack(pack, target));
    all.put("thawed", target -> sdk.thaw(frozen, target));
    all.put("image.tar", target -> sdk.commit(spec, target, CommitMode.FLATTENED));
    all.put("image.sif", target -> sdk.commit(spec, target, CommitMode.FLATTENED));
    all.put("image", target -> sdk.commit(spec, target, CommitMode.FLATTENED));
    return all;
  }

  /** Directories, of which a full file system still has room for some. */
  private static void inodes(Site site) throws Exception {
    Path small = site.directory().resolve("small");
    try (OverlaySdk sdk = site.open()) {
      Path overlay = small.resolve("overlay");
      sdk.createOverlay(overlay);
      Files.writeString(overlay.resolve("upper/kept"), "kept\n");
      Map<String, Runnable> all = new LinkedHashMap<>();
      all.put("create", () -> sdk.createOverlay(small.resolve("other")));
      all.put("snapshot", () -> sdk.snapshot(overlay, "a state"));
      all.put("fork", () -> sdk.fork(overlay, small.resolve("fork")));
      all.put("discard", () -> sdk.discard(overlay));
      for (var operation : all.entrySet()) {
        for (int left = 0; !tried(operation, sdk, small, overlay, left); left++) {
          assertTrue(left < 30, "never enough for " + operation.getKey());
        }
      }
      assertEquals(1, sdk.log(overlay).size());
      SessionSpec spec = site.on(BACKEND);
      for (Path line : List.of(overlay, small.resolve("fork"))) {
        try (Session session = sdk.start(spec.overlay(Overlay.at(line)))) {
          assertEquals("kept\n", session.run("cat", "/kept").orThrow().stdout());
        }
      }
    }
  }

  /** Whether it has succeeded; whatever comes of it, the state before is there or the one after. */
  private static boolean tried(
      Map.Entry<String, Runnable> operation, OverlaySdk sdk, Path small, Path overlay, int left)
      throws IOException {
    String what = operation.getKey() + " with " + left;
    List<Path> fillers = Cramped.fillInodes(small);
    delete(fillers.subList(fillers.size() - left, fillers.size()));
    boolean done = succeeds(Lack.INODES, operation.getValue());
    delete(fillers);
    boolean whole =
        sdk.log(overlay).isEmpty()
            ? Files.exists(overlay.resolve("upper/kept"))
            : !Files.exists(overlay.resolve("upper/kept"));
    assertTrue(whole, what);
    return done;
  }

  /** With every number of descriptors that is too small. */
  private static void descriptors(Site site) throws Exception {
    sweep(
        site,
        Lack.DESCRIPTORS,
        index -> {
          try {
            return new FileInputStream("/dev/null");
          } catch (IOException e) {
            return null;
          }
        },
        2);
  }

  private static void threads(Site site) throws Exception {
    sweep(
        site,
        Lack.PROCESSES,
        index -> {
          CountDownLatch over = new CountDownLatch(1);
          Thread thread = new Thread(null, () -> await(over), "filler", 1 << 16);
          thread.setDaemon(true);
          try {
            thread.start();
          } catch (OutOfMemoryError e) {
            return null;
          }
          return () -> {
            over.countDown();
            thread.join();
          };
        },
        3);
  }

  private static void await(CountDownLatch over) {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** With every number that is too small, in steps; all classes are loaded before. */
  private static void sweep(Site site, Lack lack, IntFunction<AutoCloseable> take, int step)
      throws Exception {
    SessionSpec spec;
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      // fuse-overlayfs (1.14) that cannot fork stays in the foreground, and mounts for nobody
      spec = site.on(BACKEND).overlay(overlay).timeLimit(Duration.ofSeconds(5));
      runTrue(sdk, spec);
    }
    boolean done = false;
    int told = 0;
    for (int spare = 0; !done; spare += step) {
      assertTrue(spare < 200, "never enough");
      Deque<AutoCloseable> taken = new ArrayDeque<>();
      try (OverlaySdk sdk = site.open()) {
        for (AutoCloseable one = take.apply(0); one != null; one = take.apply(taken.size())) {
          taken.push(one);
        }
        for (int i = 0; i < spare && !taken.isEmpty(); i++) {
          taken.pop().close();
        }
        try {
          done = succeeds(lack, () -> runTrue(sdk, spec));
          told++;
        } catch (LaunchException | CommandFailedException e) {
          // programs of the JDK and tools that do not say what they lack
          System.out.println(e.getMessage());
        }
        // with room again, closing the SDK takes away what could not be taken away
        release(taken);
      } finally {
        release(taken);
      }
      assertNothingLeft(site);
    }
    assertTrue(told > 1, "never told");
  }

  private static void release(Deque<AutoCloseable> taken) {
    while (!taken.isEmpty()) {
      try {
        taken.pop().close();
      } catch (Exception e) {
        // the JDK (17) closes some by mistake where it cannot start a process
        System.out.println(e);
      }
    }
  }

  private static void readOnly(Site site) throws Exception {
    Path small = site.directory().resolve("small");
    try (OverlaySdk sdk = site.open()) {
      Path overlay = small.resolve("overlay");
      sdk.createOverlay(overlay);
      SessionSpec spec = site.on(BACKEND).overlay(Overlay.at(overlay));
      SessionSpec reading = site.on(BACKEND).overlay(Overlay.at(overlay).readOnly());
      mount("-o", "remount,ro", small.toString());
      assertLack(Lack.WRITE_ACCESS, small, () -> sdk.createOverlay(small.resolve("other")));
      assertLack(Lack.WRITE_ACCESS, small, () -> sdk.snapshot(overlay, "x"));
      assertLack(Lack.WRITE_ACCESS, small, () -> sdk.start(spec));
      assertLack(Lack.WRITE_ACCESS, small, () -> sdk.freeze(reading, small.resolve("frozen")));
      runTrue(sdk, reading);
      mount("-o", "remount,rw", small.toString());
      runTrue(sdk, spec);
    }
  }

  /** The file system of an overlay is gone while a session is on it. */
  private static void vanished(Site site) throws Exception {
    Path small = site.directory().resolve("small");
    try (OverlaySdk sdk = site.open()) {
      Path overlay = small.resolve("overlay");
      sdk.createOverlay(overlay);
      try (Session session = sdk.start(site.on(BACKEND).overlay(Overlay.at(overlay)))) {
        session.run("sh", "-c", "echo written > /app/message.txt").orThrow();
        program("umount", "-l", small.toString());
        // the container has its own mount of it
        session.run("cat", "/app/message.txt").orThrow();
        assertThrows(OverlayException.class, session::changes);
        assertThrows(OverlayException.class, () -> session.run("true"));
      }
      assertThrows(OverlayException.class, () -> sdk.info(overlay));
    }
  }

  private static void mount(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("mount"));
    all.addAll(List.of(words));
    program(all.toArray(String[]::new));
  }

  private static void program(String... words) throws Exception {
    assertEquals(0, new ProcessBuilder(words).inheritIO().start().waitFor());
  }

  private static void runTrue(OverlaySdk sdk, SessionSpec spec) {
    try (Session session = sdk.start(spec)) {
      session.run("true").orThrow();
    }
  }

  private static void assertLack(Lack lack, Path place, Runnable work) {
    try {
      work.run();
    } catch (ExhaustedException e) {
      assertEquals(lack, e.lack(), e.getMessage());
      Path named = e.place().orElseThrow();
      assertTrue(named.startsWith(place) || place.startsWith(named), e.getMessage());
      return;
    } catch (OverlayException e) {
      throw new AssertionError("it is not told apart: " + e.getMessage(), e);
    }
    fail("there is room");
  }

  /** Whether there was enough of it; any other error than the right one is thrown. */
  private static boolean succeeds(Lack lack, Runnable work) {
    try {
      work.run();
      return true;
    } catch (ExhaustedException e) {
      assertEquals(lack, e.lack(), e.getMessage());
      return false;
    }
  }

  /** The process that guards this JVM is there as long as it is. */
  private static void assertNothingLeft(Site site) throws IOException {
    Until.nothing(
        Duration.ofSeconds(2),
        () ->
            Traces.of(site.directory()).stream()
                .filter(trace -> !trace.words().contains("Ends what a JVM leaves"))
                .toList());
    assertEquals(List.of(), list(site.scratch()));
    assertEquals(List.of(), list(site.state()));
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private static void delete(List<Path> files) throws IOException {
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  private static void remove(Path directory) throws Exception {
    for (Path entry : list(directory)) {
      program("rm", "-rf", entry.toString());
    }
  }
}
