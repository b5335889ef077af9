package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.layers.oci.MergedDirectory.Seen;
import io.overlaysdk.layers.oci.TarEntry.Type;
import io.overlaysdk.layers.oci.TreeWriter.Written;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Goes through layers once and writes what is seen, or what the topmost one adds. */
final class TreeExport {
  private static final ContainerPath ROOT = ContainerPath.of("/");
  private static final int LARGEST_KEPT = 1 << 20;

  private final List<Layer> layers;
  private final IdentityHashMap<Layer, OwnerMap> owners = new IdentityHashMap<>();
  private final TarWriter tar;
  private final EntryWriter writer;
  private final TreeWriter.Options options;
  private final Map<ContainerPath, byte[]> kept = new HashMap<>();
  private long whiteouts;
  private long opaque;

  TreeExport(List<TreeWriter.Part> parts, TarWriter tar, TreeUse use, TreeWriter.Options options) {
    this.layers = parts.stream().map(TreeWriter.Part::layer).toList();
    parts.forEach(part -> owners.put(part.layer(), part.owners()));
    this.tar = tar;
    this.writer = new EntryWriter(tar, options.latest(), use);
    this.options = options;
  }

  private boolean isLog(ContainerPath path) {
    return options.log().filter(path::equals).isPresent();
  }

  /** The directory that the log is in. */
  private Optional<ContainerPath> logDirectory() {
    return options.log().map(TreeExport::parent);
  }

  private static ContainerPath parent(ContainerPath path) {
    byte[] bytes = path.bytes();
    int end = bytes.length - 1;
    while (bytes[end] != '/') {
      end--;
    }
    return end == 0 ? ROOT : ContainerPath.of(Arrays.copyOf(bytes, end));
  }

  Written merged() throws IOException {
    try (MergedDirectory root = MergedDirectory.root(layers)) {
      merged(ROOT, root);
    }
    return new Written(writer.report(0, 0), kept);
  }

  private void merged(ContainerPath path, MergedDirectory directory) throws IOException {
    Seen self = directory.self();
    writer.directory(self.in(), self.entry(), ownersOf(self.layer()));
    SortedMap<ContainerPath, Seen> entries = directory.entries();
    Optional<Seen> log = Optional.empty();
    for (Map.Entry<ContainerPath, Seen> child : entries.entrySet()) {
      Seen seen = child.getValue();
      if (isLog(child.getKey())) {
        log = Optional.of(seen);
      } else if (seen.entry().isDirectory()) {
        try (MergedDirectory opened = directory.open(child.getKey())) {
          merged(child.getKey(), opened);
        }
      } else {
        writer.other(seen.in(), seen.entry(), ownersOf(seen.layer()));
        keep(child.getKey(), seen);
      }
    }
    if (logDirectory().filter(path::equals).isPresent()) {
      log(log, self.entry().modified());
    } else if (path.equals(ROOT) && logDirectory().isPresent()) {
      addLogDirectory(entries.get(logDirectory().get()), self.entry().modified());
    }
  }

  private void keep(ContainerPath path, Seen seen) throws IOException {
    if (options.wanted().contains(path)
        && seen.entry().kind() == Kind.FILE
        && seen.entry().size() <= LARGEST_KEPT) {
      kept.put(path, content(seen));
    }
  }

  private static byte[] content(Seen seen) throws IOException {
    if (seen.entry().kind() != Kind.FILE || seen.entry().size() > LARGEST_KEPT) {
      throw new UnsupportedException(
          seen.entry().path() + " is no file, or larger than " + LARGEST_KEPT + " bytes");
    }
    try (InputStream in = Channels.newInputStream(seen.in().read(seen.entry()))) {
      return in.readNBytes(LARGEST_KEPT);
    }
  }

  /** Where it is not there at all: what is there is written by whoever comes to it. */
  private void addLogDirectory(@Nullable Seen found, Instant modified) throws IOException {
    if (found != null && found.entry().isDirectory()) {
      return;
    }
    ContainerPath path = logDirectory().orElseThrow();
    if (found != null) {
      throw new UnsupportedException(
          "what was committed is written down in " + path + ", which is no directory here");
    }
    writer.write(
        path,
        new TarEntry(
            Type.DIRECTORY,
            EntryWriter.name(path, true),
            TarEntry.NO_LINK,
            0755,
            0,
            0,
            0,
            writer.earlier(modified),
            0,
            0,
            Collections.emptySortedMap()));
    log(Optional.empty(), modified);
  }

