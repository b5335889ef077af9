package io.overlaysdk.layers;

import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.spi.Dialect;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds in which dialects a layer marks what it hides, by going through all of it. Attributes that
 * hide nothing, such as where a file was copied from, are no marks.
 */
public final class Dialects {
  private static final Set<String> HIDING = Set.of("opaque", "whiteout", "redirect", "metacopy");

  private final Layer layer;
  private final Evidence evidence;
  private final boolean fuse;
  private boolean hiddenByRoot;
  private final Set<Dialect> found = EnumSet.noneOf(Dialect.class);
  private final Deque<Path> directories = new ArrayDeque<>();

  private Dialects(Layer layer) {
    this.layer = layer;
    this.evidence = Evidence.in(layer);
    this.fuse = evidence.isFuse();
  }

  /**
   * The dialects of {@code layer}, which must be at rest; empty where it is in neutral form. Where
   * root has hidden something, or a driver of root's has worked beside it, and this process cannot
   * read how, {@link Dialect#KERNEL_TRUSTED} is among them.
   *
   * @throws io.overlaysdk.OverlayException where something in it cannot be read
   */
  public static Set<Dialect> in(Layer layer) {
    Dialects dialects = new Dialects(layer);
    dialects.walk();
    return Collections.unmodifiableSet(dialects.found);
  }

  private void walk() {
    directories.push(layer.root());
    while (!directories.isEmpty()) {
      directory(directories.pop());
    }
    boolean complete = layer.extended().map(ExtendedAttributes::isComplete).orElse(false);
    if (!complete && !evidence.isReadable() && (hiddenByRoot || Markers.isWorkOfRoot(layer))) {
      found.add(Dialect.KERNEL_TRUSTED);
    }
  }

  private void directory(Path directory) {
    boolean sentinel = false;
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path file : stream) {
        sentinel |= entry(file);
      }
    } catch (DirectoryIteratorException e) {
      throw UnreadableLayerException.of("listing", directory, e.getCause());
    } catch (IOException e) {
      throw UnreadableLayerException.of("listing", directory, e);
    }
    attributes(directory, Kind.DIRECTORY, sentinel);
  }

  /** Whether it is what fuse-overlayfs puts into an opaque directory. */
  private boolean entry(Path file) {
    Stat stat = Stat.of(file);
    Kind kind = stat.kind();
    boolean sentinel = false;
    hiddenByRoot |= kind == Kind.WHITEOUT && Markers.isRoot(stat);
    byte[] name = Names.bytes(file.getFileName());
    if (Names.startsWith(name, Listing.WHITEOUT) && kind != Kind.WHITEOUT) {
      boolean mark = fuse && Evidence.isSentinel(stat);
      found.add(mark ? Dialect.FUSE : Dialect.KERNEL_PLAIN);
      sentinel = mark && Arrays.equals(name, Listing.SENTINEL);
    }
    if (kind == Kind.DIRECTORY) {
      directories.push(file);
    } else if (kind == Kind.FILE) {
      attributes(file, kind, false);
    }
    return sentinel;
  }

  private void attributes(Path file, Kind kind, boolean sentinel) {
    for (String name : Evidence.readable(file, kind)) {
      if (name.startsWith(Attributes.USER_FUSE)) {
        if (!name.equals(Attributes.USER_FUSE + "origin")) {
          found.add(Dialect.FUSE);
        }
      } else if (name.startsWith(Attributes.USER_OVERRIDE)) {
        found.add(Dialect.FUSE);
      } else if (name.startsWith(Attributes.USER_OVERLAY)) {
        found.add(Dialect.KERNEL_USERXATTR);
      }
    }
    for (String name : others(file).keySet()) {
      boolean hides =
          name.startsWith(Attributes.TRUSTED_OVERLAY)
              && HIDING.contains(name.substring(Attributes.TRUSTED_OVERLAY.length()));
      // as root, fuse-overlayfs marks an opaque directory in both ways
      if (hides && !sentinel) {
        found.add(Dialect.KERNEL_TRUSTED);
      } else if (name.startsWith(Attributes.SECURITY_FUSE)) {
        found.add(Dialect.FUSE);
      }
    }
  }

  private Map<String, byte[]> others(Path file) {
    return layer.extended().map(attributes -> attributes.of(file)).orElse(Map.of());
  }
}
