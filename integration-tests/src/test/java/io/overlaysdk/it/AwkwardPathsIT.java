package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Paths that the tools' notations would split, cut or expand: they work on every backend. */
@ExtendWith(Images.Shared.class)
class AwkwardPathsIT {
  private static final List<String> NAMES =
      List.of(
          " around and inside ",
          "com,ma",
          "co:lon:ro",
          "new\nline\n",
          "return\rhere",
          "quo\"te's",
          "\"quoted\"",
          "back\\slash\\",
          "--bind=x",
          "$HOME`id`*?[a]%s",
          "é日");

  /** Enough where a path goes the same way as the others. */
  private static final List<String> FEW = List.of("com,ma", "co:lon:ro", "new\nline\n", "\"'\\");

  @TempDir private Path temp;

  @OnEachBackend
  void imagesAndWritableOverlays(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      for (String name : NAMES) {
        Path directory = Files.createDirectories(temp.resolve("images").resolve(name));
        Path sif = directory.resolve(name);
        Files.createLink(sif, images.tutorialFile());
        Path upper = Files.createDirectories(temp.resolve("overlays")).resolve(name);
        SessionSpec spec = bench.on(Image.at(sif)).overlay(bench.sdk().createOverlay(upper));

        try (Session session = bench.start(spec)) {
          session.run("sh", "-c", "echo changed >/app/message.txt").orThrow();
        }

        assertEquals("changed\n", Files.readString(upper.resolve("upper/app/message.txt")), name);
      }
    }
  }

  @OnEachExt3Backend
  void overlaysInFiles(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      for (String name : FEW) {
        Path file = Files.createDirectories(temp.resolve("overlays")).resolve(name);
        Overlay overlay = bench.sdk().createOverlay(file, 8 << 20);
        SessionSpec spec = bench.on(images.tutorial());
        try (Session session = bench.start(spec.overlay(overlay))) {
          session.run("sh", "-c", "echo changed >/app/message.txt").orThrow();
        }
        try (Session session = bench.start(spec.overlay(overlay.readOnly()))) {
          assertEquals(
              "changed\n", session.run("cat", "/app/message.txt").orThrow().stdout(), name);
        }
      }
    }
  }

  @OnEachBackend
  void directoriesAsImages(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      for (String name : FEW) {
        Path root = Files.createDirectories(temp.resolve("roots")).resolve(name);
        Programs.run("cp", "-a", images.sandbox().path().orElseThrow().toString(), root.toString());
        SessionSpec spec = bench.on(Image.at(root)).overlay(Overlay.ephemeral());

        try (Session session = bench.start(spec)) {
          session.run("sh", "-c", "echo changed >/app/message.txt").orThrow();
          assertEquals(
              "changed\n", session.run("cat", "/app/message.txt").orThrow().stdout(), name);
        }
      }
    }
  }

  @OnEachBackend
  void readOnlyOverlays(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      SessionSpec spec = bench.on(images.tutorial());
      for (int i = 0; i < NAMES.size(); i++) {
        Path layer = Files.createDirectories(temp.resolve("layers")).resolve(NAMES.get(i));
        Files.createDirectories(layer.resolve("app"));
        Files.writeString(layer.resolve("app/layer" + i), NAMES.get(i));
        spec = spec.overlay(Overlay.at(layer).readOnly());
      }
      try (Session session = bench.start(spec)) {
        List<String> found = new ArrayList<>();
        for (int i = 0; i < NAMES.size(); i++) {
          found.add("/app/layer" + i);
        }
        assertEquals(String.join("", NAMES), cat(session, found));
      }
    }
  }

  @OnEachBackend
  void sourcesAndTargetsOfBinds(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      SessionSpec spec = bench.on(images.tutorial());
      List<String> targets = new ArrayList<>();
      for (String name : NAMES) {
        Path source = Files.createDirectories(temp.resolve("sources")).resolve(name);
        Files.writeString(source, name);
        String target = "/binds/" + withoutReturn(name);
        spec = spec.bind(new Bind(source, ContainerPath.of(target), Access.READ_WRITE));
        targets.add(target);
      }
      try (Session session = bench.start(spec)) {
        assertEquals(String.join("", NAMES), cat(session, targets));
      }
    }
  }

  private static String cat(Session session, List<String> files) {
    List<String> words = new ArrayList<>(List.of("cat", "--"));
    words.addAll(files);
    return session.run(Command.of(words)).orThrow().stdout();
  }

  private static String withoutReturn(String name) {
    return name.replace('\r', '_');
  }

  @OnEachBackend
  void targetsWithACarriageReturnWorkOrAreRefusedByName(String backend, Images images)
      throws Exception {
    Path source = Files.writeString(temp.resolve("source"), "bound");
    try (Bench bench = Bench.of(backend, temp.resolve("bench"))) {
      SessionSpec spec = bench.on(images.tutorial()).bind(source, "/return\rhere");
      if (backend.endsWith("overlayfs")) {
        try (Session session = bench.start(spec)) {
          assertEquals("bound", cat(session, List.of("/return\rhere")));
        }
      } else {
        NoBackendException e = assertThrows(NoBackendException.class, () -> bench.start(spec));
        assertTrue(e.getMessage().contains("at /return\\x0dhere"), e::getMessage);
      }
    }
  }

  @OnEachBackend
  void scratchDirectories(String backend, Images images) throws Exception {
    for (String name : List.of("com,ma", "new\nline ", "quo\"te's\\", "é")) {
      try (Bench bench = Bench.of(backend, temp.resolve(name));
          Session session = bench.start(bench.on(images.tutorial()).overlay(Overlay.ephemeral()))) {
        session.run("sh", "-c", "echo x >/app/message.txt; echo y >/tmp/y").orThrow();
        assertEquals("x\ny\n", cat(session, List.of("/app/message.txt", "/tmp/y")), name);
      }
    }
  }

  /** Only what goes through a link needs one; a merged root is always made in it. */
  @OnEachBackend
  void scratchDirectoriesWithAColonWorkOrAreRefusedByName(String backend, Images images)
      throws Exception {
    Path directory = temp.resolve("co:lon");
    try (Bench bench = Bench.of(backend, directory)) {
      SessionSpec spec = bench.on(images.tutorial());
      if (!backend.endsWith("overlayfs")) {
        try (Session session = bench.start(spec)) {
          session.run("true").orThrow();
        }
      }
      SessionSpec linked = spec.overlay(Overlay.ephemeral());

      NoBackendException e = assertThrows(NoBackendException.class, () -> bench.start(linked));

      assertTrue(e.getMessage().contains(directory.toString()), e::getMessage);
    }
  }
}
