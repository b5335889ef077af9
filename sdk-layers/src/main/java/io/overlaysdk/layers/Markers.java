package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the markers of one layer mean. Remembers what was found out about who wrote them. */
final class Markers {
  private static final List<String> OVERRIDES =
      List.of(
          "security.fuseoverlayfs.override_stat",
          "user.containers.override_stat",
          "user.fuseoverlayfs.override_stat");

  private static final long NOBODY = 65534;

  private final Layer layer;
  private final @Nullable Dialect stated;
  private @Nullable Dialect dialect;
  private boolean rootSeen;
  private @Nullable Evidence evidence;
  private @Nullable Boolean hidden;

  Markers(Layer layer) {
    this.layer = layer;
    this.stated = layer.dialect().orElse(null);
  }

  Layer layer() {
    return layer;
  }

  boolean isBase() {
    return layer.isBase();
  }

  boolean isSentinel(Stat stat) {
    return stated == null
        ? Evidence.isSentinel(stat)
        : stated == Dialect.FUSE && stat.isEmptyFile();
  }

  /** Whether the entry with this stat, whose name begins with {@code .wh.}, is a whiteout. */
  boolean isWhiteoutFile(Stat stat) {
    if (stated != null) {
      return stated == Dialect.FUSE && stat.isEmptyFile();
    }
    return Evidence.isSentinel(stat) && evidence().isFuse();
  }

  /** Whether there can be any; the answer for one file may still be no. */
  boolean knowsWhiteoutFiles() {
    return stated == null || stated == Dialect.FUSE;
  }

  /** fuse-overlayfs takes redirect_dir=off only, and the kernel refuses it with userxattr. */
  boolean knowsRedirects() {
    return !layer.isBase()
        && (stated == Dialect.KERNEL_TRUSTED || stated == null && layer.extended().isPresent());
  }

  /** Also true where nobody can read whether a file is one, so that this is found out. */
  boolean knowsMetacopy() {
    return !layer.isBase() && (stated == null || stated == Dialect.KERNEL_TRUSTED);
  }

  /** Whether attributes beyond {@code user.} are among those that it finds. */
  boolean seesAll() {
    return layer.extended().isPresent();
  }

  boolean knowsXwhiteouts() {
    return !layer.isBase()
        && (stated == null
            || stated == Dialect.KERNEL_TRUSTED
            || stated == Dialect.KERNEL_USERXATTR);
  }

  DirectoryMarks marks(Path directory) {
    if (layer.isBase()) {
      return DirectoryMarks.NONE;
    }
    Map<String, byte[]> all = all(directory, Kind.DIRECTORY);
    boolean opaque = false;
    boolean xwhiteouts = false;
    for (String prefix : Attributes.markers(dialect())) {
      String value = text(all.get(prefix + "opaque"));
      opaque |= value.equals("y");
      xwhiteouts |= value.equals("x") && !prefix.equals(Attributes.USER_FUSE);
    }
    byte[] redirect = knowsRedirects() ? all.get(Attributes.TRUSTED_OVERLAY + "redirect") : null;
    return new DirectoryMarks(opaque, xwhiteouts, redirect);
  }

  FileMarks fileMarks(Path file) {
    return layer.isBase() ? FileMarks.NONE : fileMarks(all(file, Kind.FILE));
  }

  /**
   * @param all the attributes of the file
   */
  FileMarks fileMarks(Map<String, byte[]> all) {
    if (layer.isBase()) {
      return FileMarks.NONE;
    }
    boolean whiteout = false;
    for (String prefix : Attributes.markers(dialect())) {
      whiteout |= !prefix.equals(Attributes.USER_FUSE) && all.containsKey(prefix + "whiteout");
    }
    boolean metacopy = knowsMetacopy() && all.containsKey(Attributes.TRUSTED_OVERLAY + "metacopy");
    byte[] redirect = knowsRedirects() ? all.get(Attributes.TRUSTED_OVERLAY + "redirect") : null;
    return new FileMarks(whiteout, metacopy, redirect);
  }

  /**
   * The attributes that are markers and change nothing once all that they hide has a whiteout. Of
   * the kernel's own only the one that hides is taken: nobody but root sees the rest.
   */
  List<String> removable(Path file, Kind kind) {
    List<String> names = new ArrayList<>();
    for (String name : all(file, kind).keySet()) {
      for (String prefix : Attributes.markers(dialect())) {
        if (name.startsWith(prefix) && isRemovable(prefix, name)) {
          names.add(name);
        }
      }
    }
    return names;
  }

