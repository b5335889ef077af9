package io.overlaysdk.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A value in a YAML file that knows its place. Reading one as what it is not is an error there. */
sealed interface Node {

  Place place();

  /** What it is, for the message to someone who should have written something else. */
  String description();

  /**
   * The text of a scalar as it was written: what YAML 1.1 would take for a truth value, a number in
   * base 8 or 60 or a date is the text that stands there.
   */
  default String text() {
    throw notA("a text");
  }

  /** A whole number in plain decimal digits. */
  default int number() {
    throw notA("a whole number");
  }

  /** {@code true} or {@code false}. */
  default boolean truth() {
    throw notA("true or false");
  }

  default List<Node> items() {
    throw notA("a list");
  }

  default Map<String, Entry> entries() {
    throw notA("keys with values");
  }

  private RuntimeException notA(String expected) {
    return place().error("expected " + expected + ", found " + description());
  }

  /** How YAML 1.1 understands a scalar that is not quoted; {@code TEXT} where it is quoted. */
  enum Kind {
    TEXT,
    NUMBER,
    TRUTH,
    NOTHING
  }

  /** A single value. */
  record Scalar(Place place, String content, Kind kind) implements Node {
    private static final Pattern DECIMAL = Pattern.compile("0|-?[1-9][0-9]{0,8}");

    @Override
    public String description() {
      return switch (kind) {
        case TEXT -> "the text " + Shown.quoted(content);
        case NUMBER -> "the number " + Shown.plain(content);
        case TRUTH -> Shown.plain(content);
        case NOTHING -> content.isEmpty() ? "nothing" : Shown.plain(content);
      };
    }

    @Override
    public String text() {
      if (kind == Kind.NOTHING) {
        throw place.error(
            "expected a text, found " + description() + "; an empty text is written \"\"");
      }
      return content;
    }

    @Override
    public int number() {
      if (kind != Kind.NUMBER || !DECIMAL.matcher(content).matches()) {
        throw place.error("expected a whole number in plain digits, found " + description());
      }
      return Integer.parseInt(content);
    }

    @Override
    public boolean truth() {
      if (kind != Kind.TRUTH || !content.equals("true") && !content.equals("false")) {
        throw place.error("expected true or false, found " + description());
      }
      return content.equals("true");
    }
  }

  /** A list. */
  record Items(Place place, List<Node> items) implements Node {
    public Items {
      items = List.copyOf(items);
    }

    @Override
    public String description() {
      return "a list";
    }
  }

  /** Keys with values, in the order of the file. */
  record Mapping(Place place, Map<String, Entry> entries) implements Node {
    public Mapping {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    @Override
    public String description() {
      return "keys with values";
    }
  }

  /** A value, and the place of the key before it. */
  record Entry(Place key, Node value) {}
}
