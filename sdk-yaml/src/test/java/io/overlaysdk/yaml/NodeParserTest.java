package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ConfigException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeParserTest {
  private static final Path FILE = Path.of("file.yaml");

  private static Node parse(String text) {
    return NodeParser.parse(FILE, text).orElseThrow();
  }

  private static void failsAt(int line, int column, String keys, String problem, String text) {
    ConfigException e = assertThrows(ConfigException.class, () -> parse(text));
    assertEquals(
        line + ":" + column + " " + keys, e.line() + ":" + e.column() + " " + e.keyPath(), text);
    assertTrue(e.getMessage().contains(problem), e.getMessage());
  }

  @Test
  void refuses10000NestedMaps() {
    String text = "{a: ".repeat(10_000) + "1" + "}".repeat(10_000);
    String keys = "a" + ".a".repeat(50);
    failsAt(1, 51 * 4 + 1, keys, "nested too deeply: 50 levels are the most", text);
  }

  @Test
  void refuses10000NestedLists() {
    failsAt(1, 52, "[0]".repeat(51), "nested too deeply", "[".repeat(10_000));
    failsAt(1, 103, "[0]".repeat(51), "nested too deeply", "- ".repeat(10_000));
  }

  @Test
  void readsTheDeepestNestingThereMayBe() {
    Node node = parse("[".repeat(51) + "]".repeat(51));
    for (int depth = 0; depth < 50; depth++) {
      node = node.items().get(0);
    }
    assertEquals(List.of(), node.items());
  }

  @Test
  void refusesAnAliasBombAtItsFirstAnchor() {
    String bomb =
        """
        binds:
          - &a [x, x, x, x, x, x, x, x, x, x]
          - &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
          - &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
        """;
    failsAt(2, 5, "binds[0]", "anchors (&name) and aliases (*name) are not read here", bomb);
  }

  @Test
  void refusesAnchorsAndAliasesEverywhere() {
    failsAt(1, 4, "a", "anchors", "a: *x\n");
    failsAt(1, 1, "k", "anchors", "&x k: 1\n");
    failsAt(1, 4, "a", "anchors", "a: &x {b: 1}\n");
    failsAt(2, 4, "b", "anchors", "a: &x 1\nb: *x\n");
    failsAt(1, 3, "", "a key must be a text", "*x : 1\n");
  }

  @Test
  void refusesTags() {
    failsAt(1, 4, "a", "tags (!name) are not read here", "a: !!str 5\n");
    failsAt(1, 4, "a", "tags", "a: !!java.io.File [x]\n");
    failsAt(1, 1, "", "tags", "!!map {a: 1}\n");
  }

  @Test
  void refusesADoubledKeyAndNamesTheFirst() {
    failsAt(4, 3, "a.b", "the key is there already, in line 2", "a:\n  b: 1\n  c: 1\n  b: 2\n");
    failsAt(1, 8, "a", "the key is there already, in line 1", "{a: 1, \"a\": 2}");
  }

  @Test
  void refusesASecondDocument() {
    failsAt(3, 1, "", "a second document begins here", "a: 1\n---\nb: 2\n");
  }

  @Test
  void refusesTooManyValues() {
    String list = "- x\n".repeat(NodeParser.MOST_NODES);
    failsAt(20_000, 3, "[19999]", "too much in one file: 20000 values are the most", list);
  }

  @Test
  void refusesAKeyThatIsTooLong() {
    String key = "k".repeat(257);
    failsAt(1, 1, key, "a key of 257 characters", key + ": 1\n");
  }

  @Test
  void refusesAKeyThatIsNoText() {
    failsAt(1, 4, "", "a key must be a text", "? [a]\n: 1\n");
    failsAt(1, 4, "", "a key must be a text", "? {a: 1}\n: 1\n");
  }

  @Test
  void saysWhereTheSyntaxIsWrong() {
    failsAt(2, 1, "", "a tab; indent with spaces", "a:\n\t- b\n");
    failsAt(2, 4, "", "mapping values are not allowed here", "a: 1\n  b: 2\n");
    failsAt(2, 1, "", "while parsing a flow sequence: expected ',' or ']'", "a: [1, 2\n");
    failsAt(1, 6, "", "found unknown escape character", "a: \"\\q\"\n");
    failsAt(3, 1, "", "expected '<document start>'", "a: 1\n...\njunk: 3\n");
  }

  @Test
  void takesTextAsItIsWritten() {
    for (String text :
        List.of(
            "no",
            "on",
            "yes",
            "y",
            "True",
            "0123",
            "0o17",
            "0x1F",
            "1:30",
            "1_000",
            "1.10",
            "+3",
            ".5",
            ".inf",
            "1e3",
            "2026-11-23",
            "12:30:45",
            "=",
            "<<",
            "a b",
            "-x")) {
      assertEquals(text, parse("- " + text + "\n").items().get(0).text());
    }
    assertEquals("null", parse("- 'null'\n").items().get(0).text());
    assertEquals("", parse("- \"\"\n").items().get(0).text());
    assertEquals("x\ny\n", parse("- |\n  x\n  y\n").items().get(0).text());
  }

  @Test
  void keepsKeysAsTheyAreWritten() {
    assertEquals(
        List.of("no", "0123", "null", "~", "<<", ""),
        List.copyOf(parse("{no: 1, 0123: 1, null: 1, ~: 1, <<: 1, \"\": 1}").entries().keySet()));
  }

  @Test
  void takesNothingForNoText() {
    failsAtText(1, 3, "a", "expected a text, found nothing; an empty text is written \"\"", "a:\n");
    failsAtText(1, 4, "a", "expected a text, found null", "a: null\n");
    failsAtText(1, 4, "a", "expected a text, found ~", "a: ~\n");
    failsAtText(1, 4, "a", "expected a text, found a list", "a: [x]\n");
  }

  private static void failsAtText(int line, int column, String keys, String problem, String text) {
    Node value = parse(text).entries().get("a").value();
    ConfigException e = assertThrows(ConfigException.class, value::text);
    assertEquals(line + ":" + column + " " + keys, e.line() + ":" + e.column() + " " + e.keyPath());
    assertTrue(e.getMessage().contains(problem), e.getMessage());
  }

  @Test
  void findsNothingInAFileOfCommentsOnly() {
    assertEquals(Optional.empty(), NodeParser.parse(FILE, ""));
    assertEquals(Optional.empty(), NodeParser.parse(FILE, "# nothing\n"));
    assertEquals(Optional.empty(), NodeParser.parse(FILE, "---\n# nothing\n"));
  }

  @Test
  void namesKeysThatArePlainAsTheyAreAndQuotesOthers() {
    Node node = parse("a: [{time-limit: 1, \"b.c\": {\"x\\ny\": 2}}]");
    Node item = node.entries().get("a").value().items().get(0);
    Node.Entry odd = item.entries().get("b.c");
    assertEquals("a[0].time-limit", item.entries().get("time-limit").key().keys().toString());
    assertEquals(
        "a[0][\"b.c\"][\"x\\ny\"]", odd.value().entries().get("x\ny").key().keys().toString());
  }
}
