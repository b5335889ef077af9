package io.overlaysdk.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which files the kernel has as block devices, as it does with images that root mounts. It lets go
 * of one some time after the last process has ended that had it mounted: a mount namespace is taken
 * down by a worker of the kernel (Linux 6.1, fs/namespace.c), which writes to the image until then.
 */
final class LoopDevices {
  private static final Path DEVICES = Path.of("/sys/block");

  /** Writing back what a slow disk has not got yet. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final long LOOK_MILLIS = 10;

  private LoopDevices() {}

  /** The device that a file is, where it is one. */
  static Optional<Path> of(Path file) {
    try {
      for (Path device : Listings.of(DEVICES, "loop*")) {
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
    await(file, device -> true);
  }

  /**
   * Waits where the kernel has a file that no process has mounted any more: it keeps the lock of
   * who had.
   *
   * @return whether it was worth the wait
   */
  static boolean awaitUnmounted(Path file) {
    return await(file, device -> !isMounted(device));
  }

  /** As long as it is one that this holds for. */
  private static boolean await(Path file, Predicate<Path> holds) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    boolean waited = false;
    while (of(file).filter(holds).isPresent()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      waited = true;
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return waited;
  }

  /** In whatever mount namespace; what cannot be looked into is taken for one in which it is. */
  private static boolean isMounted(Path device) {
    try {
      String number =
          Files.readString(DEVICES.resolve(device.getFileName()).resolve("dev")).strip();
      return ProcStatus.pids().stream().anyMatch(pid -> MountTable.mayHaveDevice(pid, number));
    } catch (IOException e) {
      return false;
    }
  }
}
