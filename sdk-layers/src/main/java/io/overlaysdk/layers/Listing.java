package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.layers.LayerEntry.Kind;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** The names in one directory of a layer, in the order of their bytes, markers taken apart. */
final class Listing {
  static final byte[] WHITEOUT = ".wh.".getBytes(US_ASCII);
  static final byte[] SENTINEL = ".wh..wh..opq".getBytes(US_ASCII);
  static final byte[] STRAY = ".wh..opq".getBytes(US_ASCII);

  private static final Comparator<Item> ORDER =
      Comparator.comparing((Item item) -> item.name, Arrays::compareUnsigned)
          .thenComparing(item -> item.whiteoutFile);

  /** A name, and that of the file; the one of a {@code .wh.} file is the name that it hides. */
  private record Item(
      byte[] name, @Nullable Path fileName, boolean whiteoutFile, boolean shadowing) {}

  private final List<Item> items;
  private final List<Path> whiteoutFiles = new ArrayList<>();
  private @Nullable Path sentinel;
  private @Nullable Path stray;

  private Listing(List<Item> items) {
    this.items = items;
  }

  static Listing of(DirectoryStream<Path> stream, Markers markers) {
    Listing listing = new Listing(new ArrayList<>());
    for (Path file : stream) {
      listing.add(file, markers);
    }
    listing.sort();
    return listing;
  }

  private void add(Path file, Markers markers) {
    Path fileName = file.getFileName();
    byte[] name = Names.bytes(fileName);
    if (!Names.startsWith(name, WHITEOUT)) {
      items.add(new Item(name, fileName, false, false));
      return;
    }
    Stat stat = Stat.of(file);
    if (Arrays.equals(name, SENTINEL) && markers.isSentinel(stat)) {
      sentinel = file;
    } else if (Arrays.equals(name, STRAY) && stat.kind() == Kind.WHITEOUT) {
      stray = file;
    } else if (name.length > WHITEOUT.length && markers.isWhiteoutFile(stat)) {
      whiteoutFiles.add(file);
      byte[] hidden = Arrays.copyOfRange(name, WHITEOUT.length, name.length);
      items.add(new Item(hidden, fileName, true, false));
    } else {
      items.add(new Item(name, fileName, false, false));
    }
  }

  private void sort() {
    // fuse-overlayfs 1.10-1.16 leaves this device beside the sentinel; alone it is a whiteout
    if (stray != null && sentinel == null) {
      items.add(new Item(STRAY, stray.getFileName(), false, false));
      stray = null;
    }
    items.sort(ORDER);
    if (!whiteoutFiles.isEmpty()) {
      mergeShadows();
    }
  }

  /** A whiteout beside an entry of the same name hides what the entry would be merged with. */
  private void mergeShadows() {
    List<Item> merged = new ArrayList<>(items.size());
    for (Item item : items) {
      Item last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last != null && Arrays.equals(last.name, item.name)) {
        merged.set(merged.size() - 1, new Item(last.name, last.fileName, false, true));
      } else {
        merged.add(item);
      }
    }
    items.clear();
    items.addAll(merged);
  }

  static byte[] whiteoutFile(byte[] hidden) {
    byte[] name = Arrays.copyOf(WHITEOUT, WHITEOUT.length + hidden.length);
    System.arraycopy(hidden, 0, name, WHITEOUT.length, hidden.length);
    return name;
  }

  List<byte[]> names() {
    return items.stream().map(Item::name).toList();
  }

  int size() {
    return items.size();
  }

  boolean hasSentinel() {
    return sentinel != null;
  }

  /** The files that are markers of fuse-overlayfs and nothing else, whiteouts first. */
  List<Path> whiteoutFiles() {
    return whiteoutFiles;
  }

  /** The files that make the directory opaque, or belong to those; the one that counts last. */
  List<Path> opaqueFiles() {
    List<Path> files = new ArrayList<>();
    if (stray != null) {
      files.add(stray);
    }
    if (sentinel != null) {
      files.add(sentinel);
    }
    return files;
  }

  /** The entry of this name in {@code directory}; null where there is none. */
  @Nullable
  LayerEntry find(LayerDirectory directory, byte[] name) {
    int index =
        Collections.binarySearch(
            items,
            new Item(name, null, false, false),
            Comparator.comparing((Item item) -> item.name, Arrays::compareUnsigned));
    return index < 0 ? null : entry(directory, items.get(index));
  }

  @SuppressWarnings("NullAway") // only what is searched for has no file name
  private static LayerEntry entry(LayerDirectory directory, Item item) {
    return directory.entry(item.name, item.fileName, item.whiteoutFile, item.shadowing);
  }

  /** Goes through the entries of {@code directory}, looking at each when its turn comes. */
  Iterator<LayerEntry> entries(LayerDirectory directory) {
    return new Iterator<>() {
      private int index;

      @Override
      public boolean hasNext() {
        return index < items.size();
      }

      @Override
      public LayerEntry next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return entry(directory, items.get(index++));
      }
    };
  }
}
