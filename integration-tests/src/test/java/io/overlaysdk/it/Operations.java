package io.overlaysdk.it;

import java.util.List;
import java.util.Random;

/** Makes scripts of random operations on a few paths, so that they meet; relative to the root. */
final class Operations {
  /** Nothing where a tool has mounts, nor where the programs are. */
  private static final List<String> PLACES =
      List.of("opt", "srv", "data", "data/a", "data/a/b", "srv/x", "opt/d", "usr/share");

  /** No .wh. in front: fuse-overlayfs refuses such names. */
  private static final List<String> NAMES =
      List.of("a", "b", "x", "d", "message.txt", "hostname", "env", "with\\ space", "é");

  private final Random random;
  private int content;

  Operations(Random random) {
    this.random = random;
  }

  /** A script for any POSIX shell, which goes on where an operation cannot be done. */
  String script(int operations) {
    StringBuilder script = new StringBuilder("umask 022; exec 2>/dev/null\n");
    for (int i = 0; i < operations; i++) {
      script.append(operation()).append('\n');
    }
    return script.append("mkdir -p opt srv data usr\n").toString();
  }

  /** The directories of the root that the scripts change, as words for a shell. */
  String places() {
    return "opt srv data usr";
  }

  private String operation() {
    String path = path();
    return switch (random.nextInt(13)) {
      case 0, 1 -> "echo " + content++ + " > " + path;
      case 2 -> "echo " + content++ + " >> " + path;
      case 3 -> "rm -rf " + path;
      case 4 -> "rm -rf " + place();
      case 5 -> "mkdir -p " + path;
      case 6 -> "mkdir -p " + place();
      case 7 -> "[ -e " + path + " ] || ln -s t" + content++ + " " + path;
      case 8 -> "[ -f " + path + " ] && chmod " + (random.nextBoolean() ? 600 : 755) + " " + path;
      case 9 -> "rm -rf " + path + "; mkdir " + path + "; touch " + path + "/in";
      case 10 -> "[ -f " + path + " ] && cat " + path + " > t && cat t > " + path + "; rm -f t";
      case 11 -> "mv -f " + path + " " + path();
      default -> "[ -d " + path + " ] && rm -rf " + path + " && echo " + content++ + " > " + path;
    };
  }

  private String path() {
    return place() + "/" + NAMES.get(random.nextInt(NAMES.size()));
  }

  private String place() {
    return PLACES.get(random.nextInt(PLACES.size()));
  }
}
