package io.overlaysdk;

/** A command ran and did not succeed; thrown by {@link Result#orThrow()} only. */
public final class CommandFailedException extends OverlayException {
  private static final long serialVersionUID = 1;

  /** Enough of what a command printed to see why it failed; the result has the rest. */
  private static final int SHOWN = 2000;

  private final transient Result result;

  public CommandFailedException(Result result) {
    super(message(result));
    this.result = result;
  }

  private static String message(Result result) {
    String how =
        switch (result.termination()) {
          case EXITED -> "exited with " + result.exitStatus();
          case TIMED_OUT ->
              "was ended at its time limit, after " + result.took().toMillis() + " ms";
          case UNCERTAIN ->
              "ended with "
                  + result.exitStatus()
                  + ", which may be the container tool's own failure";
        };
    String stderr = result.stderr().strip();
    int start = Math.max(0, stderr.length() - SHOWN);
    return "the command "
        + result.command()
        + " "
        + how
        + (stderr.isEmpty() ? "" : "\n  it printed: " + (start > 0 ? "..." : ""))
        + stderr.substring(start)
        + result.lack().map(CommandFailedException::full).orElse("");
  }

  private static String full(Lack lack) {
    return "\n  the overlay of the session has no "
        + (lack == Lack.INODES ? "inodes" : "space")
        + " left: delete something in it, make it larger, or use another one";
  }

  /** What came of the command. */
  public Result result() {
    return result;
  }
}
