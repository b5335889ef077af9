package io.overlaysdk.it.processes;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine can run out of: a typed error in bounded time, nothing lost, nothing left. */
class ExhaustionIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @Test
  void opensNothingThatItCannotRemember() throws Exception {
    Cramped.run(site, "state", "size=128k,nr_inodes=20", site.state(), ":");
  }

  @Test
  void undoesWhatItsScratchDirectoryDoesNotTake() throws Exception {
    Cramped.run(site, "scratch", "size=32m,nr_inodes=200", site.scratch(), ":");
  }

  @Test
  void makesNothingByHalfOnAFullFileSystem() throws Exception {
    Cramped.run(site, "operations", "size=24m", small(), ":");
  }

  @Test
  void makesNothingByHalfWithoutInodes() throws Exception {
    Cramped.run(site, "inodes", "size=24m,nr_inodes=60", small(), ":");
  }

  @Test
  void givesUpWithoutDescriptorsAndGoesOn() throws Exception {
    Cramped.run(site, "descriptors", "size=1m", small(), "ulimit -n 120");
  }

  @Test
  void tellsOfAFileSystemThatIsReadOnly() throws Exception {
    Cramped.run(site, "readOnly", "size=24m", small(), ":");
  }

  @Test
  void closesASessionWhoseOverlayHasVanished() throws Exception {
    Cramped.run(site, "vanished", "size=24m", small(), ":");
  }

  private Path small() {
    return site.directory().resolve("small");
  }
}
