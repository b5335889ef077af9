package io.overlaysdk.cli;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import java.util.List;
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
    List<String> own = words;
    if (!own.isEmpty() && own.get(0).equals(DIVIDER)) {
      own = own.subList(1, own.size());
    } else if (!own.isEmpty() && own.get(0).startsWith("-")) {
      throw new ParameterException(
          line, own.get(0) + " comes too late: options stand before the image");
    }
    if (own.isEmpty()) {
      throw new ParameterException(
          line, "what is to run is missing: put it after the image, as in IMAGE -- ls -l");
    }
    try {
      return Command.of(own).inheritIo();
    } catch (InvalidSpecException e) {
      throw new ParameterException(line, e.getMessage(), e);
    }
  }
}
