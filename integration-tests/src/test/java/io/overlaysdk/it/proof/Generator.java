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
 * <p>Two defects of fuse-overlayfs 1.10 to 1.14 are in the live mount already, so just this is not
 * done on that driver:
 *
 * <ul>
 *   <li>{@code rm -rf d; mkdir d; mv d e} shows the lower entry {@code d} again: {@code
 *       ovl_rename_direct} leaves no whiteout where it has found the directory in the upper layer
 *       only, and it looks no further than an opaque one. No option changes that. A directory that
 *       stands where a layer below has an entry is not renamed, unless it is the one of the base
 *       that has always been there ({@code whole}).
 *   <li>{@code rm -rf d; mkdir d; ls d; cat d/f} shows the lower file {@code d/f}, which {@code ls}
 *       does not, until the session ends; with {@code timeout=0} it does not, but then each look
 *       costs a call to the driver. In a directory that was removed in the same session, names that
 *       a layer below has there are not used ({@code seen}).
 * </ul>
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
      case 0, 1 -> on(path, "tree P || [ -p P ] || echo " + content++ + " > P");
      case 2 -> on(path, "free P && head -c 9000 /bin/busybox > P");
      case 3, 4 -> on(path, "plain P && echo " + content++ + " >> P");
      case 5 -> on(path, "plain P && truncate -s " + random.nextInt(3) * 5 + " P");
      case 6 -> on(path, "plain P && printf X | dd of=P bs=1 seek=2 conv=notrunc");
      case 7, 8 -> on(path, "drop P");
      case 9 -> on(directory(), "drop P");
      case 10, 11 -> on(random.nextBoolean() ? path : directory(), "mkdir -p P");
      case 12 -> on(path, "tree P && drop P && echo " + content++ + " > P");
      case 13 -> on(path, "drop P; mkdir P && echo " + content++ + " > P/in");
      case 14 -> on(directory(), "drop P; mkdir -p P && echo " + content++ + " > P/new");
      case 15 -> on(path, other, "plain P && free Q && mv P Q");
      case 16 -> on(path, other, "plain P && plain Q && mv -f P Q");
      case 17 -> renameDirectory(path, other);
      case 18 -> renameDirectory(directory(), other);
      case 19 -> on(path, "free P && ln -s t" + content++ + " P");
      case 20 -> on(path, other, "plain P && free Q && ln P Q");
      case 21 -> on(path, "plain P && chmod " + pick(List.of("600", "755", "640", "444")) + " P");
      case 22 -> on(path, "tree P && chmod " + pick(List.of("700", "1777", "750")) + " P");
      case 23 -> owner(path);
      case 24 -> attribute(random.nextBoolean() ? path : directory());
      default -> on(path, "plain P && touch -d @10" + (10000000 + content++) + " P");
    };
  }

  private static String on(String path, String words) {
    return "seen " + path + " && { " + put(words, 'P', path) + "; }";
  }

  private static String on(String path, String other, String words) {
    return "seen " + other + " && " + on(path, put(words, 'Q', other));
  }

  private static String put(String words, char name, String path) {
    return words.replaceAll("\\b" + name + "\\b", path);
  }

  private String renameDirectory(String from, String to) {
    if ((to + "/").startsWith(from + "/") || from.indexOf('/') < 0) {
      return on(to, "drop P");
    }
    String rename = "tree P && free Q && fit P && whole P && mv P Q && moved P Q";
    return on(from, to, rename);
  }

  private String owner(String path) {
    int uid = random.nextInt(3);
    int gid = random.nextInt(3);
    return owners ? on(path, "chown -h " + uid + ":" + gid + " P") : "true";
  }

  private String attribute(String path) {
    String name = pick(List.of("user.a", "user.b"));
    String value = random.nextInt(12) == 0 ? "0x" : pick(VALUES);
    return random.nextInt(4) == 0
        ? on(path, "setfattr -h -x " + name + " P")
        : on(path, "[ -h P ] || setfattr -n " + name + " -v " + value + " P");
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
