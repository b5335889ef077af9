package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * What lies in an upper directory, for people: a relative path a line, directories with a slash at
 * the end, deleted entries said to be so, whatever the driver's way to mark them (overlay-facts:
 * 0:0 character devices, {@code .wh.} files). The drivers' other markers are left out.
 */
final class UpperListing {
  private static final String WHITEOUT_PREFIX = ".wh.";
  private static final Set<String> OPAQUE_MARKERS = Set.of(".wh..wh..opq", ".wh..opq");

  /** As in stat(2): S_IFMT and S_IFCHR. */
  private static final int FILE_TYPE = 0170000;

  private static final int CHARACTER_DEVICE = 0020000;

  private UpperListing() {}

  static List<String> of(Path upper) {
    if (!Files.isDirectory(upper, NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "there is no directory " + upper + ": only a directory overlay can be shown");
    }
    List<String> lines = new ArrayList<>();
    try {
      Files.walkFileTree(upper, new Visitor(upper, lines));
    } catch (IOException e) {
      throw new OverlayException("cannot list " + upper + ": " + e, e);
    }
    Collections.sort(lines);
    return lines;
  }

  private static final class Visitor extends SimpleFileVisitor<Path> {
    private final Path upper;
    private final List<String> lines;

    Visitor(Path upper, List<String> lines) {
      this.upper = upper;
      this.lines = lines;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      if (!directory.equals(upper)) {
        lines.add(shown(directory) + "/");
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      String name = file.getFileName().toString();
      if (OPAQUE_MARKERS.contains(name)) {
        return FileVisitResult.CONTINUE;
      }
      if (isWhiteout(file)) {
        lines.add(shown(file) + " (deleted)");
      } else if (name.startsWith(WHITEOUT_PREFIX) && attributes.size() == 0) {
        Path hidden = file.resolveSibling(name.substring(WHITEOUT_PREFIX.length()));
        lines.add(shown(hidden) + " (deleted)");
      } else {
        lines.add(shown(file));
      }
      return FileVisitResult.CONTINUE;
    }

    private static boolean isWhiteout(Path file) throws IOException {
      int mode = (int) Files.getAttribute(file, "unix:mode", NOFOLLOW_LINKS);
      return (mode & FILE_TYPE) == CHARACTER_DEVICE
          && Files.getAttribute(file, "unix:rdev", NOFOLLOW_LINKS).equals(0L);
    }

    private String shown(Path path) {
      return ContainerPath.of("/" + upper.relativize(path)).toString().substring(1);
    }
  }
}
