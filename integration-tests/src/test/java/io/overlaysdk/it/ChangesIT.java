package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the SDK says has changed is what has changed, whoever wrote the overlay. */
@ExtendWith(Images.Shared.class)
class ChangesIT {
  private static final int SEEDS = 6;
  private static final int OPERATIONS = 40;

  @TempDir private Path temp;

  @OnEachBackend
  void tellsEveryKindOfChangeAndNothingElse(String backend, Images images) throws Exception {
    List<Overlay> overlays = new ArrayList<>();
    try (Bench bench = Bench.of(backend, temp)) {
      overlays.add(bench.sdk().createOverlay(temp.resolve("directory")));
      if (OnEachExt3Backend.Backends.writes(backend)) {
        overlays.add(bench.sdk().createOverlay(temp.resolve("image"), 64 << 20));
      }
      for (Overlay overlay : overlays) {
        SessionSpec spec = bench.on(images.tutorial()).overlay(overlay);
        try (Session session = bench.start(spec)) {
          session
              .run(
                  "sh",
                  "-c",
                  "umask 022; echo x > /app/message.txt; rm /app/obsolete.txt; mkdir /new;"
                      + " echo 1 > /new/f; ln -s f /new/l; chmod 700 /bin; rm /bin/yes;"
                      + " cp /etc/hostname /tmp/h; cat /tmp/h > /etc/hostname; touch /etc/hosts;"
                      + " rm -r /opt; echo file > /opt; rm -r /usr; mkdir /usr; touch /usr/only")
              .orThrow();
          assertEquals(expected(), list(session.changes()), overlay::toString);
          session.run("true").orThrow();
        }
        assertEquals(
            expected(),
            list(bench.sdk().changes(spec, Changes.Detail.ROOTS)),
            () -> overlay + " at rest");
        assertEquals(
            List.of("DELETED /usr/bin", "DELETED /usr/bin/env"),
            list(bench.sdk().changes(spec, Changes.Detail.EVERY_ENTRY)).stream()
                .filter(change -> change.contains("/usr/bin"))
                .toList());
      }
    }
  }

  private static List<String> expected() {
    return List.of(
        "MODIFIED /app/message.txt",
        "DELETED /app/obsolete.txt",
        "METADATA /bin",
        "DELETED /bin/yes",
        "ADDED /new",
        "ADDED /new/f",
        "ADDED /new/l",
        "TYPE_CHANGED /opt",
        "DELETED /usr/bin",
        "ADDED /usr/only");
  }

  /**
   * After random operations, what differs between plain copies of the image and of what a new
   * session shows is what must be told.
   */
  @OnEachBackend
  void agreesWithAPlainCopy(String backend, Images images) throws Exception {
    long first = Long.getLong("overlaysdk.seed", 20261123);
    Path base = temp.resolve("base");
    PlainTree.copy(images.sandbox().path().orElseThrow(), base);
    PlainTree.run(base, new Operations(new Random(first)).script(3 * OPERATIONS));
    try (Bench bench = Bench.of(backend, temp)) {
      for (long seed = first; seed < first + SEEDS; seed++) {
        agree(bench, base, seed);
      }
    }
  }

  private void agree(Bench bench, Path base, long seed) throws Exception {
    Path copy = temp.resolve("copy-" + seed);
    Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay-" + seed));
    SessionSpec spec = bench.on(Image.at(base)).overlay(overlay);
    Operations operations = new Operations(new Random(seed));
    for (int i = 0; i < 2; i++) {
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", operations.script(OPERATIONS)).orThrow();
      }
    }
    PlainTree.copy(base, copy);
    try (Session session = bench.start(spec)) {
      Result archive = session.run("sh", "-c", "tar -cf - " + operations.places());
      PlainTree.replace(copy, operations.places(), archive.orThrow().stdoutBytes());
    }
    assertEquals(
        PlainTree.changes(base, copy).stream().map(Change::toString).toList(),
        list(bench.sdk().changes(spec, Changes.Detail.ROOTS)),
        () -> "seed " + seed + ", repeat with -Doverlaysdk.seed=" + seed);
  }

  /** squashfuse lists such an attribute, and has no data for it. */
  @Test
  void readsAttributesWithoutAValueInASquashfs(Images images) throws Exception {
    Path content = temp.resolve("content");
    Path app = Files.createDirectories(content.resolve("app"));
    Files.createFile(app.resolve("new"));
    Files.getFileAttributeView(app, UserDefinedFileAttributeView.class)
        .write("empty", ByteBuffer.allocate(0));
    Path packed = temp.resolve("packed.squashfs");
    Programs.run("mksquashfs", content.toString(), packed.toString(), "-no-progress");
    try (Bench bench = Bench.of("apptainer", temp)) {
      SessionSpec spec = bench.on(images.sandbox()).overlay(Overlay.at(packed).readOnly());
      assertEquals(
          List.of("METADATA /app", "ADDED /app/new"),
          list(bench.sdk().changes(spec, Changes.Detail.ROOTS)));
    }
  }

  @OnEachBackend
  void runsNoCommandWhileTheChangesAreRead(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial());
      try (Session readOnly = bench.start(spec)) {
        assertThrows(InvalidSpecException.class, readOnly::changes);
      }
      try (Session session = bench.start(spec.overlay(Overlay.ephemeral()))) {
        Changes changes = session.changes();
        assertThrows(IllegalStateException.class, session::changes);
        assertEquals(List.of(), list(changes));
        session.run("touch", "/app/new").orThrow();
        Change added = Change.of(Kind.ADDED, ContainerPath.of("/app/new"));
        // left open: closing the session closes it
        assertEquals(added, session.changes().iterator().next());
      }
      assertEquals(List.of(), mountsBelow(temp));
      Overlay kept = bench.sdk().createOverlay(temp.resolve("kept"));
      assertNotNull(bench.sdk().changes(spec.overlay(kept), Changes.Detail.ROOTS).iterator());
      // left open too: closing the SDK closes it
    }
    assertEquals(List.of(), mountsBelow(temp));
  }

  private static List<String> mountsBelow(Path directory) throws Exception {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .filter(line -> line.contains(directory.toString()))
        .toList();
  }

  private static List<String> list(Changes changes) {
    try (changes) {
      List<String> lines = new ArrayList<>();
      changes.forEach(change -> lines.add(change.toString()));
      return lines;
    }
  }
}
