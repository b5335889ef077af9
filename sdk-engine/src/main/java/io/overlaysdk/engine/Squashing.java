package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.overlaysdk.LaunchException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.oci.Compression;
import io.overlaysdk.layers.oci.LayerWriter;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/** Makes squashfs file systems. The same content gives the same bytes. */
final class Squashing {
  private static final Duration TRIAL_LIMIT = Duration.ofSeconds(20);
  private static final long PATIENCE_MILLIS = 1000;
  private static final int LONGEST_MESSAGES = 1 << 14;

  private final Host host;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;
  private final Path program;

  /**
   * @param scratch where something small is tried
   * @param started is told the pids of the programs
   * @throws LaunchException where mksquashfs is missing or too old
   */
  Squashing(Host host, Launcher launcher, Path scratch, LongConsumer started) {
    this.host = host;
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
    this.program = SquashfsTool.MKSQUASHFS.find(host);
  }

  /**
   * Makes one of an archive, which mksquashfs reads while it is written: nothing else of it is on
   * disk.
   *
   * @param oneUser whether all in it belongs to root
   * @param time that of the file system itself, in seconds since 1970
   */
  LayerReport archive(LayerWriter writer, boolean oneUser, long time, Path target) {
    LayerWriter.Root root = writer.root();
    List<String> words = new ArrayList<>(List.of("-", target.toString(), "-tar", "-noI"));
    words.addAll(options(time));
    if (oneUser) {
      words.add("-all-root");
    }
    Invocation invocation = Invocation.of(program, words);
    Running.Piped running = launcher.begin(invocation, started);
    CompletableFuture<String> said = read(running.stderr());
    read(running.stdout());
    LayerReport report;
    try (OutputStream archive = running.stdin()) {
      report = writer.writeTo(archive, Compression.NONE);
    } catch (IOException e) {
      running.end();
      throw failed(invocation, said.join(), e);
    } catch (RuntimeException e) {
      // where it has ended by itself, that is why the archive could not be written
      int status =
          running.ended().copy().completeOnTimeout(0, PATIENCE_MILLIS, MILLISECONDS).join();
      running.end();
      throw status != 0 && e.getClass() == OverlayException.class
          ? failed(invocation, said.join(), e)
          : e;
    }
    if (running.ended().join() != 0) {
      throw failed(invocation, said.join(), null);
    }
    SquashfsRoot.set(target, 0, root.permissions(), root.modified());
    return report;
  }

  /** mksquashfs. */
  Path program() {
    return program;
  }

  /** What it is given besides what it packs. */
  List<String> options(long time) {
    return List.of(
        "-noappend",
        "-no-progress",
        "-quiet",
        "-comp",
        compressor(),
        "-mkfs-time",
        Long.toString(time));
  }

  private static LaunchException failed(
      Invocation invocation, String said, @Nullable Exception cause) {
    LaunchException failure =
        new LaunchException("cannot make a squashfs", invocation.words(), said);
    if (cause != null) {
      failure.addSuppressed(cause);
    }
    return failure;
  }

  /** It must be able to go on, whatever it has to say; the last of it is kept. */
  private static CompletableFuture<String> read(InputStream messages) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (messages) {
            ByteArrayOutputStream last = new ByteArrayOutputStream();
            byte[] bytes = messages.readNBytes(LONGEST_MESSAGES);
            while (bytes.length > 0) {
              last.reset();
              last.writeBytes(bytes);
              bytes = messages.readNBytes(LONGEST_MESSAGES);
            }
            return last.toString(UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        Threads.POOL);
  }

  /**
   * zstd where mksquashfs has it and what is here reads a squashfs of it, else gzip, which all of
   * them have.
   */
  private String compressor() {
    Path content = scratch.resolve("trial-content");
    Path file = scratch.resolve("trial.squashfs");
    byte[] bytes = new byte[1 << 12];
    Arrays.fill(bytes, (byte) 'x');
    try {
      Files.write(content, bytes);
      Invocation trial =
          Invocation.of(
              program,
              List.of(
                  content.toString(),
                  file.toString(),
                  "-noappend",
                  "-no-progress",
                  "-quiet",
                  "-comp",
                  "zstd"));
      if (launcher.run(trial, Launcher.Terms.within(TRIAL_LIMIT)).status() != 0) {
        return "gzip";
      }
      try (FuseMount mount =
          FuseMount.squashfs(host, launcher, file, 0, scratch.resolve("trial"), started)) {
        byte[] read = Files.readAllBytes(mount.at().resolve(content.getFileName().toString()));
        return Arrays.equals(bytes, read) ? "zstd" : "gzip";
      }
    } catch (IOException | LaunchException e) {
      return "gzip";
    }
  }
}
