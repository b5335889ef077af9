package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * One directory of a layer, open. What is in it is opened relative to it and without following
 * links, so that no link leads out of the layer; FIFOs and devices are never opened.
 *
 * <p>The names are read at once and the attributes of each entry when its turn comes. Not for
 * several threads.
 */
public final class LayerDirectory implements AutoCloseable {
  /** Trees are walked by recursion, and below 4,096 bytes no path names anything. */
  private static final int DEEPEST = 1_000;

  private final Markers markers;
  private final LayerEntry self;
  private final ContainerPath path;
  private final SecureDirectoryStream<Path> stream;
  private final Listing listing;

  /** The directory of the same path in the layer that is one with this one, right below it. */
  private @Nullable LayerDirectory under;

  /** How many directories it lies in, the root of the layer included. */
  private int depth;

  /** Whether something is there that is no directory, which this one has replaced. */
  private boolean cut;

  private @Nullable DirectoryMarks marks;
  private @Nullable LayerEntry asked;
  private @Nullable SortedMap<String, byte[]> found;

  private LayerDirectory(
      Markers markers,
      LayerEntry self,
      ContainerPath path,
      SecureDirectoryStream<Path> stream,
      Listing listing) {
    this.markers = markers;
    this.self = self;
    this.path = path;
    this.stream = stream;
    this.listing = listing;
  }

  @SuppressWarnings("StreamResourceLeak") // what is returned closes it
  static LayerDirectory root(Layer layer) {
    Path root = layer.root();
    ContainerPath path = ContainerPath.of("/");
    Stat stat = Stat.of(root);
    if (stat.kind() != Kind.DIRECTORY) {
      throw new CorruptOverlayException("the layer \"" + root + "\" is no directory");
    }
    LayerEntry self = LayerEntry.root(root, stat);
    LayerDirectory directory;
    try {
      directory = of(new Markers(layer), self, path, Files.newDirectoryStream(root));
    } catch (IOException e) {
      throw UnreadableLayerException.of("opening", root, e);
    }
    layer.under().ifPresent(lower -> directory.join(() -> root(lower)));
    return directory;
  }

