package io.overlaysdk.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Overlays of both kinds, and the files in them, without a mount. */
final class Contents {
  private Contents() {}

  static Path directory(Path overlay) throws IOException {
    Files.createDirectory(overlay);
    Files.createDirectory(overlay.resolve("upper"));
    Files.createDirectory(overlay.resolve("work"));
    return overlay;
  }

  static Path image(Path overlay) throws Exception {
    Path content = directory(overlay.resolveSibling("content"));
    Tools.run("mkfs.ext3", "-q", "-F", "-d", content.toString(), overlay.toString(), "4M");
    for (String name : List.of("upper", "work", "")) {
      Files.delete(content.resolve(name));
    }
    return overlay;
  }

  /** Writes a file at once: whoever is killed has written it or has not. */
  static void write(Path overlay, String name) throws Exception {
    if (Files.isDirectory(overlay)) {
      Files.writeString(overlay.resolve("upper").resolve(name), name);
      return;
    }
    Path copy = overlay.resolveSibling(overlay.getFileName() + ".copy");
    Files.copy(overlay, copy, StandardCopyOption.REPLACE_EXISTING);
    debugfs(copy, "write /dev/null upper/" + name);
    Files.move(copy, overlay, StandardCopyOption.ATOMIC_MOVE);
  }

  static Set<String> names(Path overlay) throws Exception {
    if (!Files.isDirectory(overlay)) {
      return debugfs(overlay, "ls -p /upper")
          .lines()
          .filter(line -> line.startsWith("/"))
          .map(line -> line.split("/")[5])
          .filter(name -> !name.startsWith("."))
          .collect(Collectors.toCollection(TreeSet::new));
    }
    try (Stream<Path> names = Files.list(overlay.resolve("upper"))) {
      return names
          .map(name -> name.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  static String debugfs(Path image, String command) throws Exception {
    Process process =
        new ProcessBuilder(Tools.find("debugfs").toString(), "-w", "-R", command, image.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}
