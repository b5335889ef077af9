package io.overlaysdk.fuzzing;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is fuzzed: a class beside what it reaches, and the inputs that it begins with. */
enum Target {
  SIF("io.overlaysdk.engine.SifFuzz"),
  FILE_SYSTEM("io.overlaysdk.engine.FileSystemFuzz"),
  MANIFEST("io.overlaysdk.engine.ManifestFuzz"),
  JOURNAL("io.overlaysdk.engine.JournalFuzz"),
  LAYER("io.overlaysdk.layers.oci.LayerFuzz"),
  YAML("io.overlaysdk.yaml.YamlFuzz");

  private final String type;

  Target(String type) {
    this.type = type;
  }

  String type() {
    return type;
  }

  /** Where its seeds are: what real tools wrote, and whatever made trouble once. */
  Path directory() throws URISyntaxException {
    String name = type.substring(type.lastIndexOf('.') + 1);
    URL seeds = Target.class.getResource("/seeds/" + name);
    return Path.of(seeds.toURI());
  }

  List<Path> seeds() throws IOException, URISyntaxException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.sorted().toList();
    }
  }

  /** What the fuzzer does with each input. */
  void take(byte[] input) throws Throwable {
    Method method = Class.forName(type).getMethod("fuzzerTestOneInput", byte[].class);
    try {
      method.invoke(null, (Object) input);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
