package io.overlaysdk.backend.support.rootfs;

import java.util.ArrayList;
import java.util.List;

/**
 * What the constant scripts {@code merged-root.sh} and {@code inside.sh} are told to do, in order:
 * each operation is a few words of the script's command line, and the data in them stays data.
 */
final class Operations {
  private final List<String> words = new ArrayList<>();

  /** A symbolic link to a file, so that no tool has to take a path that it may misread. */
  Operations link(String name, String target) {
    return add("link", name, target);
  }

  /**
   * A directory under another name. A link would not do: fuse-overlayfs up to 1.14 resolves the
   * path of the upper directory first and splits it at colons then.
   */
  Operations bind(String name, String directory) {
    return add("bind", name, directory);
  }

  /** Opens what an overlay of the kernel leaves with mode 000: fuse-overlayfs 1.14 stops at it. */
  Operations thaw(String name) {
    return add("thaw", name);
  }

  /** A program that mounts at {@code name}; with AWAIT it ends by itself after the unmount. */
  Operations attach(String name, End end, List<String> program) {
    add("attach", name, end.word, Integer.toString(program.size()));
    words.addAll(program);
    return this;
  }

  /** A mount point at {@code target} in the lowest layer, of the kind that {@code source} is. */
  Operations point(String source, String target) {
    return add("point", source, target);
  }

  /** A mount whose target lies in the merged root; {@code access} is {@code ro} or {@code rw}. */
  Operations place(String access, String source, String target) {
    return add("place", access, source, target);
  }

  /** As {@link #place}, only where source and target are there. */
  Operations offer(String access, String source, String target) {
    return add("offer", access, source, target);
  }

  /** As {@link #place}, below another mount, where the mount point is made if it is missing. */
  Operations within(String access, String source, String target) {
    return add("within", access, source, target);
  }

  /** A line for a file in {@code /etc}, where the image has that file without that id. */
  Operations account(String file, int id, String line) {
    return add("account", file, Integer.toString(id), line);
  }

  Operations add(String... more) {
    words.addAll(List.of(more));
    return this;
  }

  List<String> words() {
    return List.copyOf(words);
  }

  /** What becomes of the program behind a mount when that is unmounted. */
  enum End {
    /** Its end is waited for: it may still have to write. */
    AWAIT("await"),
    /** It is killed when the namespace ends, or ends with the mounting. */
    LEAVE("leave");

    private final String word;

    End(String word) {
      this.word = word;
    }
  }
}
