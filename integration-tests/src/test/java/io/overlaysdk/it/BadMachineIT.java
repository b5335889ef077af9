package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Configuration;
import io.overlaysdk.LaunchException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A backend or a tool that is not there, or cannot be used, is named, with what to do about it. */
@ExtendWith(Images.Shared.class)
class BadMachineIT {
  @TempDir private Path temp;

  @Test
  void namesTheBackendsThatAreThereForOneThatNobodyKnows(Images images) throws IOException {
    SessionSpec spec = SessionSpec.on(images.tutorial()).backend("dokker");
    try (Trap trap = new Trap("apptainer", temp)) {
      trap.refuses(NoBackendException.class, spec, "dokker", "fuse-overlayfs");
    }
  }

  @Test
  void namesTheDependencyOfABackendThatIsNotOnTheClassPath(Images images) {
    SessionSpec spec = SessionSpec.on(images.tutorial()).backend("singularity");
    Configuration configuration =
        Configuration.builder().scratch(temp).state(temp.resolve("state")).build();
    try (OverlaySdk sdk = OverlaySdk.open(configuration, new WithoutSingularity())) {
      NoBackendException e = assertThrows(NoBackendException.class, () -> sdk.start(spec));

      assertEquals(Set.of("singularity"), e.reasons().keySet());
      assertTrue(
          e.getMessage().contains("io.overlaysdk:overlay-sdk-backend-singularity"), e::getMessage);
    }
  }

  /** Sees all that the tests see but the services of one jar. */
  private static final class WithoutSingularity extends ClassLoader {
    private WithoutSingularity() {
      super(WithoutSingularity.class.getClassLoader());
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      List<URL> found = Collections.list(super.getResources(name));
      found.removeIf(url -> url.getPath().contains("singularity"));
      return Collections.enumeration(found);
    }
  }

  @Test
  void saysForEachBackendWhatToInstallWhereNoToolIsThere(Images images) throws IOException {
    byte[] printed =
        Jvm.run(
            environment -> {
              environment.put("PATH", temp.toString());
              environment.put("XDG_STATE_HOME", temp.toString());
              environment.put("XDG_CONFIG_HOME", temp.toString());
            },
            ToolsMissingCaller.class,
            images.tutorialFile().toString());
    List<String> lines = new String(printed, UTF_8).lines().toList();

    for (String backend : List.of("apptainer", "singularity", "fuse-overlayfs", "overlayfs")) {
      assertTrue(
          lines.stream()
              .anyMatch(line -> line.startsWith("  " + backend + ": ") && line.contains("nstall ")),
          () -> backend + " is not in " + lines);
    }
    try (var left = Files.list(temp)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "apptainer, apptainer version 1.1.9, Install Apptainer 1.2.0 or newer",
    "singularity, singularity-ce version 3.8.7, SingularityCE 3.11.0 or newer",
    "singularity, singularity version 2.6.1-dist, Install",
    "apptainer, podman version 4.3.1, Install Apptainer"
  })
  void refusesToolsThatAreTooOldOrNotWhatTheyAreCalled(
      String backend, String version, String remedy, Images images) throws IOException {
    Path tool = Files.writeString(temp.resolve("tool"), "#!/bin/sh\necho '" + version + "'\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    SessionSpec spec = SessionSpec.on(images.tutorial());
    try (Trap trap = new Trap(backend, temp, site -> site.executable(backend, tool))) {
      trap.refuses(NoBackendException.class, spec, version.split(" ")[2], remedy);
    }
  }

  @OnEachBackend
  void refusesAToolThatIsNotWhereTheSiteSays(String backend, Images images) throws IOException {
    Path missing = temp.resolve("missing");
    SessionSpec spec = SessionSpec.on(images.tutorial());
    try (Trap trap = new Trap(backend, temp, site -> site.executable(Tools.of(backend), missing))) {
      trap.refuses(NoBackendException.class, spec, missing, "correct the configuration");
    }
  }

  @OnEachExt3Backend
  void leavesNothingWherePreparingASessionFails(String backend, Images images) throws IOException {
    Path failing = Files.writeString(temp.resolve("failing"), "#!/bin/sh\necho no >&2\nexit 3\n");
    Files.setPosixFilePermissions(failing, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Bench bench = Bench.of(backend, temp, site -> site.executable("mkfs.ext3", failing))) {
      SessionSpec spec = bench.on(images.tutorial()).overlay(Overlay.ephemeral(8 << 20));

      LaunchException e = assertThrows(LaunchException.class, () -> bench.start(spec));

      assertEquals("no\n", e.toolOutput());
      assertEquals(failing.toString(), e.invocation().get(0));
      bench.assertNothingLeft();
    }
  }

  @OnEachBackend
  void refusesAScratchDirectoryThatIsNotThere(String backend, Images images) throws IOException {
    Path missing = temp.resolve("missing");
    try (Bench bench = Bench.of(backend, temp, site -> site.scratch(missing))) {
      SessionSpec spec = bench.on(images.tutorial());

      OverlayException e = assertThrows(OverlayException.class, () -> bench.start(spec));

      assertTrue(e.getMessage().contains(missing.toString()), e::getMessage);
      assertTrue(e.getMessage().contains("configure another one"), e::getMessage);
      bench.assertNothingLeft();
    }
  }
}
