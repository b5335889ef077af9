package io.overlaysdk;

import java.util.Iterator;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What an overlay changes in an image, in the order of the paths, each found when it is asked for.
 *
 * <p>The changes can be gone through once. The overlay must not be written to meanwhile.
 * Directories are open until the last change was delivered or {@link #close} is called. Not for
 * several threads.
 */
public interface Changes extends Iterable<Change>, AutoCloseable {

  /** How much is said of a tree that was removed or replaced. */
  enum Detail {
    /** One change, that of its root. */
    ROOTS,
    /** One change for each entry in it. */
    EVERY_ENTRY
  }

  /**
   * The changes. The iterator throws {@link OverlayException} where the overlay or the image cannot
   * be read; nothing more can be asked of it then.
   *
   * @throws IllegalStateException where they were asked for before, or are closed
   */
  @Override
  Iterator<Change> iterator();

  /**
   * The changes as a stream, which closes them when it is closed.
   *
   * @throws IllegalStateException where they were asked for before, or are closed
   */
  default Stream<Change> stream() {
    return StreamSupport.stream(spliterator(), false).onClose(this::close);
  }

  /** Closes what is open. Does nothing the second time. */
  @Override
  void close();
}
