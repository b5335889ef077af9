package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One entry as the layers below show it. */
final class LowerEntry {
  private final Lowers lowers;
  private final LowerPart top;
  private final List<LowerPart> parts;
  private final List<LowerPart> beneath;
  private @Nullable Set<String> known;

  /**
   * @param parts the directories that are merged here, the topmost first; none where it is no
   *     directory
   * @param beneath the directories in which a file without content of its own finds it
   */
  LowerEntry(Lowers lowers, LowerPart top, List<LowerPart> parts, List<LowerPart> beneath) {
    this.lowers = lowers;
    this.top = top;
    this.parts = parts;
    this.beneath = beneath;
  }

  Kind kind() {
    return top.stat().kind();
  }

  boolean isDirectory() {
    return kind() == Kind.DIRECTORY;
  }

  Stat stat() {
    return top.stat();
  }

  Path file() {
    return top.file();
  }

  /** Where its topmost part is, in the terms of that layer. */
  ContainerPath path() {
    return top.path();
  }

  Markers markers() {
    return top.markers();
  }

  List<LowerPart> parts() {
    return parts;
  }

  /** Null where there is nothing. */
  @Nullable
  LowerEntry child(byte[] name) {
    if (known != null && !known.contains(key(name))) {
      return null;
    }
    return lowers.lookup(parts, name);
  }

  /**
   * Prepares for questions about this many names. A miss costs an exception in Java, so a listing
   * is cheaper where many are asked for, unless the directory is much larger than that.
   */
  void expect(int questions) {
    if (questions < 16 || parts.size() != 1) {
      return;
    }
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(top.file())) {
      for (Path file : stream) {
        if (names.size() > questions * 2) {
          return;
        }
        names.add(key(Names.bytes(file.getFileName())));
      }
      known = names;
    } catch (DirectoryIteratorException e) {
      throw UnreadableLayerException.of("listing", top.file(), e.getCause());
    } catch (IOException e) {
      throw UnreadableLayerException.of("listing", top.file(), e);
    }
  }

  /** The names of what is in it and perhaps of more, in the order of their bytes. */
  List<byte[]> names() {
    List<byte[]> names = new ArrayList<>();
    for (LowerPart part : parts) {
      names.addAll(part.names());
    }
    names.sort(Arrays::compareUnsigned);
    List<byte[]> once = new ArrayList<>(names.size());
    for (byte[] name : names) {
      if (once.isEmpty() || !Arrays.equals(once.get(once.size() - 1), name)) {
        once.add(name);
      }
    }
    return once;
  }

  SeekableByteChannel open() {
    LowerPart holder = content();
    try {
      return Files.newByteChannel(
          holder.file(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    } catch (IOException e) {
      throw UnreadableLayerException.of("opening", holder.file(), e);
    }
  }

  byte[] target() {
    return Links.target(top.file());
  }

  private LowerPart content() {
    if (markers().isBase()) {
      return top;
    }
    FileMarks marks = markers().fileMarks(top.file());
    if (!marks.metacopy()) {
      return top;
    }
    LowerEntry source = source(marks.redirect());
    if (source == null || source.kind() != Kind.FILE) {
      throw new CorruptOverlayException(
          "the layer \""
              + markers().layer()
              + "\" has only the attributes of \""
              + top.file()
              + "\", and no layer below has its content");
    }
    return source.content();
  }

  private @Nullable LowerEntry source(@Nullable byte[] redirect) {
    if (redirect != null && redirect[0] == '/') {
      return lowers.below(top.layer(), ContainerPath.of(redirect));
    }
    byte[] name = redirect == null ? Names.bytes(top.file().getFileName()) : redirect;
    return lowers.lookup(beneath, name);
  }

  private static String key(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
