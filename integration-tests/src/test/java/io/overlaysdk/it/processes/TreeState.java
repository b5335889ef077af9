package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * What is in a directory, a line for each entry: everything but times, the files of locks, and what
 * is new each time, such as the ids of file systems.
 */
final class TreeState {
  private static final String DUMP =
      "/usr/sbin/debugfs -R \"rdump /upper /work $2\" \"$1\" 2>/dev/null";
  private static final int TYPE = 0170000;
  private static final int REGULAR = 0100000;
  private static final int LINK = 0120000;

  /** By digest: most are the same each time, and looking into one takes five programs. */
  private static final Map<String, String> IMAGES = new ConcurrentHashMap<>();

  private final Path root;
  private final String seen;
  private final boolean exact;

  /**
   * @param seen of this overlay, and of its layers, only its manifest counts, and names that
   *     nothing should have
   * @param exact whether compressed files must be the same byte by byte
   */
  TreeState(Path root, String seen, boolean exact) {
    this.root = root;
    this.seen = seen;
    this.exact = exact;
  }

  String text() throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      List<Path> all = paths.filter(this::counts).toList();
      StringBuilder lines = new StringBuilder();
      for (String line : all.stream().map(this::line).sorted().toList()) {
        lines.append(line).append('\n');
      }
      return lines.toString();
    }
  }

  /** What is in the second state and not in the first, and the other way round. */
  static List<String> differences(String before, String after) {
    List<String> differences = new ArrayList<>(after.lines().toList());
    for (String line : before.lines().toList()) {
      if (!differences.remove(line)) {
        differences.add("no " + line);
      }
    }
    return differences;
  }

  private boolean counts(Path path) {
    String name = path.getFileName().toString();
    if (name.endsWith("overlay.lock")) {
      return false;
    }
    String at = root.relativize(path).toString();
    boolean within = !seen.isEmpty() && at.matches("\\.?" + seen + "(\\.layers)?(/.*)?");
    boolean unfinished = name.matches("\\..*[0-9a-f]{12}(\\..*)?");
    return !within || unfinished || at.equals(seen + "/overlay.json");
  }

  private String line(Path path) {
    try {
      Map<String, Object> facts =
          Files.readAttributes(path, "unix:mode,uid,gid,rdev,nlink,size", NOFOLLOW_LINKS);
      int mode = (int) facts.get("mode");
      boolean directory = Files.isDirectory(path, NOFOLLOW_LINKS);
      return generic(root.relativize(path).toString())
          + " "
          + Integer.toOctalString(mode)
          + " "
          + facts.get("uid")
          + ":"
          + facts.get("gid")
          + " "
          + facts.get("rdev")
          + (directory ? "" : " " + facts.get("nlink"))
          + " "
          + content(path, mode & TYPE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String content(Path path, int type) throws IOException {
    if (type == LINK) {
      return Files.readSymbolicLink(path).toString();
    }
    if (type != REGULAR) {
      return "";
    }
    byte[] bytes = Files.readAllBytes(path);
    if (path.toString().endsWith(".json")) {
      return generic(new String(bytes, UTF_8)).replaceAll("\\s+", " ");
    }
    if (bytes.length > 1082 && bytes[1080] == 0x53 && (bytes[1081] & 0xff) == 0xef) {
      return IMAGES.computeIfAbsent(digest(bytes), key -> image(path, bytes.length));
    }
    if (!exact && new String(bytes, 0, Math.min(4, bytes.length), ISO_8859_1).equals("hsqs")) {
      return squashfs(path);
    }
    return digest(bytes);
  }

  private static String squashfs(Path path) throws IOException {
    Path content = Files.createTempFile("overlay-sdk-squashfs", "");
    Files.delete(content);
    try {
      Programs.run("unsquashfs", "-pf", content.toString(), path.toString());
      return digest(Files.readAllBytes(content));
    } finally {
      Files.deleteIfExists(content);
    }
  }

  /** mkfs and e2fsck write times and ids. */
  private static String image(Path path, int size) {
    try {
      Path content = Files.createTempDirectory("overlay-sdk-image");
      try {
        Programs.run("sh", "-c", DUMP, "sh", path.toString(), content.toString());
        // a driver that only reads leaves that mark where it is killed
        long count =
            new Ext3(path)
                .problems().stream().filter(one -> !one.startsWith("it is not clean")).count();
        String problems = count + " problems ";
        return "ext3 " + size + " " + problems + new TreeState(content, "", true).inOneLine();
      } finally {
        Programs.run("rm", "-rf", content.toString());
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String inOneLine() throws IOException {
    return text().replace('\n', ' ');
  }

  /** What is given anew each time has a name of its kind. */
  private static String generic(String text) {
    return text.replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID")
        .replaceAll("\\b[0-9a-f]{32}\\b", "UUID")
        .replaceAll("\\b[0-9a-f]{12}\\b", "ID")
        .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "TIME");
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
