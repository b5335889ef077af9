package io.overlaysdk;

/** How a session brings its commands into the container. Their results are the same either way. */
public enum CommandMode {
  /**
   * One container serves the whole session, and a command is one more process in it. What a command
   * leaves running goes on until the session closes.
   */
  RESIDENT,
  /**
   * Each command gets a container of its own over the same overlay, and all that it leaves running
   * ends with it. So run commands of an image without a shell, those of a session that asks for it
   * ({@link SessionSpec#separateCommands}), and those that get the caller's terminal.
   */
  SEPARATE
}
