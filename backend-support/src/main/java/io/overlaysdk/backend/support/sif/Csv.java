package io.overlaysdk.backend.support.sif;

/** One field of a comma-separated value as the tools' parser reads it (encoding/csv of Go). */
final class Csv {
  private Csv() {}

  /** Quotes a field only where it has to be, so that plain command lines stay readable. */
  static String field(String text) {
    boolean plain =
        !text.isEmpty()
            && text.indexOf(',') < 0
            && text.indexOf('"') < 0
            && text.indexOf('\n') < 0
            && !text.startsWith(" ");
    return plain ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }

  /** Whether the field arrives as it is: the parser turns CR LF into LF, even inside quotes. */
  static boolean carries(String text) {
    return text.indexOf('\r') < 0;
  }
}
