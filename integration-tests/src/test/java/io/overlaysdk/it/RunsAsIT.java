package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** That this run is what it claims to be: the user, the checkout and the tools. */
class RunsAsIT {
  @Test
  void runsAsTheUserOfThisExecution() throws IOException {
    String expected = System.getProperty("overlaysdk.user");

    assertEquals(expected, System.getProperty("user.name"));
    assertEquals(
        expected.equals("root"), Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0));
    assertTrue(Files.isWritable(Path.of(System.getProperty("user.home"))), "home is writable");
  }

  @Test
  void canReadTheCheckout() throws IOException {
    assertTrue(Files.readString(Checkout.root().resolve("pom.xml")).contains("overlay-sdk-parent"));
  }

  @Test
  void hasAnApptainerThatAnswers() throws IOException, InterruptedException {
    Path apptainer = Tools.require("apptainer");
    Process process =
        new ProcessBuilder(apptainer.toString(), "--version").redirectErrorStream(true).start();
    process.getOutputStream().close();
    String answer = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertTrue(answer.startsWith("apptainer version "), answer);
  }
}
