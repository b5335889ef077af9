package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.Change;
import io.overlaysdk.ContainerPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** A plain tree in memory: the model that overlays are compared with. Written without the SDK. */
final class Tree {
  enum Type {
    FILE,
    DIRECTORY,
    LINK
  }

  Type type;
  String content = "";
  int mode;
  final TreeMap<String, String> attributes = new TreeMap<>();
  final TreeMap<String, Tree> children = new TreeMap<>();

  /** Not seen by the one below: what a driver would do, see {@link Simulator}. */
  boolean fresh;

  boolean touched;
  final TreeMap<String, Boolean> whiteouts = new TreeMap<>();

  Tree(Type type, int mode) {
    this.type = type;
    this.mode = mode;
  }

  static Tree directory(int mode) {
    return new Tree(Type.DIRECTORY, mode);
  }

  static Tree file(int mode, String content) {
    Tree file = new Tree(Type.FILE, mode);
    file.content = content;
    return file;
  }

  static Tree link(String target) {
    Tree link = new Tree(Type.LINK, 0777);
    link.content = target;
    return link;
  }

  boolean isDirectory() {
    return type == Type.DIRECTORY;
  }

  Tree copy() {
    Tree copy = new Tree(type, mode);
    copy.content = content;
    copy.attributes.putAll(attributes);
    children.forEach((name, child) -> copy.children.put(name, child.copy()));
    return copy;
  }

  void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (Map.Entry<String, Tree> child : children.entrySet()) {
      child.getValue().writeAs(directory.resolve(child.getKey()));
    }
    attributes(directory);
    Files.setAttribute(directory, "unix:mode", mode);
  }

  void writeAs(Path file) throws IOException {
    switch (type) {
      case DIRECTORY -> write(file);
      case LINK -> Files.createSymbolicLink(file, Path.of(content));
      case FILE -> {
        Files.writeString(file, content, UTF_8);
        attributes(file);
        Files.setAttribute(file, "unix:mode", mode);
      }
    }
  }

  void attributes(Path file) throws IOException {
    for (Map.Entry<String, String> attribute : attributes.entrySet()) {
      setAttribute(file, attribute.getKey(), attribute.getValue());
    }
  }

  static void setAttribute(Path file, String name, String value) throws IOException {
    Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
        .write(name.substring("user.".length()), ByteBuffer.wrap(value.getBytes(UTF_8)));
  }

  /** What is on the disk, markers and all. */
  static Tree read(Path file) throws IOException {
    Map<String, Object> stat =
        Files.readAttributes(
            file, "unix:mode,isSymbolicLink,isDirectory", LinkOption.NOFOLLOW_LINKS);
    int mode = (Integer) stat.get("mode") & 07777;
    if ((Boolean) stat.get("isSymbolicLink")) {
      return link(Files.readSymbolicLink(file).toString());
    }
    if (!((Boolean) stat.get("isDirectory"))) {
      Tree tree = file(mode, Files.readString(file, UTF_8));
      tree.readAttributes(file);
      return tree;
    }
    Tree tree = directory(mode);
    tree.readAttributes(file);
    try (DirectoryStream<Path> children = Files.newDirectoryStream(file)) {
      for (Path child : children) {
        tree.children.put(child.getFileName().toString(), read(child));
      }
    }
    return tree;
  }

  private void readAttributes(Path file) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    for (String name : view.list()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      attributes.put("user." + name, new String(value.array(), UTF_8));
    }
  }

  /** The differences between two plain trees, found in the plainest way. */
  static List<Change> changes(Tree before, Tree after, boolean all) {
    List<Change> changes = new ArrayList<>();
    compare("", before, after, all, changes);
    changes.sort(null);
    return changes;
  }

  private static void compare(
      String path, Tree before, Tree after, boolean all, List<Change> changes) {
    TreeMap<String, Tree> names = new TreeMap<>(before.children);
    names.putAll(after.children);
    for (String name : names.keySet()) {
      Tree old = before.children.get(name);
      Tree now = after.children.get(name);
      String child = path + "/" + name;
      if (now == null) {
        gone(child, old, all, changes);
      } else if (old == null) {
        added(child, now, changes);
      } else if (old.type != now.type) {
        add(Change.Kind.TYPE_CHANGED, child, changes);
        now.children.forEach((n, t) -> added(child + "/" + n, t, changes));
        if (all) {
          old.children.forEach((n, t) -> gone(child + "/" + n, t, true, changes));
        }
      } else {
        if (!old.content.equals(now.content)) {
          add(Change.Kind.MODIFIED, child, changes);
        } else if (old.mode != now.mode || !Objects.equals(old.attributes, now.attributes)) {
          add(Change.Kind.METADATA, child, changes);
        }
        compare(child, old, now, all, changes);
      }
    }
  }

  private static void added(String path, Tree tree, List<Change> changes) {
    add(Change.Kind.ADDED, path, changes);
    tree.children.forEach((name, child) -> added(path + "/" + name, child, changes));
  }

  private static void gone(String path, Tree tree, boolean all, List<Change> changes) {
    add(Change.Kind.DELETED, path, changes);
    if (all) {
      tree.children.forEach((name, child) -> gone(path + "/" + name, child, true, changes));
    }
  }

  private static void add(Change.Kind kind, String path, List<Change> changes) {
    changes.add(Change.of(kind, ContainerPath.of(path)));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    print(text, "/");
    return text.toString();
  }

  private void print(StringBuilder text, String path) {
    text.append(path).append(' ').append(type).append(' ').append(Integer.toOctalString(mode));
    text.append(' ').append(attributes).append(isDirectory() ? "" : " '" + content + "'");
    text.append('\n');
    children.forEach((name, child) -> child.print(text, path + (isDirectory() ? name + "/" : "")));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tree tree && toString().equals(tree.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