  private void join(Supplier<LayerDirectory> lower) {
    try {
      under = lower.get();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static LayerDirectory of(
      Markers markers, LayerEntry self, ContainerPath path, DirectoryStream<Path> stream)
      throws IOException {
    try {
      if (!(stream instanceof SecureDirectoryStream<Path> secure)) {
        throw new IOException("no directory-relative access on this platform");
      }
      return new LayerDirectory(markers, self, path, secure, Listing.of(secure, markers));
    } catch (DirectoryIteratorException e) {
      stream.close();
      throw e.getCause();
    } catch (IOException | RuntimeException e) {
      stream.close();
      throw e;
    }
  }

  /** Where it is in the container. */
  public ContainerPath path() {
    return path;
  }

  /** Its own attributes. */
  public LayerEntry self() {
    return self;
  }

  /**
   * Whether nothing of what the layers below have at this path shows through.
   *
   * @throws UnreadableMarkersException where only {@link ExtendedAttributes} could tell
   */
  public boolean isOpaque() {
    if (cut || self.isShadowing() || listing.hasSentinel() || marks().opaque()) {
      return true;
    }
    requireReadable();
    return under != null && under.isOpaque();
  }

  /**
   * Where the lower directory that shows through was before it was renamed to this one, where the
   * driver recorded that.
   *
   * @throws UnreadableMarkersException where only {@link ExtendedAttributes} could tell
   */
  public Optional<ContainerPath> redirect() {
    requireReadable();
    return markers.redirect(self.parent(), marks().redirect());
  }

  /**
   * What is in it, in the order of the names' bytes: entries and whiteouts. Other markers are left
   * out. Can be gone through several times; each time looks at the entries anew.
   */
  public Iterable<LayerEntry> entries() {
    return () -> under == null ? listing.entries(this) : new JoinedEntries(this, under);
  }

  /** What is in the directory of this layer alone. */
  Iterator<LayerEntry> ownEntries() {
    return listing.entries(this);
  }

  private @Nullable LayerEntry find(byte[] name) {
    LayerEntry own = listing.find(this, name);
    return own == null && under != null ? under.find(name) : own;
  }

  /** The directory in which an entry was found: this one, or one that is one with it. */
  private LayerDirectory holder(LayerEntry entry) {
    return under == null || entry.directory().equals(self.file()) ? this : under.holder(entry);
  }

  /**
   * The one call for each entry is relative to this directory and asks for the type only: for most
   * entries of an overlay nothing more is needed, and the number of a device only for devices.
   */
  LayerEntry entry(byte[] name, Path fileName, boolean whiteoutFile, boolean shadowing) {
    if (whiteoutFile) {
      return new LayerEntry(path, name, self.file(), fileName, Kind.WHITEOUT, 0, shadowing);
    }
    BasicFileAttributes type = type(fileName);
    return new LayerEntry(
        path, name, self.file(), fileName, kind(fileName, type), type.size(), shadowing);
  }

  private Kind kind(Path fileName, BasicFileAttributes type) {
    if (type.isRegularFile()) {
      return isXwhiteout(fileName, type) ? Kind.WHITEOUT : Kind.FILE;
    } else if (type.isDirectory()) {
      return Kind.DIRECTORY;
    } else if (type.isSymbolicLink()) {
      return Kind.SYMLINK;
    }
    return Stat.of(self.file().resolve(fileName)).kind();
  }

  private BasicFileAttributes type(Path fileName) {
    try {
      return stream
          .getFileAttributeView(fileName, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .readAttributes();
    } catch (IOException e) {
      throw UnreadableLayerException.of("looking at", self.file().resolve(fileName), e);
    }
  }

  private boolean isXwhiteout(Path fileName, BasicFileAttributes type) {
    return type.size() == 0
        && markers.knowsXwhiteouts()
        && marks().holdsXwhiteouts()
        && markers.fileMarks(self.file().resolve(fileName)).whiteout();
  }

  /** How many there are at most. */
  int size() {
    return listing.size() + (under == null ? 0 : under.size());
  }

  /** Opens one of the directories in it, which stays open when this one is closed. */
  public LayerDirectory open(LayerEntry directory) {
    require(directory, Kind.DIRECTORY);
    LayerDirectory holder = holder(directory);
    LayerDirectory opened = holder.openOwn(directory);
    if (holder.under != null) {
      opened.join(() -> holder.joined(opened));
    }
    return opened;
  }

  /** What shows through a directory of this one; null where nothing does. */
  @SuppressWarnings("NullAway") // called only where a directory lies under this one
  private @Nullable LayerDirectory joined(LayerDirectory opened) {
    if (opened.marks().redirect() != null) {
      throw renamed(opened.self);
    }
    LayerEntry below = opened.isOpaque() ? null : under.find(opened.self.rawName());
    if (below == null) {
      return null;
    }
    opened.cut = !below.isDirectory();
    return opened.cut ? null : under.open(below);
  }

  private static UnsupportedException renamed(LayerEntry entry) {
    return new UnsupportedException(
        entry.path()
            + " is recorded as renamed in \""
            + entry.file()
            + "\", which stands for what is in the layer below; bring that overlay into neutral form"
            + " first");
  }

  private LayerDirectory openOwn(LayerEntry directory) {
    if (depth == DEEPEST) {
      throw new UnsupportedException(
          "a layer has directories that lie in more than "
              + DEEPEST
              + " others, below "
              + directory.path().toString().substring(0, 40)
              + "...; take that tree apart");
    }
    try {
      LayerDirectory opened =
          of(
              markers,
              directory,
              directory.path(),
              stream.newDirectoryStream(directory.fileName(), LinkOption.NOFOLLOW_LINKS));
      opened.depth = depth + 1;
      return opened;
    } catch (IOException e) {
      throw UnreadableLayerException.of("opening", directory.file(), e);
    }
  }

  /** Opens one of the files in it for reading. */
  public SeekableByteChannel read(LayerEntry file) {
    require(file, Kind.FILE);
    try {
      return holder(file)
          .stream
          .newByteChannel(
              file.file().getFileName(),
              Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    } catch (IOException e) {
      throw UnreadableLayerException.of("opening", file.file(), e);
    }
  }

  /** The bytes of the target of one of the links in it. */
  public byte[] target(LayerEntry link) {
    require(link, Kind.SYMLINK);
    return Links.target(link.file());
  }

  /**
   * The extended attributes of an entry as the container saw them, by their full names: without
   * those of the driver. Those outside {@code user.} are in it only where the layer was given
   * {@link ExtendedAttributes}.
   */
  public SortedMap<String, byte[]> attributes(LayerEntry entry) {
    return markers(entry).ofUser(all(entry));
  }

  /** Whoever asks for one thing that is in the attributes of an entry asks for the others next. */
  private SortedMap<String, byte[]> all(LayerEntry entry) {
    SortedMap<String, byte[]> all = found;
    if (all == null || entry != asked) {
      all = markers(entry).all(entry.file(), entry.kind());
      found = all;
      asked = entry;
    }
    return all;
  }

  /** The mode and owner of an entry, which fuse-overlayfs may keep in an attribute of its own. */
  public Permissions permissions(LayerEntry entry) {
    return markers(entry).permissions(entry.file(), entry.stat(), all(entry));
  }

  /**
   * Whether a file has attributes only, while its content is that of the file below.
   *
   * @throws UnreadableMarkersException where only {@link ExtendedAttributes} could tell
   */
  public boolean isMetacopy(LayerEntry entry) {
    if (entry.kind() != Kind.FILE) {
      return false;
    }
    markers(entry).requireReadable(entry.file());
    boolean metacopy = markers(entry).fileMarks(all(entry)).metacopy();
    if (metacopy && holder(entry).under != null) {
      throw renamed(entry);
    }
    return metacopy;
  }

  /**
   * Where a file was before it was renamed, where the driver recorded that.
   *
   * @throws UnreadableMarkersException where only {@link ExtendedAttributes} could tell
   */
  public Optional<ContainerPath> redirect(LayerEntry file) {
    if (file.kind() != Kind.FILE) {
      return Optional.empty();
    }
    markers(file).requireReadable(file.file());
    return markers.redirect(path, checked(file, markers(file).fileMarks(all(file)).redirect()));
  }

  /** Closes it. Does nothing the second time. */
  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException e) {
      throw UnreadableLayerException.of("closing", self.file(), e);
    } finally {
      if (under != null) {
        under.close();
      }
    }
  }

  /** Null where it was not renamed; what cannot be read only matters where something lies below. */
  @Nullable
  byte[] rawRedirect(boolean coversSomething) {
    if (coversSomething) {
      requireReadable();
    }
    return marks().redirect();
  }

  @Nullable
  byte[] rawRedirect(LayerEntry file, boolean coversSomething) {
    if (coversSomething) {
      markers(file).requireReadable(file.file());
    }
    return checked(file, markers(file).fileMarks(file.file()).redirect());
  }

  private @Nullable byte[] checked(LayerEntry file, @Nullable byte[] redirect) {
    if (redirect != null && holder(file).under != null) {
      throw renamed(file);
    }
    return redirect;
  }

  /**
   * Gives an entry of another directory a name in this one, in the place of what has it.
   *
   * @param from the directory of {@code file}
   */
  void take(SecureDirectoryStream<Path> from, Path file, byte[] name) throws IOException {
    from.move(file.getFileName(), stream, Names.resolve(self.file(), name).getFileName());
  }

  void delete(Path file) throws IOException {
    try {
      stream.deleteFile(file.getFileName());
    } catch (NoSuchFileException e) {
      // by an earlier pass over a listing that is not read again
      return;
    }
  }

  Markers markers() {
    return markers;
  }

  /** Those of the layer that an entry is in. */
  Markers markers(LayerEntry entry) {
    return holder(entry).markers;
  }

  /** Whether a driver may have recorded here that something was renamed. */
  boolean knowsRedirects() {
    return markers.knowsRedirects() || under != null && under.knowsRedirects();
  }

  /** Whether fuse-overlayfs has cut it off from below. */
  boolean hasSentinel() {
    return listing.hasSentinel() || under != null && under.hasSentinel();
  }

  Listing listing() {
    return listing;
  }

  /** No driver hides anything below its root, nor renames it. */
  private void requireReadable() {
    if (self.rawName().length > 0) {
      markers.requireReadable(self.file());
    }
  }

  private DirectoryMarks marks() {
    if (marks == null) {
      marks = markers.marks(self.file());
    }
    return marks;
  }

  private static void require(LayerEntry entry, Kind kind) {
    if (entry.kind() != kind) {
      throw new IllegalArgumentException(entry + " is no " + kind);
    }
  }
}
