package io.overlaysdk;

/** How a command came to its end. */
public enum Termination {
  /**
   * The command itself ended with {@link Result#exitStatus()}. As in a shell, 128+n stands for a
   * command that died of signal n, and cannot be told from one that exited with that number.
   */
  EXITED,
  /** The time limit was reached, and the command and all its children were ended. */
  TIMED_OUT,
  /**
   * The status is the command's or the container tool's, and which cannot be known: nothing inside
   * could report it beside the output. Either the image has no shell, and the tool uses this status
   * for failures of its own too (Apptainer and Singularity: 255); or the shell around the command
   * was killed with it, as it is where its session is stopped by somebody else.
   */
  UNCERTAIN
}
