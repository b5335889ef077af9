package io.overlaysdk.layers;

import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** The attributes in {@code user.}, by their full names: the only ones that Java shows. */
final class UserAttributes {
  private static final String PREFIX = "user.";

  private UserAttributes() {}

  /**
   * Only for files and directories: others cannot have any, and Java opens what it asks, which
   * would block on a FIFO and could act on a device.
   */
  static SortedMap<String, byte[]> of(Path file, Kind kind) {
    if (kind != Kind.FILE && kind != Kind.DIRECTORY) {
      return Collections.emptySortedMap();
    }
    UserDefinedFileAttributeView view = view(file);
    try {
      SortedMap<String, byte[]> found = null;
      for (String name : view.list()) {
        found = found == null ? new TreeMap<>() : found;
        found.put(PREFIX + name, value(view, name));
      }
      return found == null ? Collections.emptySortedMap() : found;
    } catch (IOException e) {
      if (isUnsupported(e)) {
        return Collections.emptySortedMap();
      }
      throw UnreadableLayerException.of("reading the extended attributes of", file, e);
    }
  }

  static void remove(Path file, String name) throws IOException {
    try {
      view(file).delete(name.substring(PREFIX.length()));
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      if (view(file).list().contains(name.substring(PREFIX.length()))) {
        throw e;
      }
    }
  }

  private static UserDefinedFileAttributeView view(Path file) {
    return Files.getFileAttributeView(
        file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static byte[] value(UserDefinedFileAttributeView view, String name) throws IOException {
    try {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      return value.array();
    } catch (FileSystemException e) {
      if (isEmpty(e)) {
        return new byte[0];
      }
      throw e;
    }
  }

  /** squashfuse lists an attribute that has an empty value, and denies it to who reads it. */
  private static boolean isEmpty(FileSystemException e) {
    return e.getReason() != null && e.getReason().contains("No data available");
  }

  /**
   * A file system without attributes in user., such as tmpfs before Linux 6.6, has none of them.
   */
  private static boolean isUnsupported(IOException e) {
    return e.getMessage() != null && e.getMessage().contains("not supported");
  }
}
