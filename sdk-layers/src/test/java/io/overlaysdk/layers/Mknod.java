package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;

/** Makes whiteouts in tests, as the engine does. */
final class Mknod implements Whiteouts {
  int calls;

  @Override
  public void create(Path file) {
    calls++;
    make(file, 0);
  }

  static void make(Path file, int mode) {
    run("mknod", "-m", Integer.toOctalString(mode), "--", file.toString(), "c", "0", "0");
  }

  static String run(String... words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", words) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new AssertionError(String.join(" ", words), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
