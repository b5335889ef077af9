package io.overlaysdk;

/**
 * A container that is open for commands. All commands of a session see one overlay: what one
 * changed, the next one finds, ephemeral overlays included. Open one with {@link OverlaySdk#start},
 * and close it: closing ends every process of the session, takes its mounts away and deletes its
 * ephemeral overlay.
 *
 * <p>Implemented by the engine only. Sessions may be used by several threads, and several commands
 * may run at once. Where each command has a container of its own ({@link CommandMode#SEPARATE}) and
 * an overlay can be written to, they run one after the other, because no driver lets two of its
 * mounts share one upper directory.
 */
public interface Session extends AutoCloseable {

  /**
   * Runs a command and waits for its end. A command that fails is a {@link Result} like any other;
   * see {@link Result#orThrow()}.
   *
   * @throws InvalidSpecException where the command cannot be passed on as it is
   * @throws LaunchException where the container tool failed, so that the command never ran
   * @throws CorruptOverlayException where the driver of an ext3 overlay was killed before, so that
   *     something may be lost; the overlay is repaired and the command never ran, and the next will
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
   * Runs a command as {@link #run(Command)} does, and tells {@code listener} what it writes while
   * it runs. An exception of the listener ends the command and is thrown on.
   */
  Result run(Command command, OutputListener listener);

  /**
   * Starts a command and returns while it runs. Its time limit holds as in {@link #run(Command)}.
   *
   * @throws InvalidSpecException where the command cannot be passed on as it is, or is to use the
   *     caller's own streams
   * @throws LaunchException where the container tool failed, so that the command never ran
   * @throws CancelledException where the calling thread is interrupted
   * @throws IllegalStateException where the session is closed
   */
  RunningCommand start(Command command);

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
   * overlays. The mount points and files that a container tool makes for itself are left out. The
   * container is ended first, with whatever commands have left running in it, because nothing can
   * be said of files that change meanwhile; the next command starts it again. No command runs until
   * these changes are closed.
   *
   * @throws IllegalStateException where a command runs, or the session is closed
   * @throws InvalidSpecException where the session has no writable overlay
   * @throws OverlayException where a layer cannot be read
   */
  Changes changes();

  /**
   * Brings what finished commands have written to the session's overlay onto the disk: from then on
   * neither a kill of whatever process nor a power failure takes it away. Does nothing where there
   * is no writable overlay that is kept. Of an ext3 image the container is ended first, with
   * whatever commands have left running in it, because what its driver holds is written with its
   * end; the next command starts it again. Of a directory all of the file system is written that it
   * lies on. {@link #close} makes sure of as much for kills, and not for power failures.
   *
   * @throws IllegalStateException where the session is closed, or, of an ext3 image, a command runs
   * @throws InvalidSpecException of an ext3 image, where this process has not opened the session
   * @throws CorruptOverlayException where the driver of an ext3 image was killed, so that something
   *     may be lost
   * @throws OverlayException where it cannot be written
   */
  void sync();

  /** What the session was opened with. */
  SessionSpec spec();

  /**
   * How commands are brought into the container. A session is {@link CommandMode#RESIDENT} until it
   * is asked to be another or its image turns out to have no shell for it.
   */
  CommandMode commandMode();

  /** The name of the backend that runs it. */
  String backend();

  /**
   * Ends what still runs, takes the mounts away, deletes what was temporary. Does nothing the
   * second time.
   *
   * @throws CorruptOverlayException where the driver of an ext3 overlay was killed, so that
   *     something may be lost that commands have written
   * @throws OverlayException where something could not be taken away; all the rest is
   */
  @Override
  void close();
}
