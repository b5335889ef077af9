package io.overlaysdk.benchmarks;

import io.overlaysdk.Command;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/** One gibibyte through a command's output and input, beside the same program of the host. */
final class StreamBenchmark implements Benchmark {
  private static final long GIBIBYTE = 1L << 30;

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Fixture.sandbox(directory.resolve("base"));
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    String[] writes = {"head", "-c", Long.toString(GIBIBYTE), "/dev/zero"};
    String[] reads = {"sh", "-c", "exec cat >/dev/null"};
    Bound bound = new Bound.AtLeastAsFast(0.8);
    try (OverlaySdk sdk = OverlaySdk.open(configuration);
        Session session = sdk.start(SessionSpec.on(Image.at(base)).backend("overlayfs"))) {
      return List.of(
          new Rounds(1, 5)
              .compare(
                  "1 GiB through stdout (overlayfs)",
                  () -> {
                    try (RunningCommand command = session.start(Command.of(writes))) {
                      requireAll(Spawned.drain(command.stdout()));
                    }
                  },
                  "ProcessBuilder, the same program",
                  () -> requireAll(Spawned.drain(host(base, writes).getInputStream())),
                  bound),
          new Rounds(1, 5)
              .compare(
                  "1 GiB through stdin (overlayfs)",
                  () -> {
                    try (RunningCommand command = session.start(Command.of(reads))) {
                      fill(command.stdin());
                      command.await().orThrow();
                    }
                  },
                  "ProcessBuilder, the same program",
                  () -> {
                    Process process = host(base, reads);
                    fill(process.getOutputStream());
                    process.waitFor();
                  },
                  bound));
    }
  }

  private static Process host(Path base, String... words) throws IOException {
    String[] all = words.clone();
    all[0] = base.resolve("bin").resolve(words[0]).toString();
    return new ProcessBuilder(all).start();
  }

  private static void fill(OutputStream out) throws IOException {
    byte[] piece = new byte[1 << 16];
    for (long left = GIBIBYTE; left > 0; left -= piece.length) {
      out.write(piece);
    }
    out.close();
  }

  private static void requireAll(long count) throws IOException {
    if (count != GIBIBYTE) {
      throw new IOException("only " + count + " bytes came through");
    }
  }
}
