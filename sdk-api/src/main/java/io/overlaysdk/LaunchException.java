package io.overlaysdk;

import io.overlaysdk.spi.Secrets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A container tool failed before the command ran, or could not be started. The command did not run.
 */
public final class LaunchException extends OverlayException {
  private static final long serialVersionUID = 1;

  /** A word may be a whole script; {@link #invocation()} has all of it. */
  private static final int SHOWN = 200;

  private final transient List<String> invocation;
  private final String toolOutput;

  /**
   * @param asked what was to be done
   * @param invocation the words that were run
   * @param toolOutput what the tool printed; may be empty
   */
  public LaunchException(String asked, List<String> invocation, String toolOutput) {
    super(
        asked
            + "\n  ran: "
            + shown(invocation)
            + (toolOutput.isBlank() ? "" : "\n  it printed: " + toolOutput.strip()));
    this.invocation = List.copyOf(invocation);
    this.toolOutput = toolOutput;
  }

  /**
   * @param asked what was to be done
   * @param invocation the words that were to be run
   * @param cause why they could not be
   */
  public LaunchException(String asked, List<String> invocation, @Nullable Throwable cause) {
    super(asked + "\n  ran: " + shown(invocation) + "\n  " + cause, cause);
    this.invocation = List.copyOf(invocation);
    this.toolOutput = "";
  }

  private static String shown(List<String> invocation) {
    return Secrets.masked(invocation).stream()
        .map(
            word -> {
              String line = word.lines().findFirst().orElse("");
              String start = line.substring(0, Math.min(line.length(), SHOWN));
              return start.equals(word) ? word : start + "...";
            })
        .collect(Collectors.joining(" "));
  }

  /** The words that were run, the executable first. */
  public List<String> invocation() {
    return invocation;
  }

  /** What the tool printed on its standard error. */
  public String toolOutput() {
    return toolOutput;
  }
}
