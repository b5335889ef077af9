package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** Another JVM that has a file locked, until it is closed. */
final class LockingProcess implements AutoCloseable {
  private final Process process;

  private LockingProcess(Process process) {
    this.process = process;
  }

  static LockingProcess start(Path file, boolean shared) throws Exception {
    Path classes =
        Path.of(LockingProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes.toString(),
                LockingProcess.class.getName(),
                file.toString(),
                Boolean.toString(shared))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.getInputStream().read() != '!') {
      throw new IOException("the other process has no lock");
    }
    return new LockingProcess(process);
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    process.onExit().join();
  }

  /** Locks the file, says so, and waits for the end of its input. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    boolean shared = Boolean.parseBoolean(arguments[1]);
    Set<StandardOpenOption> options =
        Set.of(shared ? StandardOpenOption.READ : StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(file, options);
        FileLock lock = channel.lock(0, Files.size(file), shared)) {
      System.out.write((lock.isValid() ? "!" : "?").getBytes(UTF_8));
      System.out.flush();
      System.in.read();
    }
  }
}
