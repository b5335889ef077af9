package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.Permissions;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Goes through an archive once and makes what it says, or refuses it. */
final class LayerImport {
  private final TarReader tar;
  private final UpperTree upper;
  private final HiddenEntries hidden;
  private final ImportOptions options;
  private final List<ContainerPath> implied = new ArrayList<>();
  private long entries;
  private long members;
  private long bytes;

  LayerImport(TarReader tar, UpperTree upper, ImportOptions options) {
    this.tar = tar;
    this.upper = upper;
    this.hidden = new HiddenEntries(upper, options);
    this.options = options;
  }

  LayerReport read(Path file) throws IOException {
    TarEntry entry = null;
    String where = "at its beginning";
    try {
      while ((entry = tar.next()) != null) {
        where = "at \"" + printable(entry.name()) + "\"";
        member(entry);
        where = "behind \"" + printable(entry.name()) + "\"";
      }
    } catch (BadHeader e) {
      throw refused(file, Objects.toString(e.getMessage()), where, e);
    } catch (FileAlreadyExistsException e) {
      throw refused(file, "a name that it holds twice", where, e);
    }
    hidden.write();
    upper.finish();
    return new LayerReport(
        entries, bytes, hidden.whiteouts(), hidden.opaques(), List.of(), implied);
  }

  private void member(TarEntry entry) throws IOException, BadHeader {
    if (++members > options.limits().entries()) {
      throw new BadHeader(
          "more than the "
              + options.limits().entries()
              + " entries that this import allows (LayerLimits.withEntries)");
    }
    EntryName name = EntryName.parse(entry.name(), options.limits());
    if (entry.type() == Type.DIRECTORY) {
      directory(name, entry);
    } else if (name.isRoot() || name.isDirectory()) {
      throw new BadHeader("a " + entry.type() + " with the name of a directory");
    } else if (name.isMarker()) {
      marker(name, entry);
    } else {
      parent(name);
      other(name, entry);
    }
  }

  private void directory(EntryName name, TarEntry entry) throws IOException, BadHeader {
    if (name.isMarker()) {
      throw new BadHeader("a directory with the name of a whiteout");
    }
    if (!name.isRoot()) {
      parent(name);
    }
    upper.directory(name.path(), entry);
    entries++;
  }

  private void marker(EntryName name, TarEntry entry) throws IOException, BadHeader {
    if (entry.type() != Type.FILE || entry.size() > 0) {
      throw new BadHeader("a whiteout that is no empty file");
    }
    parent(name);
    boolean first =
        LayerNames.isOpaque(name.last())
            ? hidden.opaque(name.parent())
            : hidden.whiteout(name.hidden());
    if (!first) {
      throw new BadHeader("a whiteout that stands there twice");
    }
  }

  private void other(EntryName name, TarEntry entry) throws IOException, BadHeader {
    if (entry.type() == Type.LINK) {
      EntryName target = EntryName.parse(entry.link(), options.limits());
      if (target.isRoot() || target.isMarker()) {
        throw new BadHeader("a hard link to no file");
      }
      upper.link(name.path(), target.path(), target.parent());
    } else {
      upper.other(name.path(), entry, tar);
    }
    entries++;
    bytes += entry.size();
  }

  /** Sees to it that the parent is there as a directory, made by this import. */
  private void parent(EntryName name) throws IOException, BadHeader {
    ContainerPath parent = name.parent();
    if (!upper.hasDirectory(parent)) {
      try (MergedDirectory root = MergedDirectory.root(options.lowers())) {
        imply(name, 1, root);
      }
    }
  }

  /** Makes the first {@code depth} components of the name, and then those below. */
  private void imply(EntryName name, int depth, MergedDirectory lower)
      throws IOException, BadHeader {
    ContainerPath path = name.path(depth);
    if (!upper.hasDirectory(path)) {
      if (upper.has(path)) {
        throw new BadHeader("an entry in " + path + ", which is no directory in this layer");
      }
      upper.directory(path, like(path, lower.entries().get(path)));
      implied.add(path);
    }
    if (!name.path(depth).equals(name.parent())) {
      try (MergedDirectory below = lower.open(path)) {
        imply(name, depth + 1, below);
      }
    }
  }

  private TarEntry like(ContainerPath path, @Nullable MergedDirectory.Seen seen) throws BadHeader {
    if (seen == null) {
      if (!options.implying() && options.lowers().isEmpty()) {
        throw new BadHeader(
            "an entry in "
                + path
                + ", for which it has no entry: whose it is and who may enter is"
                + " not known. Give the layers below with LayerReader.over, or allow it with"
                + " LayerReader.implyingDirectories");
      }
      return new TarEntry(
          Type.DIRECTORY,
          path.bytes(),
          TarEntry.NO_LINK,
          0755,
          0,
          0,
          0,
          Instant.EPOCH,
          0,
          0,
          Collections.emptySortedMap());
    }
    if (!seen.entry().isDirectory()) {
      throw new BadHeader(
          "an entry in "
              + path
              + ", which is a "
              + seen.entry().kind()
              + " in the layers below: an overlay cannot follow it");
    }
    return like(path, seen.in().permissions(seen.entry()), seen);
  }

  /**
   * The owners in an image are those in the container, those in another overlay are the host's; so
   * are those of an image that is a plain user's directory.
   */
  private TarEntry like(ContainerPath path, Permissions found, MergedDirectory.Seen seen)
      throws BadHeader {
    boolean base = seen.layer().isBase();
    OwnerMap owners = options.owners();
    boolean user = base && owners.userOnHost(found.uid()).isPresent();
    boolean group = base && owners.groupOnHost(found.gid()).isPresent();
    LayerEntry entry = seen.entry();
    return new TarEntry(
        Type.DIRECTORY,
        path.bytes(),
        TarEntry.NO_LINK,
        found.mode(),
        user ? found.uid() : owners.userInContainer(found.uid()).orElse(0),
        group ? found.gid() : owners.groupInContainer(found.gid()).orElse(0),
        0,
        entry.modified(),
        0,
        0,
        seen.in().attributes(entry));
  }

  private static InvalidLayerException refused(
      Path file, String why, String where, Exception cause) {
    return new InvalidLayerException(
        "the layer \"" + file + "\" is refused, " + where + ": " + why, cause);
  }

  private static String printable(byte[] name) {
    byte[] rooted = ("/" + new String(name, ISO_8859_1)).getBytes(ISO_8859_1);
    StringBuilder text = new StringBuilder();
    for (byte b : rooted) {
      text.append(b >= ' ' && b != 0x7f ? String.valueOf((char) b) : String.format("\\x%02x", b));
    }
    return text.substring(1);
  }
}
