package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.BaseMismatchException;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What one driver wrote another one reads, or the overlay is brought into the form that it does.
 */
@ExtendWith(Images.Shared.class)
class DialectsIT {
  private static final String CHANGE =
      "umask 022; rm /app/obsolete.txt; rm -r /usr; mkdir /usr; echo 1 > /usr/only;"
          + " rm -r /opt; echo file > /opt; mkdir -p /new/sub; touch /new/sub/f;"
          + " rm -r /new/sub; mkdir /new/sub; echo more >> /app/message.txt";

  private static final String LOOK = "cd /; find app usr opt new | sort; cat app/message.txt opt";

  @TempDir private Path temp;

  private List<Overlay> overlays(Bench bench, String backend) {
    List<Overlay> overlays = new ArrayList<>();
    overlays.add(bench.sdk().createOverlay(temp.resolve("directory")));
    if (OnEachExt3Backend.Backends.writes(backend)) {
      overlays.add(bench.sdk().createOverlay(temp.resolve("image"), 64 << 20));
    }
    return overlays;
  }

  private static String look(Bench bench, SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      return session.run("sh", "-c", LOOK).orThrow().stdout();
    }
  }

  @OnEachBackend
  void aBareToolReadsWhatIsInNeutralForm(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      for (Overlay overlay : overlays(bench, backend)) {
        SessionSpec spec = bench.on(images.tutorial()).overlay(overlay);
        try (Session session = bench.start(spec)) {
          session.run("sh", "-c", CHANGE).orThrow();
        }
        String seen = look(bench, spec);
        List<String> changes = changes(bench, spec);

        assertTrue(bench.sdk().convert(spec), overlay + " had marks of a driver");
        assertFalse(bench.sdk().convert(spec), overlay + " has none any more");

        assertEquals(seen, bare(images, overlay), overlay::toString);
        assertEquals(seen, look(bench, bench.on(images.tutorial()).overlay(overlay.readOnly())));
        assertEquals(seen, look(bench, spec), overlay + " to be written to");
        assertEquals(changes, changes(bench, spec));
      }
    }
  }

  private static String bare(Images images, Overlay overlay) throws Exception {
    List<String> words = new ArrayList<>(List.of("apptainer", "--silent", "exec", "--contain"));
    if (System.getProperty("user.name").equals("root")) {
      words.add("--no-privs");
    }
    words.addAll(List.of("--overlay", overlay.readOnly().toString()));
    words.addAll(List.of(images.tutorialFile().toString(), "sh", "-c", LOOK));
    return Programs.run(words.toArray(String[]::new));
  }

  private static List<String> changes(Bench bench, SessionSpec spec) {
    List<String> lines = new ArrayList<>();
    try (Changes changes = bench.sdk().changes(spec, Changes.Detail.EVERY_ENTRY)) {
      changes.forEach(change -> lines.add(change.toString()));
    }
    return lines;
  }

  @OnEachBackend
  void marksOfAnotherDriverMeanWhatTheyMeantThere(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec base = bench.on(images.tutorial());
      String hidden = "ls -A /app; cat /app/mine";
      List<Overlay> overlays = new ArrayList<>(List.of(opaqueInDirectory()));
      if (OnEachExt3Backend.Backends.writes(backend)) {
        overlays.add(opaqueInImage());
      }
      for (Overlay overlay : overlays) {
        SessionSpec shared = base.overlay(overlay.readOnly());
        for (int i = 0; i < 2; i++) {
          try (Session session = bench.start(shared)) {
            assertEquals(
                "mine\nkept\n",
                session.run("sh", "-c", hidden).orThrow().stdout(),
                overlay + ":ro");
          }
        }
        SessionSpec written = base.overlay(overlay);
        try (Session session = bench.start(written)) {
          assertEquals(
              "mine\nkept\n",
              session.run("sh", "-c", hidden).orThrow().stdout(),
              overlay::toString);
          session.run("sh", "-c", "rm /app/mine; echo > /app/other").orThrow();
        }
        try (Session session = bench.start(shared)) {
          assertEquals("other\n", session.run("ls", "-A", "/app").orThrow().stdout());
        }
      }
    }
  }

  @OnEachBackend
  void explainTellsWhichWayIsTaken(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = opaqueInDirectory();
      SessionSpec base = bench.on(images.tutorial());
      if (backend.equals("overlayfs") && !System.getProperty("user.name").equals("root")) {
        assertTrue(
            lines(bench, base.overlay(overlay)).stream()
                .anyMatch(line -> line.startsWith("reads " + temp.resolve("by-hand") + " as it")));
        return;
      }
      assertTrue(
          lines(bench, base.overlay(overlay))
              .contains(
                  "bring the overlay "
                      + temp.resolve("by-hand")
                      + " into neutral form, because the driver would misread [KERNEL_USERXATTR]"
                      + " in it"));
      assertTrue(
          lines(bench, base.overlay(overlay.readOnly())).stream()
              .anyMatch(line -> line.startsWith("copy the overlay " + temp.resolve("by-hand"))));
      assertFalse(Files.exists(temp.resolve("by-hand/overlay.json")), "explain changes nothing");
    }
  }

  private static List<String> lines(Bench bench, SessionSpec spec) {
    return bench.sdk().explain(spec, Command.of("true")).lines();
  }

  /** As a kernel overlay that was mounted with userxattr leaves it. */
  private Path upper(String name) throws Exception {
    Path upper = Files.createDirectories(temp.resolve(name).resolve("upper"));
    Files.createDirectories(temp.resolve(name).resolve("work"));
    Path app = Files.createDirectory(upper.resolve("app"));
    Files.writeString(app.resolve("mine"), "kept\n");
    Files.getFileAttributeView(app, UserDefinedFileAttributeView.class)
        .write("overlay.opaque", ByteBuffer.wrap(new byte[] {'y'}));
    return upper;
  }

  private Overlay opaqueInDirectory() throws Exception {
    return Overlay.at(upper("by-hand").getParent());
  }

  private Overlay opaqueInImage() throws Exception {
    Path content = upper("content").getParent();
    Path image = temp.resolve("by-hand.ext3");
    Programs.run("/sbin/mkfs.ext3", "-q", "-F", "-d", content.toString(), image.toString(), "64M");
    return Overlay.at(image);
  }

  @OnEachBackend
  void anOverlayOfAnotherBaseIsRefusedUnlessThatIsMeant(String backend, Images images)
      throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      for (Overlay overlay : overlays(bench, backend)) {
        SessionSpec made = bench.on(images.tutorial()).overlay(overlay);
        SessionSpec other = bench.on(images.sandbox()).overlay(overlay);
        try (Session session = bench.start(other)) {
          session.run("touch", "/app/first").orThrow();
        }
        BaseMismatchException refused =
            assertThrows(BaseMismatchException.class, () -> bench.start(made));
        assertEquals(images.sandbox().toString(), refused.made());
        assertEquals(images.tutorialFile().toString(), refused.asked());
        assertThrows(
            BaseMismatchException.class,
            () -> bench.sdk().changes(made, Changes.Detail.ROOTS).close());
        assertThrows(BaseMismatchException.class, () -> bench.sdk().convert(made));
        try (Session session = bench.start(made.allowOtherBase())) {
          session.run("touch", "/app/new").orThrow();
        }
        bench.start(other).close();
      }
    }
  }

  /** As after a session on a mistyped image. */
  @OnEachBackend
  void anOverlayInWhichNothingIsHasNoBaseYet(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("mine"));
      bench.start(bench.on(images.sandbox()).overlay(overlay)).close();
      try (Session session = bench.start(bench.on(images.tutorial()).overlay(overlay))) {
        session.run("touch", "/app/new").orThrow();
      }
      assertThrows(
          BaseMismatchException.class,
          () -> bench.start(bench.on(images.sandbox()).overlay(overlay)));
    }
  }

  @Test
  void anImageThatWasReplacedIsAnotherBase(Images images) throws Exception {
    try (Bench bench = Bench.of("apptainer", temp)) {
      Path image = temp.resolve("base.sif");
      Files.copy(images.tutorialFile(), image);
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("mine"));
      SessionSpec spec = bench.on(Image.at(image)).overlay(overlay);
      try (Session session = bench.start(spec)) {
        session.run("touch", "/app/new").orThrow();
      }
      Path moved = Files.move(image, temp.resolve("moved.sif"));
      bench.start(bench.on(Image.at(moved)).overlay(overlay)).close();
      Files.copy(images.shellless().path().orElseThrow(), image);
      BaseMismatchException refused =
          assertThrows(BaseMismatchException.class, () -> bench.start(spec));
      assertTrue(
          refused.getMessage().contains("the image that is there now is another one"),
          refused::getMessage);
    }
  }

  @OnEachBackend
  void theManifestTellsWhoWroteAnOverlay(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("mine"));
      Path manifest = temp.resolve("mine/overlay.json");
      assertFalse(Files.readString(manifest).contains("\"base\""));
      bench.start(bench.on(images.tutorial()).overlay(overlay)).close();
      String text = Files.readString(manifest);
      for (String part :
          List.of(
              "\"location\" : \"" + images.tutorialFile() + "\"",
              "\"backend\" : \"" + backend + "\"",
              "\"driver\" : ",
              "\"hardLinks\" : ",
              "\"dialects\" : [ \"")) {
        assertTrue(text.contains(part), () -> part + " in " + text);
      }
    }
  }
}
