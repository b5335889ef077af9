package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.spi.OverlayFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The locks of all overlays that are used together. */
final class OverlayLocks implements AutoCloseable {
  private final List<OverlayLock> locks = new ArrayList<>();

  private OverlayLocks() {}

  /**
   * To write to those that can be written to, and to read the others.
   *
   * @param entry the record in the journal of what it is for
   * @throws OverlayBusyException where one of them is in use
   */
  static OverlayLocks take(List<OverlayFacts> overlays, Locking locking, String entry) {
    OverlayLocks all = new OverlayLocks();
    try {
      for (OverlayFacts overlay : overlays) {
        all.locks.add(
            overlay.isWritable()
                ? OverlayLock.take(overlay, locking, entry)
                : OverlayLock.read(overlay, locking));
      }
      return all;
    } catch (RuntimeException e) {
      all.close();
      throw e;
    }
  }

  /**
   * To read them all.
   *
   * @throws OverlayBusyException where somebody writes to one of them
   */
  static OverlayLocks read(List<OverlayFacts> overlays, Locking locking) {
    return take(
        overlays.stream()
            .map(overlay -> new OverlayFacts(overlay.kind(), overlay.path(), Access.READ_ONLY))
            .toList(),
        locking,
        "");
  }

  /** Gives them back when the work is done. */
  <T> T during(Supplier<T> work) {
    try {
      return work.get();
    } finally {
      close();
    }
  }

  /** Who wrote to one of them before, and died. */
  List<Holder> stale() {
    return locks.stream().map(OverlayLock::stale).flatMap(Optional::stream).toList();
  }

  /** As of each. */
  void settle(boolean byTool) {
    locks.forEach(lock -> lock.settle(byTool));
  }

  /** Of what the tools' own locks are held here, and how. */
  List<ImageKeeper.Image> keptImages() {
    return locks.stream().map(OverlayLock::keptImage).flatMap(Optional::stream).toList();
  }

  /** Leaves them to a container that outlives this process. */
  void handOver(long pid, Journal.Entry entry) {
    locks.forEach(lock -> lock.handOver(pid, entry));
  }

  @Override
  public void close() {
    locks.forEach(OverlayLock::close);
  }
}
