package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.LaunchException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A start that fails half-way says why, and nothing is left of the first half. */
class FailedStartIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @OnEachExt3Backend
  void tellsWhichStepFailedAndUndoesTheOthers(String backend) throws IOException {
    Path broken = site.script("mkfs", "echo no space for an inode table >&2; exit 3");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable("mkfs.ext3", broken).build())) {
      LaunchException e =
          assertThrows(
              LaunchException.class,
              () -> sdk.start(site.on(backend).overlay(Overlay.ephemeral(16 << 20))));

      assertTrue(e.getMessage().contains("no space for an inode table"), e.getMessage());
      assertTrue(e.getMessage().contains("status 3"), e.getMessage());
      site.assertNothingLeft();
    }
  }

  /** What the tool leaves in the background holds its output open and its mounts. */
  @ParameterizedTest
  @ValueSource(strings = {"apptainer", "singularity"})
  void endsWhatAToolLeavesThatFails(String backend) throws IOException {
    Path tool = Tools.require(backend);
    Path broken =
        site.script(
            "tool",
            "case \" $* \" in *\" exec \"*) ;; *) exec " + tool + " \"$@\";; esac",
            "(trap '' TERM HUP; while :; do sleep 1; done) &",
            "echo FATAL: the machine is on fire >&2",
            "exit 255");
    try (OverlaySdk sdk =
            OverlaySdk.open(site.configuration().executable(backend, broken).build());
        Session session = sdk.start(site.on(backend))) {
      LaunchException e = assertThrows(LaunchException.class, () -> session.run("true"));

      assertTrue(e.toolOutput().contains("the machine is on fire"), e.getMessage());
      site.assertNoProcessLeft();
    }
    site.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"squashfuse_ll", "fuse2fs", "fuse-overlayfs"})
  void unmountsWhatIsMountedWhenAHelperFails(String helper) throws IOException {
    Path real = Tools.require(helper);
    Path broken =
        site.script(
            helper,
            "case $1 in --version | --help | -V) exec " + real + " \"$@\";; esac",
            "echo the helper is broken >&2",
            "exit 9");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable(helper, broken).build())) {
      Overlay overlay = site.ext3Overlay(sdk);
      SessionSpec spec = site.on("fuse-overlayfs").overlay(overlay);
      LaunchException e = assertThrows(LaunchException.class, () -> runTrue(sdk, spec));

      assertTrue(e.toolOutput().contains("the helper is broken"), e.getMessage());
      site.assertNoProcessLeft();
      site.assertNothingLeft();
      new Ext3(overlay.path().orElseThrow()).assertClean();
    }
  }

  /** A helper is needed when the session starts, to look into the image, or for its command. */
  private void runTrue(OverlaySdk sdk, SessionSpec spec) {
    try (Session session = sdk.start(spec)) {
      try {
        session.run("true");
      } finally {
        site.assertNoProcessLeft();
      }
    }
  }

  @Test
  void doesNotWaitForAHelperThatNeverMounts() throws IOException {
    Path real = Tools.require("fuse-overlayfs");
    Path stuck =
        site.script(
            "fuse-overlayfs",
            "case $1 in --version) exec " + real + " \"$@\";; esac",
            "trap '' TERM",
            "while :; do sleep 1; done");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable("fuse-overlayfs", stuck).build())) {
      Overlay overlay = site.ext3Overlay(sdk);
      try (Session session =
          sdk.start(site.on("fuse-overlayfs").overlay(overlay).timeLimit(Duration.ofSeconds(2)))) {
        assertEquals(124, session.run("true").exitStatus());
        site.assertNoProcessLeft();
      }
      site.assertNothingLeft();
    }
  }

  @OnEachBackend
  void refusesAToolThatIsMissing(String backend) {
    try (OverlaySdk sdk =
        OverlaySdk.open(
            site.configuration().executable(Tools.of(backend), Path.of("/nowhere/tool")).build())) {
      NoBackendException e =
          assertThrows(NoBackendException.class, () -> sdk.start(site.on(backend)));

      assertTrue(e.getMessage().contains("/nowhere/tool"), e.getMessage());
      site.assertNothingLeft();
    }
  }
}
