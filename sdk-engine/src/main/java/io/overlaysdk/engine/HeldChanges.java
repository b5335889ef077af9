package io.overlaysdk.engine;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.OverlayException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Changes that hold on to something, such as mounts, until they are closed. */
final class HeldChanges implements Changes {
  private final Changes changes;
  private final List<Runnable> releases;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile Consumer<HeldChanges> onClose = changes -> {};

  /**
   * @param releases what is done at the end, in this order
   */
  HeldChanges(Changes changes, Runnable... releases) {
    this.changes = changes;
    this.releases = List.of(releases);
  }

  /** Tells {@code listener} when these are closed. */
  HeldChanges whenClosed(Consumer<HeldChanges> listener) {
    onClose = listener;
    return this;
  }

  @Override
  public Iterator<Change> iterator() {
    return changes.iterator();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    onClose.accept(this);
    OverlayException failure = attempt(changes::close, null);
    for (Runnable release : releases) {
      failure = attempt(release, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable OverlayException attempt(
      Runnable step, @Nullable OverlayException before) {
    try {
      step.run();
    } catch (OverlayException e) {
      if (before == null) {
        return e;
      }
      before.addSuppressed(e);
    }
    return before;
  }
}
