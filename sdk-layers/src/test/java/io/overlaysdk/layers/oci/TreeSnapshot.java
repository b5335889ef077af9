package io.overlaysdk.layers.oci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All that there is to know of a tree, one line for each entry, read without the SDK. */
final class TreeSnapshot {
  private final Path root;
  private final boolean times;
  private final Map<Object, String> links = new HashMap<>();
  private final List<String> lines = new ArrayList<>();

  private TreeSnapshot(Path root, boolean times) {
    this.root = root;
    this.times = times;
  }

  static List<String> of(Path root) throws Exception {
    return new TreeSnapshot(root, true).read();
  }

  static List<String> withoutTimes(Path root) throws Exception {
    return new TreeSnapshot(root, false).read();
  }

  private List<String> read() throws Exception {
    line(root);
    List<Path> sorted;
    try (Stream<Path> walk = Files.walk(root)) {
      sorted = walk.skip(1).sorted().toList();
    }
    for (Path file : sorted) {
      line(file);
    }
    return lines;
  }

  private void line(Path file) throws Exception {
    Map<String, Object> stat =
        Files.readAttributes(
            file,
            "unix:mode,uid,gid,size,rdev,nlink,lastModifiedTime,fileKey",
            LinkOption.NOFOLLOW_LINKS);
    int type = (Integer) stat.get("mode") >> 12;
    boolean plain = type == 8 || type == 4;
    String name = file.getParent().toUri().relativize(uri(file)).getRawPath();
    String path = root.toUri().relativize(file.getParent().toUri()).getRawPath() + name;
    StringBuilder line = new StringBuilder(file.equals(root) ? "./" : path);
    line.append(
        " %o %s:%s".formatted((Integer) stat.get("mode"), stat.get("uid"), stat.get("gid")));
    boolean whiteout = type == 2 && stat.get("rdev").equals(0L);
    if (times && !whiteout) {
      line.append(" ").append(stat.get("lastModifiedTime"));
    }
    if (type == 8) {
      line.append(" ").append(stat.get("size")).append(" ").append(digest(file));
    }
    if (type == 10) {
      line.append(" -> ").append(uri(Files.readSymbolicLink(file)).getRawPath());
    }
    if (type != 4 && !whiteout) {
      line.append(" rdev ").append(stat.get("rdev"));
      String first = links.putIfAbsent(stat.get("fileKey"), path);
      line.append(first == null ? "" : " = " + first);
    }
    lines.add(line + (plain ? attributes(file) : ""));
  }

  private static java.net.URI uri(Path file) {
    return Path.of("/dev/null").resolve(file).toUri();
  }

  private static String digest(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  private static String attributes(Path file) throws IOException {
    var view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    TreeMap<String, String> found = new TreeMap<>();
    for (String name : view.list()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      found.put(name, HexFormat.of().formatHex(value.array()));
    }
    return found.isEmpty() ? "" : " " + found;
  }
}
