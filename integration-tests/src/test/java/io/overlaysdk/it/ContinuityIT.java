package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What was written is what is read: in a session, and in the next one where the overlay is kept.
 */
@ExtendWith(Images.Shared.class)
class ContinuityIT {
  /** Every kind of change, in the root of the image and further down. */
  private static final String CHANGE =
      """
      set -e
      echo changed >/app/message.txt
      echo added >/app/added
      rm /etc/hosts
      rm -r /srv && mkdir /srv && echo new >/srv/inside
      mkdir -p /deep/er && echo deep >/deep/er/file && ln -s er/file /deep/link
      mv /app/obsolete.txt /app/renamed.txt
      rm -r /var
      chmod 600 /etc/hostname
      """;

  private static final String LOOK =
      """
      cat /app/message.txt /app/added /srv/inside /deep/link /app/renamed.txt
      for gone in /etc/hosts /app/obsolete.txt /var; do test -e $gone || echo no $gone; done
      ls -A /app /srv; stat -c %a /etc/hostname
      """;

  private static final String LOOKED =
      """
      changed
      added
      new
      deep
      This file is deleted in the tutorial.
      no /etc/hosts
      no /app/obsolete.txt
      no /var
      /app:
      added
      message.txt
      renamed.txt

      /srv:
      inside
      600
      """;

  @TempDir private Path temp;

