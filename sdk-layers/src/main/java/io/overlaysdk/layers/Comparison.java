package io.overlaysdk.layers;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** Goes through an upper directory, depth first, and finds each change when it is asked for. */
@SuppressWarnings("IterableAndIterator") // it can be gone through once, and says so
final class Comparison implements Changes, Iterator<Change> {
  private final ChangeOptions options;
  private final EntryComparison entries;
  private final Lowers lowers;
  private final Deque<Frame> frames = new ArrayDeque<>();
  private final Deque<Change> ready = new ArrayDeque<>();
  private boolean asked;
  private boolean closed;

  /** One directory on the way down. */
  private interface Frame {
    /** Goes one step on; false at the end. */
    boolean step();

    void close();
  }

  /**
   * @param whole nothing of what is below shows through
   */
  Comparison(Lowers lowers, Layer upper, ChangeOptions options, boolean whole) {
    this.options = options;
    this.entries = new EntryComparison(options);
    this.lowers = lowers;
    LowerEntry below = lowers.root();
    LayerDirectory root = upper.open();
    frames.push(new Merged(root, below, whole || root.hasSentinel()));
    if (options.comparesRoot() && entries.differInMetadata(root, root.self(), below)) {
      ready.add(Change.of(Change.Kind.METADATA, root.path()));
    }
  }

  @Override
  public Iterator<Change> iterator() {
    if (asked || closed) {
      throw new IllegalStateException(
          "these changes were " + (closed ? "closed" : "asked for before") + "; compare again");
    }
    asked = true;
    return this;
  }

  @Override
  public boolean hasNext() {
    try {
      while (ready.isEmpty() && !frames.isEmpty()) {
        Frame frame = frames.peek();
        if (!frame.step()) {
          frames.pop();
          frame.close();
        }
      }
    } catch (OverlayException e) {
      close();
      throw e;
    }
    return !ready.isEmpty();
  }

