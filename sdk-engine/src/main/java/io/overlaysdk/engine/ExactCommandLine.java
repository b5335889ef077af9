package io.overlaysdk.engine;

import io.overlaysdk.spi.Invocation;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.exec.CommandLine;

/**
 * Words that reach the program as they are. commons-exec 1.6.0 trims each argument that it is given
 * (CommandLine.Argument) and has a notion of quoting; what it hands to the JDK is {@link
 * #toStrings()}, and that is where this class puts the words.
 */
final class ExactCommandLine extends CommandLine {
  private final List<String> words;

  ExactCommandLine(Invocation invocation, List<String> before) {
    super(invocation.executable());
    List<String> all = new ArrayList<>(before);
    all.addAll(invocation.words());
    words = List.copyOf(all);
  }

  @Override
  public String[] toStrings() {
    return words.toArray(String[]::new);
  }
}
