package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One entry of one of the layers below. */
final class LowerPart {
  private final Markers markers;
  private final int layer;
  private final Path file;
  private final Stat stat;
  private @Nullable DirectoryMarks marks;

  LowerPart(Markers markers, int layer, Path file, Stat stat) {
    this.markers = markers;
    this.layer = layer;
    this.file = file;
    this.stat = stat;
  }

  Markers markers() {
    return markers;
  }

  int layer() {
    return layer;
  }

  Path file() {
    return file;
  }

  Stat stat() {
    return stat;
  }

  /** Null where there is nothing. */
  @Nullable
  LowerPart child(byte[] name) {
    Path child = Names.resolve(file, name);
    Stat found = Stat.orNull(child);
    return found == null ? null : new LowerPart(markers, layer, child, found);
  }

  boolean isWhiteout(LowerPart parent) {
    return stat.kind() == Kind.WHITEOUT
        || stat.isEmptyFile()
            && markers.knowsXwhiteouts()
            && parent.marks().holdsXwhiteouts()
            && markers.fileMarks(file).whiteout();
  }

  boolean hasWhiteoutFile(byte[] name) {
    if (!markers.knowsWhiteoutFiles()) {
      return false;
    }
    Stat found = Stat.orNull(Names.resolve(file, Listing.whiteoutFile(name)));
    return found != null && markers.isWhiteoutFile(found);
  }

  boolean hasSentinel() {
    if (!markers.knowsWhiteoutFiles()) {
      return false;
    }
    Stat found = Stat.orNull(Names.resolve(file, Listing.SENTINEL));
    return found != null && markers.isSentinel(found);
  }

  boolean isOpaque() {
    if (hasSentinel() || marks().opaque()) {
      return true;
    }
    markers.requireReadable(file);
    return false;
  }

  /** An absolute path, or the name of a sibling; null where it was not renamed. */
  @Nullable
  byte[] redirect() {
    byte[] value = marks().redirect();
    return value == null || value.length == 0 ? null : value;
  }

  /** The names in it that may stand for something. */
  List<byte[]> names() {
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(file)) {
      return Listing.of(stream, markers).names();
    } catch (DirectoryIteratorException e) {
      throw UnreadableLayerException.of("listing", file, e.getCause());
    } catch (IOException e) {
      throw UnreadableLayerException.of("listing", file, e);
    }
  }

  private DirectoryMarks marks() {
    if (marks == null) {
      marks = markers.marks(file);
    }
    return marks;
  }

  ContainerPath path() {
    ContainerPath path = ContainerPath.of("/");
    for (Path name : markers.layer().root().relativize(file)) {
      byte[] bytes = Names.bytes(name);
      path = bytes.length == 0 ? path : path.resolve(bytes);
    }
    return path;
  }
}
