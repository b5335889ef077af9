package io.overlaysdk;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletionStage;

/**
 * A command that has been started and may still run; see {@link Session#start}. Its streams are
 * pipes: a command blocks that writes more than a pipe holds (64 KiB on Linux) and is not read, and
 * no more than that is ever held in memory. All methods may be called from any thread.
 */
public interface RunningCommand extends AutoCloseable {

  /**
   * What the command reads. Closing it is the end of the command's input; writing to it fails with
   * an {@link java.io.IOException} once the command reads no more. Where the command was given its
   * input ({@link Command#stdin}), the SDK writes it, and there is nothing to write here.
   */
  OutputStream stdin();

  /**
   * What the command writes to its standard output. It ends when the command has ended and all is
   * read that was written until then, even if a process that the command left still holds the pipe.
   * Closing it drops what is still to come; a command in a container of its own ({@link
   * CommandMode#SEPARATE}) is told by SIGPIPE, another one not.
   */
  InputStream stdout();

  /** What the command writes to its standard error; see {@link #stdout()}. */
  InputStream stderr();

  /**
   * Completes when the command has ended. The result holds no output: that went to the streams.
   * Where the command was lost with its container, it completes exceptionally with a {@link
   * LaunchException}.
   */
  CompletionStage<Result> onExit();

  /**
   * Waits for the end of the command; see {@link #onExit()}. Output that nobody reads can keep a
   * command from ending.
   *
   * @throws CancelledException where the calling thread is interrupted; the command is ended
   */
  Result await();

  /**
   * Sends a signal to the command and its process group, as a terminal does for Ctrl-C.
   *
   * @param name without SIG, such as {@code INT}
   * @throws InvalidSpecException where no signal has that name
   * @throws UnsupportedException where the command runs in a container of its own: see {@link
   *     CommandMode#SEPARATE}
   */
  void signal(String name);

  /**
   * Ends the command with all its children: asked first (TERM), then killed. Returns when they have
   * ended. Does nothing where the command has ended already.
   */
  void stop();

  /** Stops the command if it still runs, and drops what was not read of its output. */
  @Override
  void close();
}
