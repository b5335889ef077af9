package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.CancelledException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * A file system image that can be read as a directory for as long as this is open, by a FUSE
 * program that stays in the foreground and ends with it.
 */
final class FuseMount implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long LOOK_MILLIS = 5;

  /** What writing to a slow disk may take in the end. */
  private static final Duration FLUSH = Duration.ofMinutes(10);

  private final Host host;
  private final Launcher launcher;
  private final Path at;
  private final Invocation program;
  private final CompletableFuture<Launcher.Outcome> ended = new CompletableFuture<>();

  private FuseMount(Host host, Launcher launcher, Path at, Invocation program) {
    this.host = host;
    this.launcher = launcher;
    this.at = at;
    this.program = program;
  }

  /** Mounts a squashfs, read-only. */
  static FuseMount squashfs(
      Host host, Launcher launcher, Path file, long offset, Path at, LongConsumer started) {
    Path program =
        host.find("squashfuse_ll")
            .or(() -> host.find("squashfuse"))
            .orElseThrow(() -> Programs.missing("squashfuse", "look into " + file));
    return mount(
        host,
        launcher,
        at,
        List.of(
            program.toString(), "-f", "-o", "ro,offset=" + offset, file.toString(), at.toString()),
        started);
  }

  /** Mounts an ext3 image read-only; every owner's files can be read. */
  static FuseMount ext3(
      Host host, Launcher launcher, Path file, long offset, Path at, LongConsumer started) {
    Path program = Programs.require(host, "fuse2fs", "look into " + file);
    String options = "ro,fakeroot" + (offset == 0 ? "" : ",offset=" + offset);
    return ext3(host, launcher, program, options, file, at, started);
  }

  /** Mounts an ext3 image for writing; {@link #finish} tells whether all is on disk. */
  static FuseMount writableExt3(
      Host host, Launcher launcher, Path file, Path at, LongConsumer started) {
    Path program = Programs.require(host, "fuse2fs", "look into " + file);
    return ext3(host, launcher, program, "fakeroot", file, at, started);
  }

  /** Through a link: fuse2fs (1.47) makes its name an option, which a comma in it would end. */
  private static FuseMount ext3(
      Host host,
      Launcher launcher,
      Path program,
      String options,
      Path file,
      Path at,
      LongConsumer started) {
    try {
      Path link = Files.createSymbolicLink(link(at), file);
      return mount(
          host,
          launcher,
          at,
          List.of(program.toString(), "-f", "-o", options, link.toString(), at.toString()),
          started);
    } catch (IOException e) {
      throw new OverlayException("cannot make a link at " + link(at) + ": " + e, e);
    }
  }

  private static Path link(Path at) {
    return at.resolveSibling(at.getFileName() + ".image");
  }

  private static FuseMount mount(
      Host host, Launcher launcher, Path at, List<String> words, LongConsumer started) {
    FuseMount mount = new FuseMount(host, launcher, at, Invocation.of(words));
    try {
      Files.createDirectory(at);
      Object before = device(at);
      mount.run(started);
      mount.await(before);
      return mount;
    } catch (IOException e) {
      throw new OverlayException("cannot mount at " + at + ": " + e, e);
    } catch (RuntimeException e) {
      mount.close();
      throw e;
    }
  }

  private static Object device(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev", NOFOLLOW_LINKS);
  }

  private void run(LongConsumer started) {
    Launcher.Terms terms =
        new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), started);
    Thread thread =
        new Thread(
            () -> {
              try {
                ended.complete(launcher.run(program, terms));
              } catch (RuntimeException e) {
                ended.completeExceptionally(e);
              }
            },
            "overlay-sdk mount " + at.getFileName());
    thread.setDaemon(true);
    Threads.start(thread);
  }

  private void await(Object before) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (device(at).equals(before)) {
      if (ended.isDone() || System.nanoTime() > deadline) {
        throw new LaunchException("cannot mount at " + at, program.words(), output());
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancelledException("interrupted while " + program.executable() + " mounted", e);
      }
    }
  }

  private String output() {
    try {
      return ended.isDone() ? ended.join().errorText() : "it did not mount in time";
    } catch (CompletionException e) {
      return String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
    }
  }

  Path at() {
    return at;
  }

  /**
   * Unmounts and waits until the program has written everything and ended.
   *
   * @throws LaunchException where it failed
   */
  void finish() {
    unmount();
    Launcher.Outcome outcome =
        ended.completeOnTimeout(null, FLUSH.toMillis(), TimeUnit.MILLISECONDS).join();
    if (outcome == null || outcome.status() != 0) {
      throw new LaunchException(
          "cannot unmount " + at,
          program.words(),
          outcome == null ? "it did not end in time" : outcome.errorText());
    }
  }

  /** Unmounts, waits until the program has ended, and takes the mount point away. */
  @Override
  public void close() {
    // a program that was killed leaves its mount
    if (!ended.isDone() || isMounted(at)) {
      unmount();
      ended.completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
    }
    try {
      Files.deleteIfExists(at);
      Files.deleteIfExists(link(at));
    } catch (IOException e) {
      throw new OverlayException("cannot take the mount at " + at + " away: " + e, e);
    }
  }

  private void unmount() {
    unmount(host, launcher, at);
  }

  private static boolean isMounted(Path at) {
    return !MountTable.below(at).isEmpty();
  }

  /** Takes a mount away whose program may be dead; what is open in it stays until it is closed. */
  static void unmount(Host host, Launcher launcher, Path at) {
    host.find("fusermount3")
        .or(() -> host.find("fusermount"))
        .ifPresent(
            program ->
                launcher.run(
                    Invocation.of(program, List.of("-u", "-z", at.toString())),
                    Launcher.Terms.within(PATIENCE)));
  }
}