  private void log(Optional<Seen> before, Instant modified) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    if (before.isPresent()) {
      content.write(content(before.get()));
    }
    content.write(options.line());
    writer.file(options.log().orElseThrow(), content.toByteArray(), modified);
  }

  Written topmost() throws IOException {
    int top = layers.size() - 1;
    try (LayerDirectory upper = layers.get(top).open();
        MergedDirectory lower = MergedDirectory.root(layers.subList(0, top))) {
      topmost(upper, upper, Optional.of(lower), false);
    }
    return new Written(writer.report(whiteouts, opaque), kept);
  }

  /**
   * @param lower what lies below it, where that is a directory
   * @param above whether a directory above it hides that
   */
  private void topmost(
      LayerDirectory parent,
      LayerDirectory directory,
      Optional<MergedDirectory> lower,
      boolean above)
      throws IOException {
    if (directory.redirect().isPresent()) {
      throw EntryWriter.unsupported(directory.self(), "is a directory that the driver renamed");
    }
    writer.directory(parent, directory.self(), ownersOfTop());
    SortedMap<ContainerPath, Seen> below =
        lower.map(MergedDirectory::entries).orElseGet(TreeMap::new);
    boolean cut = lower.isPresent() && (above || directory.isOpaque());
    opaque += cut && !above ? 1 : 0;
    SortedMap<ContainerPath, LayerEntry> live = new TreeMap<>();
    SortedMap<ContainerPath, LayerEntry> hidden = new TreeMap<>();
    for (LayerEntry entry : directory.entries()) {
      (entry.kind() == Kind.WHITEOUT ? hidden : live).put(entry.path(), entry);
    }
    for (ContainerPath path : below.keySet()) {
      if (!live.containsKey(path) && !isLog(path) && (cut || hidden.containsKey(path))) {
        whiteout(path);
      }
    }
    for (LayerEntry entry : live.values()) {
      if (entry.isDirectory()) {
        descend(directory, entry, lower, below, cut);
      } else if (!isLog(entry.path())) {
        writer.other(directory, entry, ownersOfTop());
      }
    }
    logOfTop(directory, live, below, hidden, cut);
  }

  private void descend(
      LayerDirectory directory,
      LayerEntry entry,
      Optional<MergedDirectory> lower,
      SortedMap<ContainerPath, Seen> below,
      boolean cut)
      throws IOException {
    Seen beneath = below.get(entry.path());
    try (LayerDirectory opened = directory.open(entry)) {
      if (beneath == null || !beneath.entry().isDirectory()) {
        topmost(directory, opened, Optional.empty(), false);
      } else {
        try (MergedDirectory child = lower.orElseThrow().open(entry.path())) {
          topmost(directory, opened, Optional.of(child), cut);
        }
      }
    }
  }

  private void logOfTop(
      LayerDirectory directory,
      SortedMap<ContainerPath, LayerEntry> live,
      SortedMap<ContainerPath, Seen> below,
      SortedMap<ContainerPath, LayerEntry> hidden,
      boolean cut)
      throws IOException {
    ContainerPath place = logDirectory().orElse(null);
    if (logDirectory().filter(directory.path()::equals).isPresent()) {
      log(logBefore(directory, live, below, hidden, cut), directory.self().modified());
    } else if (directory.path().equals(ROOT) && place != null && !live.containsKey(place)) {
      Seen seen = below.get(place);
      if (seen == null) {
        addLogDirectory(null, directory.self().modified());
      } else if (!hidden.containsKey(place) && !cut) {
        logInDirectoryBelow(place, seen);
      } // the user has deleted the directory: nothing is brought back
    }
  }

  private Optional<Seen> logBefore(
      LayerDirectory directory,
      SortedMap<ContainerPath, LayerEntry> live,
      SortedMap<ContainerPath, Seen> below,
      SortedMap<ContainerPath, LayerEntry> hidden,
      boolean cut) {
    ContainerPath log = options.log().orElseThrow();
    LayerEntry own = live.get(log);
    if (own != null) {
      return Optional.of(new Seen(own, directory, layers.get(layers.size() - 1)));
    }
    return cut || hidden.containsKey(log) ? Optional.empty() : Optional.ofNullable(below.get(log));
  }

  private void logInDirectoryBelow(ContainerPath place, Seen seen) throws IOException {
    if (!seen.entry().isDirectory()) {
      addLogDirectory(seen, Instant.EPOCH);
    }
    writer.directory(seen.in(), seen.entry(), ownersOf(seen.layer()));
    try (MergedDirectory root = MergedDirectory.root(layers.subList(0, layers.size() - 1));
        MergedDirectory directory = root.open(place)) {
      log(
          Optional.ofNullable(directory.entries().get(options.log().orElseThrow())),
          seen.entry().modified());
    }
  }

  private OwnerMap ownersOfTop() {
    return ownersOf(layers.get(layers.size() - 1));
  }

  private OwnerMap ownersOf(Layer layer) {
    return Objects.requireNonNull(owners.get(layer));
  }

  private void whiteout(ContainerPath path) throws IOException {
    tar.header(
        new TarEntry(
            Type.CHARACTER,
            EntryWriter.name(path, false),
            TarEntry.NO_LINK,
            0,
            0,
            0,
            0,
            Instant.EPOCH,
            0,
            0,
            Collections.emptySortedMap()));
    whiteouts++;
  }
}
