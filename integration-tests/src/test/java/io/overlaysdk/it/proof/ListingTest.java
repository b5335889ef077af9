package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That no difference goes unseen: a comparison that cannot fail would prove nothing. */
class ListingTest {
  private static final String PRINTED =
      """
      data|41ed|0:0|1700000000|2|1|data
      data/a|81a4|0:0|1000000000|2|7|data/a
      data/b|81a4|0:0|1000000000|2|7|data/b
      data/c|81a4|0:0|1700000000|1|8|data/c
      data/d|41ed|0:0|1700000000|2|9|data/d
      data/d/e|a1ff|0:0|1700000000|1|10|'data/d/e' -> 'x'
      --
      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  data/a
      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  data/b
      cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc  data/c
      --
      # file: data/c
      user.a=0x01

      """;

  private static Listing parse(String printed) {
    return Listing.parse(printed, EnumSet.allOf(Aspect.class));
  }

  @Test
  void findsNoDifferenceInTheSame() {
    String later = PRINTED.replace("1700000000", "1700000009").replace("|7|", "|70|");

    assertEquals(List.of(), parse(PRINTED).differences(parse(later)));
    assertEquals(List.of(), parse(PRINTED).changes(parse(later)));
  }

  @ParameterizedTest(name = "{0} in place of {1}")
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "data/c|81a4, data/c|8180, METADATA /data/c",
        "data/c|81a4|0:0, data/c|81a4|0:1, METADATA /data/c",
        "cccc  data/c, cccd  data/c, MODIFIED /data/c",
        "user.a=0x01, user.a=0x, METADATA /data/c",
        "user.a=0x01, user.b=0x01, METADATA /data/c",
        "-> 'x', -> 'y', MODIFIED /data/d/e",
        "data/d|41ed, data/d|41c0, METADATA /data/d",
        "data/d/e|a1ff, data/d/e|81a4, TYPE_CHANGED /data/d/e"
      })
  void findsADifferenceAndTellsTheChange(String from, String to, String change) {
    Listing other = parse(PRINTED.replace(from, to));

    assertEquals(1, parse(PRINTED).differences(other).size());
    assertEquals(List.of(change), parse(PRINTED).changes(other));
  }

  @Test
  void seesTimesThatWereSetAndLinksAlthoughTheyAreNoChange() {
    Listing touched =
        parse(PRINTED.replace("data/b|81a4|0:0|1000000000", "data/b|81a4|0:0|1000000001"));
    Listing parted = parse(PRINTED.replace("2|7|data/b", "1|70|data/b"));

    assertEquals(1, parse(PRINTED).differences(touched).size());
    assertEquals(1, parse(PRINTED).differences(parted).size());
    assertEquals(List.of(), parse(PRINTED).changes(touched));
    assertEquals(List.of(), parse(PRINTED).changes(parted));
  }

  @Test
  void tellsARemovedTreeOnceAndAnAddedOneEntryByEntry() {
    String without =
        String.join("\n", PRINTED.lines().filter(line -> !line.startsWith("data/d")).toList())
            + "\n\n";

    assertEquals(List.of("DELETED /data/d"), parse(PRINTED).changes(parse(without)));
    assertEquals(
        List.of("ADDED /data/d", "ADDED /data/d/e"), parse(without).changes(parse(PRINTED)));
    assertEquals(2, parse(without).differences(parse(PRINTED)).size());
  }
}
