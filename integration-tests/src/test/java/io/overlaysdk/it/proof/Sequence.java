package io.overlaysdk.it.proof;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** The operations of some sessions, one after the other. */
record Sequence(List<List<Operation>> sessions) {
  /** Functions, and directories that must be there, for what {@link Generator} writes. */
  private static final String BEFORE =
      """
      umask 022; exec 2>/dev/null
      gone='|'
      drop() { rm -rf "$1"; gone="$gone$1|"; }
      seen() {
        case $1 in */*) seen "${1%/*}" || return 1 ;; esac
        case "$lower" in *"|$1|"*) ;; *) return 0 ;; esac
        above=$1
        while [ "$above" != "${above%/*}" ]; do
          above=${above%/*}
          case "$gone" in *"|$above|"*) return 1 ;; esac
        done
      }
      free() { [ ! -e "$1" ] && [ ! -h "$1" ]; }
      plain() { [ -f "$1" ] && [ ! -h "$1" ]; }
      tree() { [ -d "$1" ] && [ ! -h "$1" ]; }
      whole() {
        case "$gone" in *"|$1|"*) return 1 ;; esac
        case "$lower" in *"|$1|"*) [ -e "$1/.base" ] ;; esac
      }
      moved() { gone="$gone$1|"; find "$2" -name .base -exec rm -f {} +; }
      fit() { [ -z "$(find "$1" -exec getfattr -h -m '^user' {} +)$(find "$1" ! -type d -links +1)" ]; }
      """;

  private static final String AFTER = "\nmkdir -p " + Listing.PLACES + "\n";

  Sequence {
    sessions = sessions.stream().map(List::copyOf).toList();
  }

  /**
   * What a shell runs for one of the sessions.
   *
   * @param lower the paths of the layers below that may show again where they are gone
   */
  String script(int session, Collection<String> lower) {
    return "lower='|" + String.join("|", lower) + "|'\n" + BEFORE + lines(session) + AFTER;
  }

  int size() {
    return sessions.stream().mapToInt(List::size).sum();
  }

  /** The same without {@code count} operations of one session, from {@code first} on. */
  Sequence without(int session, int first, int count) {
    List<List<Operation>> rest = new ArrayList<>(sessions);
    List<Operation> kept = new ArrayList<>(sessions.get(session));
    kept.subList(first, first + count).clear();
    rest.set(session, kept);
    return new Sequence(rest);
  }

  /** The same without the operations in which these words are. */
  Sequence forgetting(String words) {
    return new Sequence(
        sessions.stream()
            .map(session -> session.stream().filter(o -> !o.line().contains(words)).toList())
            .toList());
  }

  private String lines(int session) {
    return sessions.get(session).stream().map(Operation::line).collect(Collectors.joining("\n"));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sessions.size(); i++) {
      text.append("-- session ").append(i + 1).append('\n').append(lines(i)).append('\n');
    }
    return text.toString();
  }
}
