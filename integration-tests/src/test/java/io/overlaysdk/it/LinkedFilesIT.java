package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Names of one file in the image are files of their own in a session, as the kernel has it: nothing
 * that is written to one is lost or moved to another. The model is a copy in which none are linked.
 */
@ExtendWith(Images.Shared.class)
class LinkedFilesIT {
  private static final String MAKE =
      """
      umask 022; mkdir -p odd l/sub l/upper
      printf base >"$(printf 'odd/\\377')"; ln "$(printf 'odd/\\377')" odd/b
      cd l
      printf base >h1; ln h1 h2
      printf base >g1; ln g1 g2; ln g1 sub/g3; chmod 640 g1
      printf base >s1; ln s1 upper/s2; chmod 4755 s1
      printf base >r1; ln r1 r2; printf base >w1; ln w1 w2; ln w1 w3; printf base >t1; ln t1 t2
      printf base >"$(printf 'a\\nb')"; ln "$(printf 'a\\nb')" "c d"
      mkdir many; i=0; while [ $i -lt 200 ]; do echo $i >many/a$i; ln many/a$i many/b$i; i=$((i+1)); done
      chmod 2750 sub; touch -d '2001-02-03 04:05:06' sub upper
      """;

  /** Each of them is a command of its own, and the driver by itself gets each of them wrong. */
  private static final List<String> CHANGES =
      List.of(
          "printf more >>h1",
          "printf more >>g2; rm g1",
          "cat w2 >/dev/null; printf more >>w1; mv w2 w4; printf again >>w4",
          "printf more >>r1; mv r1 r3; ln r3 r4; printf again >>r4",
          "chmod 600 s1; printf more >>t1; rm t2; mkdir t2; printf in >t2/in",
          "printf more >>\"$(printf 'a\\nb')\"; printf more >>many/a7; rm many/b8");

  private static final String LIST =
      "find . -type f -exec stat -c '%n %a %s' {} + >../list; find . -type d -exec stat -c '%n %a"
          + " %Y' {} + | grep -v '^\\./t2\\|^\\./many\\|^\\. ' >>../list;"
          + " find . -type f -exec md5sum {} + >>../list; sort ../list; rm ../list";

  @TempDir private Path temp;

  @ParameterizedTest(name = "{0}, {1}, {2}, fakeroot {3}")
  @CsvSource({
    "apptainer, squashfs, directory, false",
    "apptainer, squashfs, image, false",
    "apptainer, squashfs, directory, true",
    "apptainer, sandbox, directory, false",
    "apptainer, sandbox, directory, true",
    "fuse-overlayfs, squashfs, directory, false",
    "fuse-overlayfs, squashfs, image, true",
    "fuse-overlayfs, sandbox, directory, true"
  })
  void areFilesOfTheirOwn(
      String backend, String kind, String overlaid, boolean fakeroot, Images images)
      throws Exception {
    Path base = base(images);
    Path model = model(base);
    try (Bench bench = Bench.of(backend, temp)) {
      Image image = Image.at(kind.equals("sandbox") ? base : squashfs(base));
      SessionSpec plain = fakeroot ? bench.on(image).fakeroot() : bench.on(image);
      Overlay overlay = overlay(bench, overlaid);
      SessionSpec spec = plain.overlay(overlay);
      try (Session session = bench.start(spec)) {
        for (String change : CHANGES) {
          PlainTree.run(model.resolve("l"), change);
          assertAlike(list(model), inside(session, change + "; " + LIST), change);
        }
        assertEquals(expected(base, model), told(session.changes()));
      }
      assertAlike(list(model), seen(bench, spec), "in the next session");
      SessionSpec readOnly = plain.overlay(overlay.readOnly());
      assertAlike(list(model), seenReadOnly(bench, readOnly), "read-only");
      assertEquals(expected(base, model), told(bench.sdk().changes(spec, Changes.Detail.ROOTS)));

      stacked(bench, plain, overlay.readOnly(), model);
    }
  }

  /** What was written is linked too, and then only read, below another overlay. */
  private void stacked(Bench bench, SessionSpec plain, Overlay below, Path model) throws Exception {
    Path second = temp.resolve("second");
    SessionSpec spec = plain.overlay(below).overlay(bench.sdk().createOverlay(second));
    String change = "printf third >>r4; printf third >>h2; printf third >>h1";
    // the names that the first session linked are files of their own from here on
    PlainTree.run(model.resolve("l"), "cp -p r3 x; mv x r3; " + change);
    try (Session session = bench.start(spec)) {
      assertAlike(list(model), inside(session, change + "; " + LIST), "stacked");
    }
    assertAlike(list(model), seen(bench, spec), "stacked, in the next session");
  }

  @ParameterizedTest
  @CsvSource({"apptainer", "fuse-overlayfs"})
  void aBaseWithoutAnyGetsNoLayerForThem(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial()).overlay(Overlay.ephemeral());
      assertFalse(explained(bench, spec).contains("linked files"), explained(bench, spec));

