package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Configuration;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.Checkout;
import io.overlaysdk.it.Programs;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where one test works: an image of its own, scratch and state directories, and a directory {@code
 * shared} that is bound at {@code /shared}. What is left of the test on the machine can be told by
 * its path.
 */
final class Site {
  /** What the kernel may take to reap processes that were killed. */
  private static final Duration MOMENT = Duration.ofSeconds(2);

  private final Path directory;

  private Site(Path directory) {
    this.directory = directory;
  }

  /** A new one in an empty directory. */
  static Site in(Path directory) {
    List.of("apptainer", "singularity", "fuse-overlayfs", "unshare").forEach(Tools::require);
    Site site = new Site(directory);
    try {
      Files.createDirectory(site.scratch());
      Files.createDirectory(site.shared());
      Files.copy(Base.image(), site.image());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return site;
  }

  /** The one that is in this directory already. */
  static Site at(Path directory) {
    return new Site(directory);
  }

  /** The image of the tutorial, built once for all tests of this JVM. */
  private static final class Base {
    private static Path image;

    static synchronized Path image() throws IOException {
      if (image == null) {
        Path home = Files.createTempDirectory("overlay-sdk-it");
        Path built = home.resolve("base.sif");
        // what is registered last is deleted first
        home.toFile().deleteOnExit();
        built.toFile().deleteOnExit();
        try (OverlaySdk sdk = OverlaySdk.open(Configuration.builder().state(home).build())) {
          sdk.build(Checkout.root().resolve("examples/tutorial/base.def"), built);
        }
        image = built;
      }
      return image;
    }
  }

  Path directory() {
    return directory;
  }

  Path image() {
    return directory.resolve("base.sif");
  }

  Path scratch() {
    return directory.resolve("scratch");
  }

  Path state() {
    return directory.resolve("state");
  }

  Path shared() {
    return directory.resolve("shared");
  }

  /** What is told to end is killed soon. */
  Configuration.Builder configuration() {
    return Configuration.builder().scratch(scratch()).state(state()).grace(Duration.ofMillis(300));
  }

  OverlaySdk open() {
    return OverlaySdk.open(configuration().build());
  }

  /** A session of this backend on the image, with {@code /shared}. */
  SessionSpec on(String backend) {
    return SessionSpec.on(Image.at(image()))
        .backend(backend)
        .bind(new Bind(shared(), ContainerPath.of("/shared"), Access.READ_WRITE));
  }

  Overlay directoryOverlay(OverlaySdk sdk) {
    return sdk.createOverlay(directory.resolve("overlay"));
  }

  Overlay ext3Overlay(OverlaySdk sdk) {
    return sdk.createOverlay(directory.resolve("overlay.ext3"), 32 << 20);
  }

  /** A program of this name that consists of lines for a shell. */
  Path script(String name, String... lines) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }

  /** Waits for a file that a command makes in {@code /shared}. */
  void awaitShared(String name) {
    Until.nothing(
        Duration.ofSeconds(30),
        () -> Files.exists(shared().resolve(name)) ? List.of() : List.of("no " + name));
  }

  /** Waits for a file that a command of this JVM makes, as long as that lives. */
  void awaitShared(String name, Process jvm) {
    Until.nothing(
        Duration.ofSeconds(30),
        () -> {
          assertTrue(jvm.isAlive(), () -> "it ended with " + jvm.exitValue());
          return Files.exists(shared().resolve(name)) ? List.of() : List.of("no " + name);
        });
  }

  /** The process that the SDK started last in its only session, as the journal has it. */
  long lastProcess() throws IOException {
    try (Stream<Path> entries = Files.list(state())) {
      return Files.readAllLines(entries.findFirst().orElseThrow()).stream()
          .filter(line -> line.startsWith("process "))
          .mapToLong(line -> Long.parseLong(line.split(" ")[1]))
          .reduce((earlier, last) -> last)
          .orElseThrow();
    }
  }

  /** No process, and so no mount either: what holds a mount is found with it. */
  void assertNoProcessLeft() {
    assertNoProcessLeft(MOMENT);
  }

  void assertNoProcessLeft(Duration patience) {
    Until.nothing(patience, () -> Traces.of(directory));
  }

  /** No process with this in its words, such as one that a command has started. */
  void assertNoneLeftWith(String words) {
    Until.nothing(
        MOMENT,
        () -> Traces.of(directory).stream().filter(t -> t.words().contains(words)).toList());
  }

  /** No process, no mount, no scratch file, no journal entry. */
  void assertNothingLeft() {
    assertNoProcessLeft();
    assertEquals(List.of(), children(scratch()));
    assertEquals(List.of(), children(state()));
  }

  /** Takes away what is left, where that has been found. */
  void clear() throws IOException {
    for (Path place : List.of(scratch(), state())) {
      Programs.run("rm", "-rf", "--one-file-system", place.toString());
    }
    Files.createDirectory(scratch());
  }

  private static List<Path> children(Path directory) {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return new ArrayList<>(entries.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
