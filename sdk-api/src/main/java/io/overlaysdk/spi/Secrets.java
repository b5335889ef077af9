package io.overlaysdk.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What people are shown of the words of a command: the value of what is named like a secret ({@code
 * --password=..}, {@code API_TOKEN=..}, {@code Authorization: ..}, {@code --secret ..}, a user's
 * part of a URI) is masked, to the end of its line. It guards explanations, errors and logs against
 * being passed on with a password in them. What is run has the words as they are, and where a name
 * says nothing of a secret, one is shown: secrets belong into variables, whose values are shown
 * nowhere.
 */
public final class Secrets {
  private static final String MASK = "***";

  // looks ahead once and takes the whole of a name: linear in whatever is given
  private static final String NAME =
      "(?=[\\w.-]*?(?:passw(?:or)?d|passphrase|secret|token|credential|authorization|signature"
          + "|(?:api|access|private|account)[_-]?key))[\\w.-]++";

  private static final Pattern NAMED =
      Pattern.compile(
          "(?<![\\w./-])(" + NAME + "[\"']?\\s*+[=:]\\s*+).+", Pattern.CASE_INSENSITIVE);

  private static final Pattern OPTION = Pattern.compile("--?" + NAME, Pattern.CASE_INSENSITIVE);

  private static final Pattern USER = Pattern.compile("(://)[^/@\n]+@(?![a-z0-9]+:[0-9a-f]{32})");

  private Secrets() {}

  /** {@code text} without the values of what is named like a secret. */
  public static String masked(String text) {
    String shown = NAMED.matcher(text).replaceAll("$1" + MASK);
    return USER.matcher(shown).replaceAll("$1" + MASK + "@");
  }

  /** The same of a list, in which the word behind an option that is named so is its value. */
  public static List<String> masked(List<String> words) {
    List<String> shown = new ArrayList<>(words.size());
    boolean value = false;
    for (String word : words) {
      shown.add(value ? MASK : masked(word));
      value = OPTION.matcher(word).matches();
    }
    return List.copyOf(shown);
  }
}
