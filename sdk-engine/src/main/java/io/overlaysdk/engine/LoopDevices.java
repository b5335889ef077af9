package io.overlaysdk.engine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which files the kernel has as block devices, as it does with images that root mounts. It lets go
 * of one some time after the last process has ended that had it mounted: a mount namespace is taken
 * down by a worker of the kernel (Linux 6.1, fs/namespace.c), which writes to the image until then.
 */
final class LoopDevices {
  private static final Path DEVICES = Path.of("/sys/block");

  /** Writing back what a slow disk has not got yet. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final long LOOK_MILLIS = 5;

  private LoopDevices() {}

  /** The device that a file is, where it is one. */
  static Optional<Path> of(Path file) {
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(DEVICES, "loop*")) {
      for (Path device : devices) {
        if (backing(device).equals(file.toString())) {
          return Optional.of(Path.of("/dev").resolve(device.getFileName()));
        }
      }
    } catch (IOException e) {
      // a container without /sys has none
      return Optional.empty();
    }
    return Optional.empty();
  }

  /** Nothing where the device is none now. */
  private static String backing(Path device) {
    try {
      return Files.readString(device.resolve("loop/backing_file")).stripTrailing();
    } catch (IOException e) {
      return "";
    }
  }

  /** Waits until it is none, or until somebody plainly keeps it; an interrupt ends that too. */
  static void awaitRelease(Path file) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (of(file).isPresent() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