  private static boolean isRemovable(String prefix, String name) {
    return !prefix.equals(Attributes.TRUSTED_OVERLAY) || name.equals(prefix + "opaque");
  }

  /** Whether there may be marks that this process cannot read. */
  private boolean mayBeHidden() {
    if (hidden == null) {
      boolean complete = layer.extended().map(ExtendedAttributes::isComplete).orElse(false);
      hidden = !layer.isBase() && !complete && mayBeTrusted();
    }
    return hidden;
  }

  /** Refuses to go on where what was not found may only be hidden from this process. */
  void requireReadable(Path entry) {
    if (mayBeHidden()) {
      throw new UnreadableMarkersException(layer.root(), entry);
    }
  }

  SortedMap<String, byte[]> attributes(Path file, Kind kind) {
    return ofUser(all(file, kind));
  }

  /** The attributes among these that a driver which writes like this one shows to the user. */
  SortedMap<String, byte[]> ofUser(SortedMap<String, byte[]> all) {
    return all.isEmpty() ? all : Attributes.ofUser(all, layer.isBase() ? null : dialect());
  }

  Permissions permissions(Path file, Stat stat, Map<String, byte[]> all) {
    if (!all.isEmpty() && !layer.isBase() && (stated == null || stated == Dialect.FUSE)) {
      for (String name : OVERRIDES) {
        byte[] value = all.get(name);
        if (value != null) {
          return override(file, text(value));
        }
      }
    }
    return new Permissions(stat.permissions(), stat.uid(), stat.gid());
  }

  Optional<ContainerPath> redirect(ContainerPath parent, @Nullable byte[] value) {
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(
        value.length > 0 && value[0] == '/' ? ContainerPath.of(value) : parent.resolve(value));
  }

  SortedMap<String, byte[]> all(Path file, Kind kind) {
    boolean held = layer.extended().filter(ExtendedAttributes::holdsUser).isPresent();
    SortedMap<String, byte[]> user =
        held ? Collections.emptySortedMap() : UserAttributes.of(file, kind);
    if (layer.extended().isEmpty()) {
      return user;
    }
    Map<String, byte[]> others = layer.extended().get().of(file);
    if (others.isEmpty()) {
      return user;
    }
    SortedMap<String, byte[]> all = new TreeMap<>(user);
    all.putAll(others);
    return all;
  }

  /**
   * Who wrote the layer, as far as attributes go. A kernel overlay that root mounted marks its
   * root; to such a one, {@code user.overlay.*} are attributes like any other.
   */
  private @Nullable Dialect dialect() {
    if (!rootSeen) {
      rootSeen = true;
      dialect = stated;
      if (stated == null && layer.extended().isPresent()) {
        boolean trusted =
            layer.extended().get().of(layer.root()).keySet().stream()
                .anyMatch(name -> name.startsWith(Attributes.TRUSTED_OVERLAY));
        dialect = trusted && !evidence().isFuse() ? Dialect.KERNEL_TRUSTED : null;
      }
    }
    return dialect;
  }

  private Evidence evidence() {
    if (evidence == null) {
      evidence = Evidence.in(layer);
    }
    return evidence;
  }

  /**
   * Only root mounts a kernel overlay that writes {@code trusted.*}, and it makes {@code work/work}
   * as root.
   */
  private boolean mayBeTrusted() {
    if (stated != null) {
      return stated == Dialect.KERNEL_TRUSTED;
    }
    boolean byRoot = isRoot(Stat.of(layer.root())) || isWorkOfRoot(layer);
    return byRoot && !evidence().isReadable();
  }

  static boolean isWorkOfRoot(Layer layer) {
    Stat work = Stat.orNull(layer.root().resolveSibling("work").resolve("work"));
    return work != null && isRoot(work);
  }

  /** In a user namespace the machine's root is shown as nobody. */
  static boolean isRoot(Stat stat) {
    return stat.uid() == 0 || stat.uid() == NOBODY;
  }

  private static Permissions override(Path file, String value) {
    String[] parts = value.split(":");
    try {
      return new Permissions(
          Integer.parseInt(parts[2], 8) & 07777,
          Long.parseLong(parts[0]),
          Long.parseLong(parts[1]));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new CorruptOverlayException(
          "\"" + file + "\" has the owner \"" + value + "\", which is not uid:gid:mode", e);
    }
  }

  private static String text(@Nullable byte[] value) {
    return value == null ? "" : new String(value, UTF_8);
  }
}
