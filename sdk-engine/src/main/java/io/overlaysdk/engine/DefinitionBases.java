package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the stages of a definition file begin with. */
final class DefinitionBases {
  private static final Pattern HEADER = Pattern.compile("\\s*([A-Za-z]+)\\s*:\\s*(.*?)\\s*");
  private static final Pattern SECTION = Pattern.compile("\\s*%[a-zA-Z].*");

  /** What some take for the beginning of a stage, behind what others do not take for a space. */
  private static final Pattern HIDDEN =
      Pattern.compile("(?i)[^!-~]*[^\\t -~][^!-~]*bootstrap\\s*:.*", Pattern.DOTALL);

  /** A comment may hold what it likes, but for what some take for the end of a line. */
  private static final Pattern ODD =
      Pattern.compile(
          "\\s*#.*\\r.+|\\s*[^#].*[^\\t -~].*[^\\r].*|\\s*[^\\t -~#\\r].*", Pattern.DOTALL);

  private static final Set<String> FETCHED =
      Set.of("docker", "library", "oras", "shub", "http", "https");

  private DefinitionBases() {}

  /**
   * What one stage begins with.
   *
   * @param headers their names in small letters
   */
  record Base(Path definition, Map<String, String> headers) {
    /** Refuses what a policy does not allow, and what nothing is known of. */
    void check(PolicyCheck policy) {
      String agent = headers.getOrDefault("bootstrap", "").toLowerCase(Locale.ROOT);
      String from = headers.getOrDefault("from", "");
      if (agent.equals("scratch")) {
        return;
      }
      boolean known = (agent.equals("localimage") || FETCHED.contains(agent)) && isPlain(from);
      if (!known || headers.containsKey("registry") || headers.containsKey("namespace")) {
        throw policy.unknownBase(definition, headers.toString());
      }
      Image image = agent.equals("localimage") ? Image.at(Path.of(from)) : fetched(agent, from);
      policy.image(new ImageReader().read(image));
    }

    /** Neither given twice, nor with a comment, nor with something that the builder fills in. */
    private static boolean isPlain(String from) {
      return !from.isEmpty()
          && !from.contains("{{")
          && from.chars().noneMatch(c -> c <= ' ' || c == '#');
    }

    private static Image fetched(String agent, String from) {
      String location = from.startsWith("//") ? from.substring(2) : from;
      return Image.parse(location.contains("://") ? location : agent + "://" + location);
    }
  }

  /**
   * Every line that could begin a stage counts as one, in scripts too: better one too many.
   *
   * @throws InvalidSpecException where there is none
   */
  static List<Base> of(Path definition) {
    List<Base> bases = new ArrayList<>();
    Map<String, String> headers = new HashMap<>();
    boolean inHeader = true;
    for (String line : lines(definition)) {
      Matcher matcher = HEADER.matcher(line);
      boolean header = matcher.matches();
      boolean begins = header && matcher.group(1).equalsIgnoreCase("bootstrap");
      if (begins) {
        // in the first stage other headers may come before this one
        headers = bases.isEmpty() ? headers : new HashMap<>();
        bases.add(new Base(definition, headers));
      }
      inHeader = (inHeader || begins) && !SECTION.matcher(line).matches();
      if (!begins && HIDDEN.matcher(line).matches() || inHeader && ODD.matcher(line).matches()) {
        // known to no policy
        bases.add(new Base(definition, Map.of("odd line", line.strip().replaceAll("[^ -~]", "?"))));
      }
      if (header && inHeader) {
        String name = matcher.group(1).toLowerCase(Locale.ROOT);
        headers.merge(name, matcher.group(2), (one, other) -> one + " " + other);
      }
    }
    if (bases.isEmpty()) {
      throw new InvalidSpecException(
          "the definition " + definition + " does not say what it begins with (Bootstrap:)");
    }
    return bases;
  }

  private static List<String> lines(Path definition) {
    try {
      // a builder ends a line there only
      return List.of(Files.readString(definition, ISO_8859_1).split("\n"));
    } catch (IOException e) {
      throw new OverlayException("cannot read " + definition + ": " + e, e);
    }
  }
}
