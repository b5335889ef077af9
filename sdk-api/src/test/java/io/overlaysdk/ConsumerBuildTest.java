package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promise that sdk-api needs nothing but the JDK, tried as a user would find out. */
class ConsumerBuildTest {
  private static final String CONSUMER =
      """
      package consumer;

      import io.overlaysdk.*;
      import io.overlaysdk.spi.*;
      import io.overlaysdk.workflow.*;
      import java.nio.file.Path;
      import java.util.List;

      public class Main {
        public static void main(String[] args) {
          SessionSpec spec = SessionSpec.on(Image.parse("base.sif")).overlay(Overlay.ephemeral());
          Workflow workflow = new Workflow("w", List.of()).backend("none");
          Invocation invocation = Invocation.of(Path.of("/bin/true"), List.of(workflow.name()));
          System.out.println(spec.overlays() + " " + invocation.words());
          try (OverlaySdk sdk = OverlaySdk.open(Configuration.defaults())) {
            throw new AssertionError("an engine: " + sdk);
          } catch (OverlayException e) {
            System.out.println(e.getMessage());
          }
        }
      }
      """;
  private static final String OUTPUT =
      """
      [ephemeral] [/bin/true, w]
      no engine is on the class path: add the dependency io.overlaysdk:overlay-sdk-engine
      """;

  @TempDir Path directory;

  @Test
  void theModuleRequiresNothingButTheBaseOfTheJdk() throws Exception {
    ModuleDescriptor module =
        ModuleFinder.of(classes()).find("io.overlaysdk").orElseThrow().descriptor();
    assertEquals(
        Set.of("java.base"),
        module.requires().stream().map(Requires::name).collect(Collectors.toSet()));
    assertEquals(
        Set.of("io.overlaysdk", "io.overlaysdk.spi", "io.overlaysdk.workflow"),
        module.exports().stream()
            .filter(export -> !export.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet()));
    assertEquals(module.packages().size(), module.exports().size());
  }

  @Test
  void aProgramCompilesAndRunsWithNothingElseOnTheClassPath() throws Exception {
    Path source = write("consumer/Main.java", CONSUMER);
    Path out = directory.resolve("out");
    compile("--class-path", classes().toString(), "-d", out.toString(), source.toString());
    assertEquals(OUTPUT, run("--class-path", out + ":" + classes(), "consumer.Main"));
  }

  @Test
  void aModuleCompilesAndRunsWithNothingElseOnTheModulePath() throws Exception {
    Path source = write("consumer/Main.java", CONSUMER);
    Path module = write("module-info.java", "module consumer { requires io.overlaysdk; }");
    Path out = directory.resolve("out");
    compile(
        "--module-path",
        classes().toString(),
        "-d",
        out.toString(),
        source.toString(),
        module.toString());
    assertEquals(
        OUTPUT, run("--module-path", out + ":" + classes(), "--module", "consumer/consumer.Main"));
  }

  private Path write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static void compile(String... arguments) {
    ToolProvider compiler = ToolProvider.findFirst("javac").orElseThrow();
    List<String> words =
        new ArrayList<>(List.of("--release", "17", "-Xlint:all", "-Werror", "-proc:none"));
    words.addAll(List.of(arguments));
    StringWriter output = new StringWriter();
    PrintWriter printer = new PrintWriter(output);
    int status = compiler.run(printer, printer, words.toArray(String[]::new));
    assertEquals(0, status, output::toString);
  }

  private static String run(String... arguments) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  /** Where the build puts the classes of sdk-api, without those of its tests. */
  private static Path classes() throws URISyntaxException {
    Path classes = Path.of(OverlaySdk.class.getResource("OverlaySdk.class").toURI());
    Path root = classes.getParent().getParent().getParent();
    assertTrue(Files.exists(root.resolve("module-info.class")), root.toString());
    return root;
  }
}