  @Override
  public Change next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  @Override
  public void close() {
    closed = true;
    ready.clear();
    OverlayException failure = null;
    while (!frames.isEmpty()) {
      try {
        frames.pop().close();
      } catch (OverlayException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void report(Change.Kind kind, ContainerPath path) {
    ready.add(Change.of(kind, path));
  }

  private void deleted(ContainerPath path, LowerEntry lower) {
    report(Change.Kind.DELETED, path);
    listHidden(path, lower);
  }

  private void listHidden(ContainerPath path, LowerEntry lower) {
    if (options.listsAll() && lower.isDirectory()) {
      frames.push(new Hidden(path, lower));
    }
  }

  /** A directory of the upper layer, and the one below that it is compared with, if any. */
  private final class Merged implements Frame {
    private final LayerDirectory upper;
    private final @Nullable LowerEntry lower;
    private final boolean cut;
    private final Iterator<LayerEntry> live;
    private final @Nullable Iterator<byte[]> below;
    private @Nullable LayerEntry nextLive;
    private @Nullable byte[] nextBelow;

    /**
     * @param cut nothing of the lower directory shows through, so what is not in the upper one is
     *     gone
     */
    Merged(LayerDirectory upper, @Nullable LowerEntry lower, boolean cut) {
      this.upper = upper;
      this.lower = lower;
      this.cut = cut;
      this.live = upper.entries().iterator();
      this.below = cut && lower != null ? lower.names().iterator() : null;
      if (lower != null) {
        lower.expect(upper.size());
      }
    }

    @Override
    public boolean step() {
      if (nextLive == null && live.hasNext()) {
        nextLive = live.next();
      }
      if (below != null) {
        if (nextBelow == null && below.hasNext()) {
          nextBelow = below.next();
        }
        if (nextBelow != null && stepBelow()) {
          return true;
        }
      }
      if (nextLive == null) {
        return false;
      }
      LayerEntry entry = nextLive;
      nextLive = null;
      compare(entry);
      return true;
    }

    /** Whether the turn was that of a name that only the lower directory has. */
    @SuppressWarnings("NullAway") // there is a next name below, and so a lower directory
    private boolean stepBelow() {
      int order = nextLive == null ? -1 : Arrays.compareUnsigned(nextBelow, nextLive.rawName());
      if (order > 0) {
        return false;
      }
      byte[] name = nextBelow;
      nextBelow = null;
      if (order == 0) {
        return false;
      }
      LowerEntry hidden = lower.child(name);
      if (hidden != null) {
        deleted(upper.path().resolve(name), hidden);
      }
      return true;
    }

    @Override
    public void close() {
      upper.close();
    }

    private void compare(LayerEntry entry) {
      LowerEntry old = lower == null ? null : lower.child(entry.rawName());
      if (entry.kind() == Kind.WHITEOUT) {
        if (old != null) {
          deleted(entry.path(), old);
        }
      } else if (entry.isDirectory()) {
        directory(entry, old);
      } else {
        other(entry, old);
      }
    }

    private void directory(LayerEntry entry, @Nullable LowerEntry old) {
      if (old == null && isRuntimes(entry)) {
        return;
      }
      boolean mayMove = upper.knowsRedirects();
      if (old == null && !mayMove) {
        report(Change.Kind.ADDED, entry.path());
        frames.push(new Merged(upper.open(entry), null, false));
        return;
      }
      LayerDirectory opened = upper.open(entry);
      try {
        frames.push(directory(entry, old, opened));
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
    }

    private Frame directory(LayerEntry entry, @Nullable LowerEntry old, LayerDirectory opened) {
      LowerEntry source = moved(opened.rawRedirect(old != null));
      if (source != null && source.isDirectory()) {
        ready.add(Change.renamed(source.path(), entry.path()));
        metadata(entry, source);
        return new Merged(opened, source, false);
      }
      if (old == null || !old.isDirectory()) {
        report(old == null ? Change.Kind.ADDED : Change.Kind.TYPE_CHANGED, entry.path());
        return new Merged(opened, null, false);
      }
      metadata(entry, old);
      return new Merged(opened, old, cut || opened.isOpaque());
    }

    private void other(LayerEntry entry, @Nullable LowerEntry old) {
      LowerEntry source = old;
      if (entry.kind() == Kind.FILE && upper.knowsRedirects()) {
        LowerEntry moved = moved(upper.rawRedirect(entry, old != null));
        if (moved != null && moved.kind() == Kind.FILE) {
          ready.add(Change.renamed(moved.path(), entry.path()));
          source = moved;
        }
      }
      if (source == null) {
        if (!isRuntimes(entry)) {
          report(Change.Kind.ADDED, entry.path());
        }
      } else if (source.kind() != entry.kind()) {
        report(Change.Kind.TYPE_CHANGED, entry.path());
        listHidden(entry.path(), source);
      } else if (!options.runtimeFiles().haveChanged(entry)) {
        if (entries.differInContent(upper, entry, source)) {
          report(Change.Kind.MODIFIED, entry.path());
        } else {
          metadata(entry, source);
        }
      }
    }

    /** An absolute path, or a name in what this directory itself was. */
    private @Nullable LowerEntry moved(@Nullable byte[] redirect) {
      if (redirect == null || redirect.length == 0) {
        return null;
      }
      return redirect[0] == '/'
          ? lowers.below(-1, ContainerPath.of(redirect))
          : lower == null ? null : lower.child(redirect);
    }

    private void metadata(LayerEntry entry, LowerEntry old) {
      if (!options.runtimeFiles().haveChanged(entry)
          && !options.runtimeFiles().haveMade(entry, old)
          && entries.differInMetadata(upper, entry, old)) {
        report(Change.Kind.METADATA, entry.path());
      }
    }

    private boolean isRuntimes(LayerEntry entry) {
      RuntimeFiles files = options.runtimeFiles();
      return !files.isEmpty() && files.haveAdded(upper, entry);
    }
  }

  /** A directory that is gone, whose entries are listed one by one. */
  private final class Hidden implements Frame {
    private final ContainerPath path;
    private final LowerEntry directory;
    private final Iterator<byte[]> names;

    Hidden(ContainerPath path, LowerEntry directory) {
      this.path = path;
      this.directory = directory;
      this.names = directory.names().iterator();
    }

    @Override
    public boolean step() {
      if (!names.hasNext()) {
        return false;
      }
      byte[] name = names.next();
      LowerEntry entry = directory.child(name);
      if (entry != null) {
        deleted(path.resolve(name), entry);
      }
      return true;
    }

    @Override
    public void close() {
      // nothing is open
    }
  }
}
