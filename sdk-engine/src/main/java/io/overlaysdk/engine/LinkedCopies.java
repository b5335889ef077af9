package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Copies names of a layer into a directory, each as a file of its own, in directories that look
 * like those of the layer: the topmost layer says how a directory looks.
 */
final class LinkedCopies {
  /** How fuse-overlayfs remembers the file that one was copied from, and takes both for one. */
  private static final String FUSE = "fuseoverlayfs.";

  /** What drivers obey in a directory; without {@code user.}, as Java has it. */
  private static final List<String> DRIVERS = List.of(FUSE, "overlay.", "containers.override_");

  private final Path from;
  private final Path to;
  private final Map<Path, Path> directories = new LinkedHashMap<>();

  private LinkedCopies(Path from, Path to) {
    this.from = from;
    this.to = to;
  }

  /**
   * @param names relative to {@code from}, as bytes
   * @param to a directory that is not there yet
   */
  static void make(Path from, List<byte[]> names, Path to) {
    LinkedCopies copies = new LinkedCopies(from, to);
    try {
      copies.directory(from, to);
      for (byte[] name : names) {
        copies.file(name);
      }
      copies.finish();
    } catch (IOException e) {
      throw new OverlayException("cannot copy linked files of " + from + " to " + to + ": " + e, e);
    }
  }

  private void file(byte[] name) throws IOException {
    Path source = PathBytes.in(from, name);
    Path target = PathBytes.in(to, name);
    parent(target);
    if (!Files.isRegularFile(source, NOFOLLOW_LINKS)) {
      throw new IOException(source + " is no file any more");
    }
    if (!Files.isReadable(source) && !isOwn(source)) {
      // nor can the driver read it, to copy it up
      return;
    }
    Files.copy(source, target, COPY_ATTRIBUTES, NOFOLLOW_LINKS);
    // the JDK (17) leaves the mode out where it may not set the owner
    Modes.set(target, mode(source));
    UserDefinedFileAttributeView attributes = attributes(target);
    for (String attribute : attributes.list()) {
      if (attribute.startsWith(FUSE)) {
        attributes.delete(attribute);
      }
    }
  }

  private boolean isOwn(Path file) throws IOException {
    return Files.getAttribute(file, "unix:uid", NOFOLLOW_LINKS)
        .equals(Files.getAttribute(to, "unix:uid", NOFOLLOW_LINKS));
  }

  private static int mode(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:mode", NOFOLLOW_LINKS) & 07777;
  }

  /** Makes the directories that it lies in; the uppermost is there from the start. */
  private void parent(Path target) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    for (Path at = target.getParent();
        at != null && !directories.containsKey(at);
        at = at.getParent()) {
      missing.push(at);
    }
    for (Path directory : missing) {
      directory(source(directory), directory);
    }
  }

  private Path source(Path directory) {
    return from.resolve(to.relativize(directory));
  }

  /** Nothing of the host is reached through a link that has taken the place of a directory. */
  private void directory(Path source, Path target) throws IOException {
    if (!Files.isDirectory(source, NOFOLLOW_LINKS)) {
      throw new IOException(source + " is no directory any more");
    }
    Files.createDirectory(target);
    directories.put(target, source);
  }

  /** Last, the innermost first: until now they had to be writable, and their times changed. */
  private void finish() throws IOException {
    Deque<Map.Entry<Path, Path>> innermost = new ArrayDeque<>();
    directories.entrySet().forEach(innermost::push);
    for (Map.Entry<Path, Path> directory : innermost) {
      finish(directory.getValue(), directory.getKey());
    }
  }

  private static void finish(Path source, Path target) throws IOException {
    Map<String, Object> wanted =
        Files.readAttributes(source, "unix:uid,gid,lastModifiedTime", NOFOLLOW_LINKS);
    for (String name : attributes(source).list()) {
      if (DRIVERS.stream().noneMatch(name::startsWith)) {
        ByteBuffer value = ByteBuffer.allocate(attributes(source).size(name));
        attributes(source).read(name, value);
        attributes(target).write(name, value.flip());
      }
    }
    owner(target, wanted);
    Modes.set(target, mode(source));
    Files.getFileAttributeView(target, BasicFileAttributeView.class, NOFOLLOW_LINKS)
        .setTimes((FileTime) wanted.get("lastModifiedTime"), null, null);
  }

  /** As for the files: a plain user can give nothing away, and everything in the session is its. */
  private static void owner(Path target, Map<String, Object> wanted) {
    for (String name : List.of("gid", "uid")) {
      try {
        Files.setAttribute(target, "unix:" + name, wanted.get(name), NOFOLLOW_LINKS);
      } catch (IOException e) {
        return;
      }
    }
  }

  private static UserDefinedFileAttributeView attributes(Path file) {
    return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class, NOFOLLOW_LINKS);
  }
}
