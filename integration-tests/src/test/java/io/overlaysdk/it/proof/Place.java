package io.overlaysdk.it.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.Changes;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.Bench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Where one sequence runs, and on what: the SDK and the programs of the host, as one combination.
 */
final class Place {
  private static final long SIZE = 64 << 20;

  private final Combination combination;
  private final BaseTree base;
  private final Path directory;
  private final Bench bench;
  private final Shell shell;

  /**
   * @param directory an empty one
   */
  Place(Combination combination, BaseTree base, Path directory, Bench bench) {
    this.combination = combination;
    this.base = base;
    this.directory = directory;
    this.bench = bench;
    this.shell = new Shell(combination.fakeroot());
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  Bench bench() {
    return bench;
  }

  Model model() throws IOException {
    Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
    if (combination.owners()) {
      aspects.add(Aspect.OWNERS);
    }
    if (base.links() == Links.NONE_BELOW) {
      aspects.add(Aspect.LINKS);
    }
    return Model.of(base, path("model"), shell, aspects);
  }

  /** A session on the image, without an overlay. */
  SessionSpec image() {
    SessionSpec spec = bench.on(base.image(combination.base()));
    return combination.fakeroot() ? spec.fakeroot() : spec;
  }

  Overlay overlay(String name) {
    return combination.overlay() == Combination.Kind.DIRECTORY
        ? bench.sdk().createOverlay(path(name))
        : bench.sdk().createOverlay(path(name), SIZE);
  }

  void run(SessionSpec spec, String script) {
    try (Session session = bench.start(spec)) {
      run(session, script);
    }
  }

  String list(SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      return list(session);
    }
  }

  String list(Session session) {
    return run(session, Listing.SCRIPT);
  }

  String run(Session session, String script) {
    return new String(session.run("sh", "-c", "cd /; " + script).orThrow().stdoutBytes(), UTF_8);
  }

  List<String> changes(SessionSpec spec) {
    return lines(bench.sdk().changes(spec, Changes.Detail.ROOTS));
  }

  static List<String> lines(Changes changes) {
    try (changes) {
      List<String> lines = new ArrayList<>();
      changes.forEach(change -> lines.add(change.toString()));
      return lines;
    }
  }

  /** What Apptainer by itself shows. */
  String bare(Overlay overlay) throws IOException {
    List<String> words = new ArrayList<>(List.of("apptainer", "--silent", "exec", "--contain"));
    if (Shell.ROOT) {
      words.add("--no-privs");
    }
    if (combination.fakeroot()) {
      words.add("--fakeroot");
    }
    words.addAll(List.of("--overlay", overlay.readOnly().toString()));
    words.add(base.image(combination.base()).toString());
    words.addAll(List.of("sh", "-c", "cd /; " + Listing.SCRIPT));
    return new Shell(false).words(words.toArray(String[]::new));
  }

  /** A squashfs of what is in a directory overlay. */
  Overlay packed(String overlay) throws IOException {
    String upper = path(overlay).resolve("upper").toString();
    Path file = path(overlay + ".squashfs");
    shell.words("mksquashfs", upper, file.toString(), "-no-progress");
    return Overlay.at(file).readOnly();
  }
}
