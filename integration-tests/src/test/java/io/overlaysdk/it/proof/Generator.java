package io.overlaysdk.it.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Makes sequences from seeds: the same one from the same seed. The paths are few, so that
 * operations meet.
 *
 * <p>A rename of a directory is one on some drivers and a copy on others (EXDEV), and the copy of
 * busybox keeps neither extended attributes nor hard links; so only trees without both are renamed.
 *
 * <p>fuse-overlayfs 1.10 to 1.14 shows a lower entry again when a directory that took its place is
 * renamed: {@code ovl_rename_direct} leaves no whiteout where the driver has found the directory in
 * the upper layer only, and it looks no further than an opaque one. The shortest sequence is {@code
 * rm -rf d; mkdir d; mv d e}. No option changes that, and it is wrong in the live mount already; so
 * just this is not done on that driver: renaming a directory that stands where a layer below has an
 * entry, unless it is the one of the base that has always been there.
 */
final class Generator {
  private static final List<String> DIRECTORIES =
      List.of("opt", "srv", "data", "opt/d", "opt/d/e", "data/a", "data/a/b", "srv/x", "usr/share");

  private static final List<String> NAMES = List.of("a", "b", "d", "e", "x", "f", "\"s p\"", "é");

  private static final List<String> VALUES = List.of("0x00ff0a", "0x61", "0x3d22");

  private final Random random;
  private final boolean owners;
  private int content;

  private Generator(long seed, boolean owners) {
    this.random = new Random(seed);
    this.owners = owners;
  }

  /**
   * @param owners whether owners can be changed
   * @param operations how many for each session
   */
  static Sequence sequence(long seed, boolean owners, int... operations) {
    Generator generator = new Generator(seed, owners);
    return new Sequence(IntStream.of(operations).mapToObj(generator::session).toList());
  }

  private List<Operation> session(int count) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      operations.add(new Operation(operation()));
    }
    return operations;
  }

  private String operation() {
    String path = path();
    String other = path();
    return switch (random.nextInt(26)) {
      case 0, 1 -> "tree " + path + " || echo " + content++ + " > " + path;
      case 2 -> "free " + path + " && head -c 9000 /bin/busybox > " + path;
      case 3, 4 -> "plain " + path + " && echo " + content++ + " >> " + path;
      case 5 -> "plain " + path + " && truncate -s " + random.nextInt(3) * 5 + " " + path;
      case 6 -> "plain " + path + " && printf X | dd of=" + path + " bs=1 seek=2 conv=notrunc";
      case 7, 8 -> "rm -rf " + path;
      case 9 -> "rm -rf " + directory();
      case 10, 11 -> "mkdir -p " + (random.nextBoolean() ? path : directory());
      case 12 -> "tree " + path + " && rm -rf " + path + " && echo " + content++ + " > " + path;
      case 13 ->
          "rm -rf " + path + "; mkdir " + path + " && echo " + content++ + " > " + path + "/in";
      case 14 -> replaceDirectory();
      case 15 -> "plain " + path + " && free " + other + " && mv " + path + " " + other;
      case 16 -> "plain " + path + " && plain " + other + " && mv -f " + path + " " + other;
      case 17 -> renameDirectory(path, other);
      case 18 -> renameDirectory(directory(), other);
      case 19 -> "free " + path + " && ln -s ../t" + content++ + " " + path;
      case 20 -> "plain " + path + " && free " + other + " && ln " + path + " " + other;
      case 21 ->
          "plain " + path + " && chmod " + pick(List.of("600", "755", "640", "444")) + " " + path;
      case 22 -> "tree " + path + " && chmod " + pick(List.of("700", "1777", "750")) + " " + path;
      case 23 -> owner(path);
      case 24 -> attribute(random.nextBoolean() ? path : directory());
      default -> "plain " + path + " && touch -d @10" + (10000000 + content++) + " " + path;
    };
  }

  private String replaceDirectory() {
    String place = directory();
    return "rm -rf "
        + place
        + "; mkdir -p "
        + place
        + " && echo "
        + content++
        + " > "
        + place
        + "/new";
  }

  private String renameDirectory(String from, String to) {
    if ((to + "/").startsWith(from + "/") || from.indexOf('/') < 0) {
      return "rm -rf " + to;
    }
    return "tree "
        + from
        + " && free "
        + to
        + " && fit "
        + from
        + " && whole "
        + from
        + " && mv "
        + from
        + " "
        + to
        + " && moved "
        + to;
  }

  private String owner(String path) {
    int uid = random.nextInt(3);
    int gid = random.nextInt(3);
    return owners ? "chown -h " + uid + ":" + gid + " " + path : "true";
  }

  private String attribute(String path) {
    String name = pick(List.of("user.a", "user.b"));
    String value = random.nextInt(12) == 0 ? "0x" : pick(VALUES);
    return random.nextInt(4) == 0
        ? "setfattr -h -x " + name + " " + path
        : "[ -h " + path + " ] || setfattr -n " + name + " -v " + value + " " + path;
  }

  private String path() {
    return directory() + "/" + pick(NAMES);
  }

  private String directory() {
    return pick(DIRECTORIES);
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