  @OnEachBackend
  void keepsAnOverlayDirectory(String backend, Images images) throws Exception {
    byte[] before = sha256(images.tutorialFile());
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("my_overlay"));
      assertKept(bench, images.tutorial(), overlay);
      assertEquals("changed\n", Files.readString(temp.resolve("my_overlay/upper/app/message.txt")));
    }
    assertArrayEquals(before, sha256(images.tutorialFile()));
  }

  @OnEachExt3Backend
  void keepsAnOverlayInAFile(String backend, Images images) throws Exception {
    byte[] before = sha256(images.tutorialFile());
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("my_overlay.img"), 16 << 20);
      assertKept(bench, images.tutorial(), overlay);
    }
    assertArrayEquals(before, sha256(images.tutorialFile()));
  }

  private static void assertKept(Bench bench, Image image, Overlay overlay) {
    SessionSpec spec = bench.on(image).overlay(overlay);
    try (Session session = bench.start(spec)) {
      session.run("sh", "-c", CHANGE).orThrow();
      assertEquals(LOOKED, session.run("sh", "-c", LOOK).stdout());
    }
    try (Session session = bench.start(spec)) {
      assertEquals(LOOKED, session.run("sh", "-c", LOOK).stdout(), "in the next session");
    }
    try (Session session = bench.start(bench.on(image).overlay(overlay.readOnly()))) {
      assertEquals(LOOKED, session.run("sh", "-c", LOOK).stdout(), "read-only");
      assertReadOnly(session);
    }
    try (Session session =
        bench.start(bench.on(image).overlay(overlay.readOnly()).overlay(Overlay.ephemeral()))) {
      assertEquals(LOOKED, session.run("sh", "-c", LOOK).stdout(), "below another overlay");
    }
    try (Session session = bench.start(bench.on(image))) {
      assertEquals(
          "Hello from the base container!\n",
          session.run("cat", "/app/message.txt").orThrow().stdout());
    }
  }

  @OnEachExt3Backend
  void forgetsAnEphemeralOverlayWithItsSession(String backend, Images images) throws Exception {
    for (Overlay overlay : List.of(Overlay.ephemeral(), Overlay.ephemeral(16 << 20))) {
      try (Bench bench = Bench.of(backend, temp)) {
        SessionSpec spec = bench.on(images.tutorial()).overlay(overlay);
        try (Session session = bench.start(spec)) {
          session.run("sh", "-c", CHANGE).orThrow();
          assertEquals(LOOKED, session.run("sh", "-c", LOOK).stdout(), overlay.toString());
        }
        bench.assertNothingLeft();
        try (Session session = bench.start(spec)) {
          assertEquals(
              "Hello from the base container!\n",
              session.run("cat", "/app/message.txt").orThrow().stdout());
        }
      }
    }
  }

  @OnEachExt3Backend
  void honoursTheSizeOfAnEphemeralOverlay(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial());
      try (Session large = bench.start(spec.overlay(Overlay.ephemeral(200_000_000L)))) {
        large.run("dd", "if=/dev/zero", "of=/app/file", "bs=1M", "count=100").orThrow();
        assertEquals("104857600\n", large.run("stat", "-c", "%s", "/app/file").stdout());
      }
      try (Session small = bench.start(spec.overlay(Overlay.ephemeral(10_000_000L)))) {
        small.run("dd", "if=/dev/zero", "of=/app/file", "bs=1M", "count=4").orThrow();

        Result full = small.run("dd", "if=/dev/zero", "of=/app/more", "bs=1M", "count=6");

        assertEquals(1, full.exitStatus());
        assertTrue(full.stderr().contains("No space left on device"), full::stderr);
        small.run("rm", "/app/more").orThrow();
        assertEquals("4194304\n", small.run("stat", "-c", "%s", "/app/file").stdout());
      }
    }
  }

  @OnEachBackend
  void stacksReadOnlyOverlaysBottomToTop(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay first = layer(bench, images, "first");
      Overlay second = layer(bench, images, "second");
      Overlay bare = bareLayer("third");
      SessionSpec image = bench.on(images.tutorial());

      assertSeen("second", bench, image.overlay(first).overlay(second));
      assertSeen("first", bench, image.overlay(second).overlay(first));
      assertSeen("third", bench, image.overlay(second).overlay(first).overlay(bare));
      assertSeen("first", bench, image.overlay(bare).overlay(second).overlay(first));
      assertSeen(
          "second", bench, image.overlay(first).overlay(second).overlay(Overlay.ephemeral()));
    }
  }

  /** An overlay that a session has written. */
  private Overlay layer(Bench bench, Images images, String name) {
    Overlay overlay = bench.sdk().createOverlay(temp.resolve(name));
    try (Session session = bench.start(bench.on(images.tutorial()).overlay(overlay))) {
      session
          .run(
              "sh",
              "-c",
              "echo $0 >/app/message.txt; echo $0 >/app/$0; rm -f /app/obsolete.txt",
              name)
          .orThrow();
    }
    return overlay.readOnly();
  }

  /** A directory that is a layer itself. */
  private Overlay bareLayer(String name) throws Exception {
    Path app = Files.createDirectories(temp.resolve(name).resolve("app"));
    Files.writeString(app.resolve("message.txt"), name + "\n");
    Files.writeString(app.resolve(name), name + "\n");
    return Overlay.at(temp.resolve(name)).readOnly();
  }

  private static void assertSeen(String top, Bench bench, SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      assertEquals(top + "\n", session.run("cat", "/app/message.txt").orThrow().stdout());
      for (Overlay overlay : spec.overlays()) {
        overlay
            .path()
            .map(path -> path.getFileName().toString())
            .ifPresent(name -> session.run("test", "-e", "/app/" + name).orThrow());
      }
      assertEquals(1, session.run("test", "-e", "/app/obsolete.txt").exitStatus());
    }
  }

  @OnEachBackend
  void changesNothingWithoutAWritableOverlay(String backend, Images images) throws Exception {
    for (Image image : List.of(images.tutorial(), images.sandbox())) {
      try (Bench bench = Bench.of(backend, temp);
          Session session = bench.start(bench.on(image))) {
        assertReadOnly(session);
      }
    }
  }

  private static void assertReadOnly(Session session) {
    Result result =
        session.run(
            "sh",
            "-c",
            "echo x >/app/message.txt; echo x >/app/new; rm /bin/cat; mkdir /new; chmod 0 /app");
    assertEquals(
        5,
        result.stderr().lines().filter(line -> line.contains("Read-only file system")).count(),
        result::stderr);
  }

  @OnEachBackend
  void leavesADirectoryImageAsItIs(String backend, Images images) throws Exception {
    Path root = images.sandbox().path().orElseThrow();
    String listing = "cd \"$1\" && find . -printf '%p %m %U %s %T@ %C@\\n' | sort";
    String before = Programs.run("sh", "-c", listing, "sh", root.toString());
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.sandbox()).overlay(Overlay.ephemeral()))) {
      session.run("sh", "-c", "echo x >/app/message.txt; rm -r /srv /etc; mkdir /srv /a").orThrow();
      assertEquals("x\n", session.run("cat", "/app/message.txt").orThrow().stdout());
      assertEquals("", session.run("ls", "-A", "/srv").orThrow().stdout());
    }
    assertEquals(before, Programs.run("sh", "-c", listing, "sh", root.toString()));
  }

  private static byte[] sha256(Path file) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
  }
}
