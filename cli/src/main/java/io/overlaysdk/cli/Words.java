package io.overlaysdk.cli;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The words after the image: the program that runs inside, and its arguments, as they are. */
final class Words {
  private static final String DIVIDER = "--";

  private Words() {}

  /**
   * The command of these words; it has the streams of this process.
   *
   * @throws ParameterException where there are none
   */
  static Command command(List<String> words, CommandLine line) {
    return own(words, line, "image").inheritIo();
  }

  /**
   * The command of these words, as it is.
   *
   * @param after what they come after
   * @throws ParameterException where there are none
   */
  static Command own(List<String> words, CommandLine line, String after) {
    List<String> own = words;
    if (!own.isEmpty() && own.get(0).equals(DIVIDER)) {
      own = own.subList(1, own.size());
    } else if (!own.isEmpty() && own.get(0).startsWith("-")) {
      throw new ParameterException(
          line, own.get(0) + " comes too late: options stand before the " + after);
    }
    if (own.isEmpty()) {
      throw new ParameterException(
          line,
          "what is to run is missing: put it after the "
              + after
              + ", as in "
              + after.toUpperCase(Locale.ROOT)
              + " -- ls -l");
    }
    try {
      return Command.of(own);
    } catch (InvalidSpecException e) {
      throw new ParameterException(line, e.getMessage(), e);
    }
  }
}
