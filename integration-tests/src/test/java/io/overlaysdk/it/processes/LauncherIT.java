package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.it.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher script, started by a shell in a state that a JVM cannot give to a process. */
@Timeout(300)
class LauncherIT {
  private static final String LAUNCHER = Checkout.root().resolve("overlay").toString();

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    site = Site.in(directory);
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  /** Runs a line of shell, in which {@code "$@"} is the launcher with these words. */
  private int shell(String line, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("/bin/sh", "-c", line, "sh", LAUNCHER));
    all.addAll(List.of(words));
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .directory(site.directory().toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(site.directory().resolve("output").toFile())
            .redirectError(site.directory().resolve("errors").toFile());
    builder
        .environment()
        .put("OVERLAYSDK_CONFIG", site.directory().resolve("config.yaml").toString());
    return builder.start().waitFor();
  }

  private String errors() {
    try {
      return Files.readString(site.directory().resolve("errors"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"})
  void aStreamThatIsClosedIsNoFileOfTheJvm(String closed) throws Exception {
    String tell =
        "told=$(for n in 0 1 2; do busybox readlink /proc/$$/fd/$n; done); echo \"$told\" >/shared/files";
    String[] exec = {"exec", "--bind", "shared:/shared", "base.sif", "--", "sh", "-c", tell};

    int status = shell("\"$@\" " + closed, exec);

    assertEquals(0, status, this::errors);
    List<String> files = Files.readAllLines(site.shared().resolve("files"));
    List<String> redirections = List.of(closed.split(" "));
    List<String> open = List.of("/dev/null", at("output"), at("errors"));
    for (int number = 0; number < 3; number++) {
      boolean isClosed = redirections.contains(List.of("<&-", ">&-", "2>&-").get(number));
      assertEquals(isClosed ? "/dev/null" : open.get(number), files.get(number), files::toString);
    }
    site.assertNothingLeft();
  }

  @Test
  void whatIsWrittenToAClosedStdoutFailsAsBefore() throws Exception {
    assertEquals(1, shell("\"$@\" >&-", "exec", "base.sif", "--", "busybox", "echo", "hi"));
  }

  @Test
  void refusesAWorkingDirectoryThatIsGone() throws Exception {
    assertEquals(125, shell("mkdir gone && cd gone && rmdir ../gone && \"$@\"", "--version"));
    assertTrue(errors().contains("the working directory has been removed"), this::errors);
  }

  private String at(String name) {
    return site.directory().resolve(name).toString();
  }
}
