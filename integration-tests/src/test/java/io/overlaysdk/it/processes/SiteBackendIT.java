package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.BackendReport;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.Checkout;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backend of examples/site-backend: a jar beside the SDK, chosen by a configuration file. */
class SiteBackendIT {
  private Site site;
  private Path sandbox;

  @BeforeEach
  void makeSandbox(@TempDir Path directory) throws IOException {
    Tools.require("bwrap");
    site = Site.in(directory);
    sandbox = Files.createDirectory(directory.resolve("sandbox"));
    Path bin = Files.createDirectory(sandbox.resolve("bin"));
    Files.copy(Tools.require("busybox"), bin.resolve("busybox"));
    for (String name : List.of("sh", "cat", "id", "touch")) {
      Files.createSymbolicLink(bin.resolve(name), Path.of("busybox"));
    }
    Files.writeString(sandbox.resolve("message.txt"), "Hello from the sandbox!\n");
  }

  @Test
  void runsACommandAsTheConfigurationChoseIt() throws IOException {
    try (URLClassLoader loader = siteBackend();
        OverlaySdk sdk = OverlaySdk.open(configuration(), loader);
        Session session = sdk.start(SessionSpec.on(Image.at(sandbox)))) {
      assertEquals("bubblewrap", session.backend());
      assertEquals(
          "Hello from the sandbox!\n", session.run("cat", "/message.txt").orThrow().stdout());
      Result result = session.run("sh", "-c", "touch /new; exit 3");
      assertEquals(3, result.exitStatus());
      assertFalse(Files.exists(sandbox.resolve("new")), "the base is never written to");
    }
    site.assertNothingLeft();
  }

  @Test
  void isPassedOverWhereItCannotRunTheSession() throws IOException {
    try (URLClassLoader loader = siteBackend();
        OverlaySdk sdk = OverlaySdk.open(configuration(), loader);
        Session session = sdk.start(SessionSpec.on(Image.at(site.image())))) {
      assertEquals("apptainer", session.backend());
    }
  }

  @Test
  void isReportedLikeTheOthers() throws IOException {
    try (URLClassLoader loader = siteBackend();
        OverlaySdk sdk = OverlaySdk.open(configuration(), loader)) {
      List<BackendReport> reports = sdk.probe();

      assertEquals("bubblewrap", reports.get(0).name());
      assertTrue(reports.get(0).available(), reports.get(0).summary());
      assertEquals(5, reports.size());
    }
  }

  @Test
  void aConfigurationThatNamesItWithoutItsJarSaysWhatIsMissing() throws IOException {
    SessionSpec spec = SessionSpec.on(Image.at(sandbox)).backend("bubblewrap");
    try (OverlaySdk sdk = OverlaySdk.open(configuration())) {
      NoBackendException e = assertThrows(NoBackendException.class, () -> sdk.start(spec));
      assertTrue(e.getMessage().contains("bubblewrap"), e.getMessage());
      assertTrue(e.getMessage().contains("class path"), e.getMessage());
    }
  }

  private static URLClassLoader siteBackend() throws IOException {
    Path classes = Checkout.root().resolve("examples/site-backend/target/classes/");
    assertTrue(
        Files.isRegularFile(classes.resolve("META-INF/services/io.overlaysdk.spi.Backend")),
        "build examples/site-backend first: mvn verify does");
    return new URLClassLoader(
        new URL[] {classes.toUri().toURL()}, SiteBackendIT.class.getClassLoader());
  }

  /** As a site would write it. */
  private Configuration configuration() throws IOException {
    Path file = site.directory().resolve("config.yaml");
    Files.writeString(
        file,
        """
        backends: [bubblewrap]
        scratch: "%s"
        state: "%s"
        """
            .formatted(site.scratch(), site.state()));
    return Configuration.read(file);
  }
}
