package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.it.Checkout;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line where PATH has no container tool at all, and nothing that mounts files. */
@Timeout(120)
class BareMachineIT {
  private static final Set<String> HIDDEN =
      Set.of(
          "apptainer",
          "singularity",
          "fuse-overlayfs",
          "squashfuse",
          "squashfuse_ll",
          "fuse2fs",
          "bwrap");
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  @TempDir private Path directory;
  private Path programs;
  private Path output;
  private Path errors;

  @BeforeEach
  void hideTools() throws IOException {
    // not in the directory of JUnit, which warns of each link that it deletes
    programs = Files.createTempDirectory("overlay-sdk-programs");
    output = directory.resolve("output");
    errors = directory.resolve("errors");
    for (String place : List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of(place))) {
        for (Path program : all) {
          Path link = programs.resolve(program.getFileName().toString());
          if (!HIDDEN.contains(link.getFileName().toString()) && !Files.isSymbolicLink(link)) {
            Files.createSymbolicLink(link, program);
          }
        }
      }
    }
  }

  @AfterEach
  void deleteLinks() throws IOException {
    try (Stream<Path> links = Files.list(programs)) {
      for (Path link : links.toList()) {
        Files.delete(link);
      }
    }
    Files.delete(programs);
  }

  private int overlay(String... words) throws Exception {
    ProcessBuilder builder =
        ChildJvm.of(directory, "io.overlaysdk.cli.Main", words)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile());
    builder.environment().put("PATH", programs.toString());
    builder.environment().put("XDG_CACHE_HOME", directory.resolve("cache").toString());
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    return builder.start().waitFor();
  }

  private String said() {
    try {
      return Files.readString(output) + Files.readString(errors);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void playsTheTutorialInASandboxOfItsOwn() throws Exception {
    Path tutorial = Checkout.root().resolve("examples/tutorial/tutorial.yaml");

    assertEquals(0, overlay("run", tutorial.toString(), "--explain"), this::said);
    assertFalse(Files.exists(directory.resolve("base_container.sif")));

    assertEquals(0, overlay("run", tutorial.toString()), this::said);

    assertTrue(said().contains("no container tool is here"), this::said);
    assertTrue(said().contains("The tutorial: ok, 10 steps"), this::said);
    assertTrue(Files.isDirectory(directory.resolve("base_container.sif")));
    assertEquals(
        "Hello from the overlay!\n",
        Files.readString(directory.resolve("my_overlay/upper/app/message.txt")));
  }

  @Test
  void triesACommandOnTheMachineItself() throws Exception {
    Path probe =
        (ROOT ? Path.of("/etc") : Path.of(System.getProperty("user.home")))
            .resolve("overlay-probe");
    String script = "echo x >" + probe + "; cat " + probe;

    assertEquals(0, overlay("exec", "--ephemeral", "host", "--", "sh", "-c", script), this::said);

    assertEquals("x\n", Files.readString(output));
    assertFalse(Files.exists(probe));
  }

  @Test
  void unpacksAnImageOnceThatNothingMounts() throws Exception {
    Path image = directory.resolve("image.sqfs");
    Path tree = Files.createDirectories(directory.resolve("tree/bin")).getParent();
    Files.createDirectory(tree.resolve("etc"));
    Files.copy(Path.of("/bin/busybox"), tree.resolve("bin/busybox"));
    Files.createSymbolicLink(tree.resolve("bin/sh"), Path.of("busybox"));
    Files.writeString(tree.resolve("message"), "base\n");
    Process packing =
        new ProcessBuilder("mksquashfs", tree.toString(), image.toString(), "-quiet", "-all-root")
            .redirectOutput(output.toFile())
            .start();
    assertEquals(0, packing.waitFor(), this::said);
    byte[] before = Files.readAllBytes(image);
    String[] change = {"sh", "-c", "busybox cat /message && echo changed >/message"};

    assertEquals(0, on(image, change), this::said);
    assertEquals("base\n", Files.readString(output));
    assertEquals(0, on(image, "sh", "-c", "busybox cat /message"), this::said);
    assertEquals("changed\n", Files.readString(output));

    assertEquals(0, overlay("changes", "kept", "--base", image.toString()), this::said);
    assertEquals("MODIFIED /message\n", Files.readString(output));
    assertEquals(
        0, overlay("export", "kept", "--base", image.toString(), "-o", "layer.tar"), this::said);
    assertArrayEquals(before, Files.readAllBytes(image));
    Path cache = directory.resolve("cache/overlay-sdk/images");
    try (Stream<Path> unpacked = Files.list(cache).filter(Files::isDirectory)) {
      assertEquals(1, unpacked.count());
    }
  }

  private int on(Path image, String... command) throws Exception {
    List<String> words = new ArrayList<>(List.of("exec", "-o", "kept", image.toString(), "--"));
    words.addAll(List.of(command));
    return overlay(words.toArray(String[]::new));
  }

  @Test
  void refusesADefinitionThatNeedsATool() throws Exception {
    Path definition =
        Files.writeString(directory.resolve("pulled.def"), "Bootstrap: docker\nFrom: alpine\n");

    assertEquals(125, overlay("build", definition.toString(), "image"), this::said);

    assertTrue(said().contains("Bootstrap: docker"), this::said);
    assertTrue(said().contains("Build it with Apptainer"), this::said);
    assertFalse(Files.exists(directory.resolve("image")));
  }
}
