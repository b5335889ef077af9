package io.overlaysdk.engine;

import io.overlaysdk.OverlaySdk;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.exec.DefaultExecutor;
import org.slf4j.LoggerFactory;

/** A second process of the engine: the same java, on the same classes. */
final class OwnClasses {
  /** Where it is not there, layers that end in .zst are refused, here and there. */
  private static final String ZSTD = "com.github.luben.zstd.Zstd";

  private OwnClasses() {}

  /**
   * The words that start a main program of the engine, without what it takes.
   *
   * @throws UnsupportedException where a class that it needs comes from anything but a file or a
   *     directory
   */
  static List<String> java(Class<?> main, List<String> options) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto"));
    words.addAll(options);
    words.addAll(List.of("-cp", path(), main.getName()));
    return words;
  }

  /**
   * The class path.
   *
   * @throws UnsupportedException where one of them comes from anything but a file or a directory
   */
  static String path() {
    List<Class<?>> needed =
        new ArrayList<>(
            List.of(
                Inside.class,
                Layer.class,
                OverlaySdk.class,
                DefaultExecutor.class,
                LoggerFactory.class));
    try {
      needed.add(Class.forName(ZSTD, false, Layer.class.getClassLoader()));
    } catch (ClassNotFoundException e) {
      // zstd is not used then
    }
    Set<String> places = new LinkedHashSet<>();
    needed.forEach(type -> places.add(place(type)));
    return String.join(":", places);
  }

  private static String place(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    String found = source == null ? "an unknown place" : String.valueOf(source.getLocation());
    try {
      if (source != null && source.getLocation() != null) {
        Path place = Path.of(source.getLocation().toURI());
        if (Files.exists(place) && place.toString().indexOf(':') < 0) {
          return place.toString();
        }
      }
    } catch (URISyntaxException
        | IllegalArgumentException
        | FileSystemNotFoundException
        | SecurityException e) {
      throw refused(type, found, e);
    }
    throw refused(type, found, null);
  }

  private static UnsupportedException refused(
      Class<?> type, String found, @Nullable Exception cause) {
    return new UnsupportedException(
        "this takes a second JVM, which needs "
            + type.getName()
            + " from a jar or a directory without a colon in its path, and here it comes from "
            + found,
        cause);
  }
}
