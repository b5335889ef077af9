package io.overlaysdk.engine;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A command on its way, however it was brought into its container. */
interface Execution {
  /** How a command came to its end. */
  enum Kind {
    /** By itself, with a status that was reported. */
    EXITED,
    /** With a status of which nobody inside could say whose it is. */
    UNCERTAIN,
    /** It did not start, because the directory is missing that it was to start in. */
    NO_DIRECTORY,
    /** It did not start, because the container did not. */
    NOT_STARTED
  }

  /**
   * The end of a command.
   *
   * @param messages what the tool said where the container did not start; else empty
   */
  record End(Kind kind, int status, String messages) {
    boolean hasBegun() {
      return kind == Kind.EXITED || kind == Kind.UNCERTAIN;
    }
  }

  OutputStream stdin();

  InputStream stdout();

  InputStream stderr();

  /** Completes when it is sure that the container has started, or with the end. */
  CompletableFuture<Void> begun();

  CompletableFuture<End> ended();

  /** Signals the process group of the command. */
  void signal(String name);

  /** Ends it with all its children: TERM, then KILL after {@code grace}. */
  void end(Duration grace);

  /** Its streams are not read any more. */
  void release();
}
