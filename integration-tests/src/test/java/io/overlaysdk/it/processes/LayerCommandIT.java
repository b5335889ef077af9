package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Layers on the command line, those too that somebody made to do harm. */
@Timeout(300)
class LayerCommandIT {
  private Site site;
  private Path output;
  private Path errors;
  private Path outside;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    site = Site.in(directory);
    output = Files.createFile(directory.resolve("output"));
    errors = Files.createFile(directory.resolve("errors"));
    outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("file"), "untouched");
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  private int overlay(String... words) throws Exception {
    ProcessBuilder builder =
        ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", words)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile());
    builder
        .environment()
        .put("OVERLAYSDK_CONFIG", site.directory().resolve("config.yaml").toString());
    builder.environment().put("SOURCE_DATE_EPOCH", "1000000000");
    return builder.start().waitFor();
  }

  /** Makes or extends an archive with GNU tar, in the directory {@code from}. */
  private void tar(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("tar", "--owner=0", "--group=0", "-P"));
    all.addAll(List.of(words));
    Process process =
        new ProcessBuilder(all).directory(site.directory().toFile()).inheritIO().start();
    assertEquals(0, process.waitFor(), all::toString);
  }

  @Test
  void aLayerGoesOutAndComesBack() throws Exception {
    String[] write = {"exec", "-o", "mine", "base.sif", "--", "sh", "-c", ""};
    write[7] = "echo changed > /app/message.txt; rm /app/obsolete.txt";
    assertEquals(0, overlay(write), this::errors);
    for (String name : List.of("layer.tar", "layer.tgz", "layer.tar.zst")) {
      assertEquals(0, overlay("export", "mine", "--base", "base.sif", "-o", name), this::errors);
      assertTrue(Files.readString(output).startsWith("wrote " + name + ": "), this::errors);
      String overlay = "from-" + name;
      assertEquals(0, overlay("import", name, overlay, "--base", "base.sif"), this::errors);
      assertEquals(0, overlay("changes", overlay, "--base", "base.sif"), this::errors);
      assertEquals(
          "MODIFIED /app/message.txt\nDELETED /app/obsolete.txt\n", Files.readString(output));
      Path message = site.directory().resolve(overlay).resolve("upper/app/message.txt");
      assertEquals(1_000_000_000L, Files.getLastModifiedTime(message).toMillis() / 1000);
    }
    assertEquals(125, overlay("export", "mine", "--base", "base.sif", "-o", "layer.tar"));
    assertTrue(errors().contains("which exists"), this::errors);
    site.assertNothingLeft();
  }

  @Test
  void refusesNamesThatLeadOut() throws Exception {
    tar("-cf", "absolute.tar", outside.resolve("file").toString());
    tar("-cf", "up.tar", "--transform=s,^,x/../../../,", "outside/file");
    assertRefused("absolute.tar", "an absolute name");
    assertRefused("up.tar", "a name with \"..\"");
  }

  @Test
  void refusesToWriteThroughALinkOfTheLayer() throws Exception {
    Files.createSymbolicLink(site.directory().resolve("door"), outside);
    Files.writeString(site.directory().resolve("evil"), "evil");
    tar("-cf", "through.tar", "door");
    tar("-rf", "through.tar", "--transform=s,^evil,door/file,", "evil");
    assertRefused("through.tar", "which is no directory in this layer");
    tar("-cf", "over.tar", "--transform=s,^door/?,door,", "door");
    tar("-rf", "over.tar", "--transform=s,^evil,door,", "evil");
    assertRefused("over.tar", "twice");
  }

  @Test
  void refusesLinksToWhatTheLayerDoesNotHold() throws Exception {
    Files.createLink(site.directory().resolve("second"), outside.resolve("file"));
    tar("-cf", "link.tar", outside.resolve("file").toString(), "second");
    tar("--delete", "-f", "link.tar", outside.resolve("file").toString());
    assertRefused("link.tar", "second");
  }

  @Test
  void refusesWhatIsNoLayer() throws Exception {
    Files.writeString(site.directory().resolve("text.tar"), "no archive".repeat(100));
    assertRefused("text.tar", "there is no tar header");
    assertRefused("missing.tar", "there is no layer at");
    assertRefused("outside", "is a directory");
  }

  private void assertRefused(String layer, String reason) throws Exception {
    List<String> before = tree();
    assertEquals(125, overlay("import", layer, "new", "--base", "base.sif"), this::errors);
    assertTrue(errors().contains(reason), this::errors);
    assertEquals("", Files.readString(output));
    assertEquals(before, tree());
    assertEquals("untouched", Files.readString(outside.resolve("file")));
    site.assertNothingLeft();
  }

  /** All that is there, but for what the tool keeps for itself. */
  private List<String> tree() throws IOException {
    try (Stream<Path> walk = Files.walk(site.directory())) {
      return walk.filter(path -> !path.startsWith(site.scratch()))
          .filter(path -> !path.startsWith(site.state()))
          .map(Path::toString)
          .sorted()
          .toList();
    }
  }

  private String errors() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
