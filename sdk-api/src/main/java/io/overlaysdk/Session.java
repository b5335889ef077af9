package io.overlaysdk;

/**
 * A container that is open for commands. All commands of a session see one overlay: what one
 * changed, the next one finds, ephemeral overlays included. Open one with {@link OverlaySdk#start},
 * and close it: closing ends every process of the session, takes its mounts away and deletes its
 * ephemeral overlay.
 *
 * <p>Implemented by the engine only. Sessions may be used by several threads; where an overlay can
 * be written to, commands run one after the other, because no driver lets two of its mounts share
 * one upper directory.
 */
public interface Session extends AutoCloseable {

  /**
   * Runs a command and waits for its end. A command that fails is a {@link Result} like any other;
   * see {@link Result#orThrow()}.
   *
   * @throws InvalidSpecException where the command cannot be passed on as it is
   * @throws LaunchException where the container tool failed, so that the command never ran
   * @throws CancelledException where the calling thread is interrupted; the command is ended
   * @throws IllegalStateException where the session is closed
   */
  Result run(Command command);

  /**
   * Runs the program {@code words[0]} with the other words as arguments; see {@link #run(Command)}.
   */
  default Result run(String... words) {
    return run(Command.of(words));
  }

  /**
   * Gives the caller's terminal to a shell in the container until it exits: {@code bash} where the
   * image has it, else {@code sh}.
   *
   * @throws LaunchException where the container tool failed, so that no shell ran
   * @throws CancelledException where the calling thread is interrupted; the shell is ended
   */
  Result shell();

  /**
   * What the session's writable overlay changes in what lies below it: the image and the read-only
   * overlays. The mount points and files that a container tool makes for itself are left out. No
   * command runs until these changes are closed.
   *
   * @throws IllegalStateException where a command runs, or the session is closed
   * @throws InvalidSpecException where the session has no writable overlay
   * @throws OverlayException where a layer cannot be read
   */
  Changes changes();

  /** What the session was opened with. */
  SessionSpec spec();

  /** The name of the backend that runs it. */
  String backend();

  /**
   * Ends what still runs, takes the mounts away, deletes what was temporary. Does nothing the
   * second time.
   *
   * @throws OverlayException where something could not be taken away; all the rest is
   */
  @Override
  void close();
}
