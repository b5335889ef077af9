package io.overlaysdk;

/**
 * Is told what the SDK does, as it happens; see {@link OverlaySdk#listen}. Called from whichever
 * thread does it, so a listener must be quick and may be called by several threads at once. What a
 * listener throws is logged, and changes nothing.
 */
public interface SdkListener {

  /** A session is about to be opened. */
  default void opening(SessionSpec spec) {}

  /** A session is open: what it needs on the host is there. */
  default void opened(Session session) {}

  /** A container of the session has started, and its root is mounted. */
  default void mounted(Session session) {}

  /** A command was sent to its container. */
  default void started(Session session, Command command) {}

  /**
   * A command has ended.
   *
   * @param result without what it wrote
   */
  default void ended(Session session, Result result) {}

  /** A session is about to be closed. */
  default void closing(Session session) {}

  /** A session is closed, and nothing is left of it. */
  default void closed(Session session) {}

  /**
   * An ext3 overlay that a session writes to has less than an eighth of its bytes or of its inodes
   * left: told when the session is opened. What is left of a mounted image nobody outside can see.
   */
  default void nearlyFull(Session session, OverlayInfo overlay) {}

  /** Work that can take long is under way; told at its beginning, now and then, and at its end. */
  default void progress(Progress progress) {}
}
