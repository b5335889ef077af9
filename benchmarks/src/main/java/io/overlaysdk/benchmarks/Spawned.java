package io.overlaysdk.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A program of the host as ProcessBuilder runs it, its streams read apart, as a session reads them.
 */
final class Spawned {
  private static final ExecutorService READERS =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "reader");
            thread.setDaemon(true);
            return thread;
          });

  private Spawned() {}

  /** Runs it to its end and gives what it wrote to its standard output. */
  static byte[] run(List<String> words, byte[] input) throws Exception {
    Process process = new ProcessBuilder(words).start();
    Future<byte[]> out = READERS.submit(() -> process.getInputStream().readAllBytes());
    Future<byte[]> err = READERS.submit(() -> process.getErrorStream().readAllBytes());
    process.getOutputStream().write(input);
    process.getOutputStream().close();
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(
          words + " ended with status " + status + ": " + new String(err.get(), UTF_8));
    }
    return out.get();
  }

  /** Reads a stream to its end with one buffer, and counts. */
  static long drain(InputStream in) throws IOException {
    byte[] piece = new byte[1 << 16];
    long all = 0;
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      all += count;
    }
    return all;
  }
}
