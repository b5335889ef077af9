package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;

/**
 * What a file is, by its first bytes and never by its name.
 *
 * @param kind what it is
 * @param offset where the file system begins, behind the line that makes the file executable
 * @param description what it is, for an error
 */
record Content(Kind kind, int offset, String description) {

  /** What the SDK can do something with. */
  enum Kind {
    SIF,
    SQUASHFS,
    EXT,
    OTHER
  }

  private static final int HEAD = 4096;
  // Apptainer 1.4 looks for the launcher line in the first 2048 bytes; it always is the first one
  private static final int LONGEST_LINE = 512;
  private static final String LAUNCHER = " run-singularity";

  static Content of(RawFile file) {
    ByteBuffer head = file.read(0, HEAD);
    if (SifHeader.isAt(head)) {
      return new Content(Kind.SIF, 0, "a SIF image");
    }
    int offset = afterLauncher(head);
    if (SquashfsSuperblock.isAt(head, offset)) {
      return new Content(Kind.SQUASHFS, offset, "a squashfs image");
    }
    if (ExtSuperblock.isAt(head, offset)) {
      return new Content(Kind.EXT, offset, "an ext file system");
    }
    return new Content(Kind.OTHER, 0, describe(head));
  }

  private static int afterLauncher(ByteBuffer head) {
    String start = text(head, 0, Math.min(head.limit(), LONGEST_LINE));
    int end = start.indexOf('\n');
    return start.startsWith("#!") && end > 0 && start.substring(0, end).endsWith(LAUNCHER)
        ? end + 1
        : 0;
  }

  /** Says in a few words what bytes look like. */
  static String describe(ByteBuffer head) {
    if (head.limit() == 0) {
      return "empty";
    }
    String start = text(head, 0, Math.min(head.limit(), 512));
    for (Lookalike lookalike : Lookalike.values()) {
      if (lookalike.matches(start)) {
        return lookalike.description();
      }
    }
    if (start.chars().allMatch(c -> c == 0)) {
      return "nothing but zeros at its start";
    }
    if (start.chars().allMatch(c -> c >= ' ' && c != 0x7f || c >= '\t' && c <= '\r')) {
      return start.startsWith("#!") ? "a script" : "text";
    }
    return "data of an unknown kind, which begins with the bytes " + bytes(start);
  }

  private static String bytes(String start) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(4, start.length()); i++) {
      text.append(i == 0 ? "" : " ").append(String.format("%02x", (int) start.charAt(i)));
    }
    return text.toString();
  }

  static String text(ByteBuffer buffer, int from, int length) {
    return new String(buffer.array(), buffer.arrayOffset() + from, length, ISO_8859_1);
  }
}
