package io.overlaysdk.it.processes;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts JVMs that have the class path of this one. */
final class ChildJvm {
  private ChildJvm() {}

  /** Ready to be started in this directory; its streams are pipes. */
  static ProcessBuilder of(Path directory, Class<?> main, String... arguments) {
    return of(directory, main.getName(), arguments);
  }

  static ProcessBuilder of(Path directory, String main, String... arguments) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath(), main));
    words.addAll(List.of(arguments));
    return new ProcessBuilder(words).directory(directory.toFile());
  }

  /** The parts may be relative. */
  private static String classPath() {
    String path = System.getProperty("java.class.path");
    List<String> absolute = new ArrayList<>();
    for (String part : path.split(File.pathSeparator)) {
      absolute.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, absolute);
  }
}
