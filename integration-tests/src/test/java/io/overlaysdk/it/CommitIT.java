package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A new image says of itself what its base says, and appears whole or not at all. */
@ExtendWith(Images.Shared.class)
class CommitIT {
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  @TempDir private Path temp;

  @Test
  void whatTheBaseSaysOfItselfStays(Images images) throws Exception {
    try (Bench bench = Bench.of("apptainer", temp)) {
      SessionSpec spec = changed(bench, images, "echo changed > /app/message.txt");
      String said = inspect(images.tutorialFile());
      for (CommitMode mode : CommitMode.values()) {
        Path target = temp.resolve(mode + ".sif");
        CommitReport report = bench.sdk().commit(spec, target, mode);

        assertEquals(said, inspect(target), mode::toString);
        assertEquals("changed\n", apptainer("run", target), mode::toString);
        assertTrue(
            apptainer("exec", target, "cat", "/.singularity.d/overlay-sdk.history")
                .contains(report.baseDigest()));
      }
      Path directory = temp.resolve("directory");
      bench.sdk().commit(spec, directory, CommitMode.FLATTENED);
      assertEquals("changed\n", apptainer("run", directory));
      Path archive = temp.resolve("image.tar");
      bench.sdk().commit(spec, archive, CommitMode.FLATTENED);
      Programs.run("grep", "-aq", "Labels.:{.org.label-schema.build-arch", archive.toString());
      Programs.run("grep", "-aq", "Entrypoint.*exec cat /app/message.txt", archive.toString());
    }
  }

  @Test
  void aChangedRunscriptIsToldAndNothingIsLeftWhereItIsRefused(Images images) throws Exception {
    String script =
        "printf '#!/bin/sh\\necho another\\n' > /.singularity.d/runscript;"
            + " echo '{\"colour\": \"blue\"}' > /.singularity.d/labels.json";
    try (Bench bench = Bench.of("apptainer", temp)) {
      SessionSpec spec = changed(bench, images, script);
      Path target = temp.resolve("new.sif");
      try (Session session = bench.start(spec)) {
        session.run("true").orThrow();
        assertThrows(
            OverlayBusyException.class, () -> bench.sdk().commit(spec, target, CommitMode.LAYERED));
      }
      assertEquals(List.of("overlay", "scratch", "state"), names());
      bench.sdk().commit(spec, target, CommitMode.LAYERED);
      byte[] written = Files.readAllBytes(target);
      assertThrows(
          InvalidSpecException.class, () -> bench.sdk().commit(spec, target, CommitMode.FLATTENED));

      assertEquals(List.of("new.sif", "overlay", "scratch", "state"), names());
      assertArrayEquals(written, Files.readAllBytes(target));
      assertEquals("another\n", apptainer("run", target));
      if (!ROOT) {
        // inspect runs a container, which Apptainer 1.4.5 does for root with all capabilities only
        String said = inspect(target);
        assertTrue(said.contains("echo another") && said.contains("\"blue\""), said);
      }
    }
  }

  private SessionSpec changed(Bench bench, Images images, String script) {
    Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
    SessionSpec spec = bench.on(images.tutorial()).overlay(overlay);
    try (Session session = bench.start(spec)) {
      session.run("sh", "-c", script).orThrow();
    }
    return spec;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(temp)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  private static String inspect(Path image) throws IOException {
    return Programs.run("apptainer", "--silent", "inspect", "--all", "--json", image.toString());
  }

  private static String apptainer(String command, Path image, String... words) throws IOException {
    List<String> all = new ArrayList<>(List.of("apptainer", "--silent", command, "--contain"));
    if (ROOT) {
      all.add("--no-privs");
    }
    all.add(image.toString());
    all.addAll(List.of(words));
    return Programs.run(all.toArray(String[]::new));
  }
}
