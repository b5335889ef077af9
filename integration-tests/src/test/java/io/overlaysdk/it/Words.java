package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Result;
import java.util.ArrayList;
import java.util.List;

/** Words that a shell, a parser of options or a wrong encoding would change. */
final class Words {
  static final List<String> AWKWARD =
      List.of(
          "",
          " ",
          "  two  spaces ",
          "'",
          "\"",
          "it's \"quoted\"",
          "$HOME",
          "${HOME}",
          "$(id)",
          "`id`",
          ";",
          "; exit 3",
          "&& false",
          "|",
          ">/app/x",
          "-",
          "--",
          "-n",
          "-e",
          "--help",
          "*",
          "/*",
          "?",
          "[a-z]",
          "{a,b}",
          "~",
          "!",
          "#",
          "=",
          "a=b",
          ",",
          "a,b:c",
          "%s%d%n",
          "\\",
          "\\n",
          "\\\\",
          "ends with \\",
          "\t",
          "\n",
          "\n\n",
          "two\nlines",
          "ends with newline\n",
          "\n starts with newline",
          "+",
          "w",
          "a\n+b\nw\nd/\n.",
          "\r",
          "a\r\nb",
          "\u0001\u001b[31m\u007f",
          "é",
          "e\u0301",
          "日本語",
          "\ud83d\ude80",
          "\ufeff",
          "\u00a0");

  private Words() {}

  /** Compares lists; what differs is shown one a line, so that it can be read. */
  static void assertSame(List<String> expected, List<String> actual) {
    List<String> missing = new ArrayList<>(expected);
    actual.forEach(missing::remove);
    List<String> added = new ArrayList<>(actual);
    expected.forEach(added::remove);
    assertEquals(visible(missing), visible(added), "what is missing, and what is there instead");
    assertEquals(expected, actual);
  }

  private static String visible(List<String> words) {
    StringBuilder text = new StringBuilder();
    for (String word : words) {
      word.chars()
          .forEach(
              c ->
                  text.append(
                      c < ' ' || c > '~' ? String.format("\\u%04x", c) : Character.toString(c)));
      text.append('\n');
    }
    return text.toString();
  }

  /** The words that a command printed, each with a NUL behind it. */
  static List<String> split(Result result) {
    return split(result.stdoutBytes());
  }

  static List<String> split(byte[] bytes) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        words.add(new String(bytes, start, i - start, UTF_8));
        start = i + 1;
      }
    }
    return words;
  }
}