      Image linked = Image.at(squashfs(base(images)));
      SessionSpec ephemeral = bench.on(linked).overlay(Overlay.ephemeral());
      boolean byKernel = backend.equals("apptainer") && isRoot();
      assertEquals(
          !byKernel,
          explained(bench, ephemeral).contains("copy 210 names of linked files of "),
          explained(bench, ephemeral));
      try (Session session = bench.start(ephemeral)) {
        inside(session, "printf more >>h2; rm h1");
        assertEquals("basemore", inside(session, "cat h2"));
        inside(session, "cd ../odd; printf more >>\"$(printf '\\377')\"; rm b");
        assertEquals("basemore", inside(session, "cat ../odd/*"));
      }
    }
  }

  /** A bare fuse-overlayfs has remembered where it copied a linked file from. */
  @ParameterizedTest
  @CsvSource({"apptainer", "fuse-overlayfs"})
  void whatTheDriverWroteByItselfIsRead(String backend, Images images) throws Exception {
    Path base = base(images);
    try (Bench bench = Bench.of(backend, temp)) {
      Path upper = Files.createDirectories(temp.resolve("overlay/upper"));
      Files.createDirectories(temp.resolve("overlay/work"));
      byTheDriver(base, upper, "printf more >>m/l/h1");
      SessionSpec spec = bench.on(Image.at(base)).overlay(Overlay.at(temp.resolve("overlay")));
      try (Session session = bench.start(spec)) {
        assertEquals("basemore base", inside(session, "printf '%s %s' $(cat h1) $(cat h2)"));
        inside(session, "printf third >>h2");
        assertEquals("basemore basethird", inside(session, "printf '%s %s' $(cat h1) $(cat h2)"));
      }
    }
  }

  private void byTheDriver(Path base, Path upper, String script) throws IOException {
    Path mount = Files.createDirectories(temp.resolve("mount/m")).getParent();
    Path tool = Tools.require("fuse-overlayfs");
    Programs.run(
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        "cd \"$1\" && \"$2\" -o lowerdir=\"$3\",upperdir=\"$4\",workdir=\"$5\" m && { "
            + script
            + "; }; umount m",
        "sh",
        mount.toString(),
        tool.toString(),
        base.toString(),
        upper.toString(),
        upper.resolveSibling("work").toString());
  }

  /** Says only where they differ: the lists are long. */
  private static void assertAlike(String expected, String found, String where) {
    List<String> missing = new ArrayList<>(expected.lines().toList());
    List<String> more = new ArrayList<>(found.lines().toList());
    found.lines().forEach(missing::remove);
    expected.lines().forEach(more::remove);
    assertEquals(missing, more, where);
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static String explained(Bench bench, SessionSpec spec) {
    return String.join("\n", bench.sdk().explain(spec, Command.of("true")).lines());
  }

  private Path base(Images images) throws Exception {
    Path base = temp.resolve("base");
    PlainTree.copy(images.sandbox().path().orElseThrow(), base);
    PlainTree.run(base, MAKE);
    return base;
  }

  private Path squashfs(Path base) throws IOException {
    Path image = temp.resolve("base.sqsh");
    Programs.run("mksquashfs", base.toString(), image.toString(), "-no-progress", "-all-root");
    return image;
  }

  private Path model(Path base) throws Exception {
    Path model = temp.resolve("model");
    PlainTree.copy(base, model);
    PlainTree.run(
        model,
        "find l -type f -links +1 -exec sh -c 'for f; do cp -p \"$f\" x; mv x \"$f\"; done' sh {} +");
    PlainTree.run(model.resolve("l"), "touch -d '2001-02-03 04:05:06' sub upper");
    return model;
  }

  private Overlay overlay(Bench bench, String kind) {
    return kind.equals("image")
        ? bench.sdk().createOverlay(temp.resolve("overlay"), 32 << 20)
        : bench.sdk().createOverlay(temp.resolve("overlay"));
  }

  private static String inside(Session session, String script) {
    return session.run("sh", "-c", "cd /l; " + script).orThrow().stdout();
  }

  private static String seen(Bench bench, SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      return inside(session, LIST);
    }
  }

  private static String seenReadOnly(Bench bench, SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      return inside(session, LIST.replace("../list", "/tmp/list"));
    }
  }

  private static String list(Path model) throws Exception {
    Process process =
        new ProcessBuilder("/bin/busybox", "sh", "-c", LIST)
            .directory(model.resolve("l").toFile())
            .redirectErrorStream(true)
            .start();
    String list = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(list.lines().count() > 400, list);
    return list;
  }

  private List<String> expected(Path base, Path model) throws Exception {
    return PlainTree.changes(base.resolve("l"), model.resolve("l")).stream()
        .map(Change::toString)
        .map(line -> line.replaceFirst(" /", " /l/"))
        .toList();
  }

  private static List<String> told(Changes changes) {
    try (changes) {
      List<String> lines = new ArrayList<>();
      changes.forEach(change -> lines.add(change.toString()));
      return lines;
    }
  }
}
