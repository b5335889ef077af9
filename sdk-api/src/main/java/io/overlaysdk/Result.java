package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What came of a command that has ended: its status, and what it wrote.
 *
 * <p>Each stream is kept up to the limit of the configuration (16 MiB unless it says otherwise).
 * What comes after that is read, so that the command never blocks, and dropped; {@link
 * #truncated()} says so.
 */
public final class Result {
  private final Command command;
  private final Termination termination;
  private final int exitStatus;
  private final byte[] stdout;
  private final byte[] stderr;
  private final boolean truncated;
  private final Duration took;
  private final Optional<Lack> lack;

  /** Made by the engine; a caller gets one from {@link Session#run}. */
  public Result(
      Command command,
      Termination termination,
      int exitStatus,
      byte[] stdout,
      byte[] stderr,
      boolean truncated,
      Duration took) {
    this(command, termination, exitStatus, stdout, stderr, truncated, took, Optional.empty());
  }

  private Result(
      Command command,
      Termination termination,
      int exitStatus,
      byte[] stdout,
      byte[] stderr,
      boolean truncated,
      Duration took,
      Optional<Lack> lack) {
    this.command = Objects.requireNonNull(command, "command");
    this.termination = Objects.requireNonNull(termination, "termination");
    this.exitStatus = exitStatus;
    this.stdout = stdout.clone();
    this.stderr = stderr.clone();
    this.truncated = truncated;
    this.took = Objects.requireNonNull(took, "took");
    this.lack = lack;
  }

  /** The same, of a session whose overlay has none of this left. */
  public Result with(Lack lack) {
    return new Result(
        command, termination, exitStatus, stdout, stderr, truncated, took, Optional.of(lack));
  }

  /** The command that ran. */
  public Command command() {
    return command;
  }

  /** How it ended, and so what {@link #exitStatus()} means. */
  public Termination termination() {
    return termination;
  }

  /**
   * The status with which it ended, 0 to 255; 128+n where signal n ended it; 124 where the time
   * limit did.
   */
  public int exitStatus() {
    return exitStatus;
  }

  /** Whether it ended by itself, with status 0. */
  public boolean succeeded() {
    return termination != Termination.TIMED_OUT && exitStatus == 0;
  }

  /** What it wrote to its standard output, read as UTF-8. */
  public String stdout() {
    return new String(stdout, UTF_8);
  }

  /** What it wrote to its standard output: a copy. */
  public byte[] stdoutBytes() {
    return stdout.clone();
  }

  /** What it wrote to its standard error, read as UTF-8. */
  public String stderr() {
    return new String(stderr, UTF_8);
  }

  /** What it wrote to its standard error: a copy. */
  public byte[] stderrBytes() {
    return stderr.clone();
  }

  /** Whether one of the streams was longer than what is kept of it. */
  public boolean truncated() {
    return truncated;
  }

  /**
   * What the session's writable overlay had none left of after the command had failed: {@link
   * Lack#SPACE} or {@link Lack#INODES}, and with that most likely why. Looked for only where the
   * command failed; empty too where nobody can tell, as in a session that was joined, and where the
   * command has taken away again what it had written.
   */
  public Optional<Lack> lack() {
    return lack;
  }

  /** From its start to its end, the start of a container included where one was started for it. */
  public Duration took() {
    return took;
  }

  /**
   * This result.
   *
   * @throws CommandFailedException where the command did not succeed
   */
  public Result orThrow() {
    if (!succeeded()) {
      throw new CommandFailedException(this);
    }
    return this;
  }

  @Override
  public String toString() {
    return command + " " + termination + " with " + exitStatus;
  }
}
