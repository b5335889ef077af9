package io.overlaysdk.it.proof;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
 * Runs one sequence of three sessions through everything that can be done with an overlay, and
 * fails at the first look that does not show the model.
 */
final class Course {
  static final int SESSIONS = 3;

  private static final long SIZE = 64 << 20;

  /**
   * Files with one name only: what a linked file of a lower layer becomes depends on the driver.
   */
  private static final String PART =
      "find "
          + Listing.PLACES
          + " -type f -links +1 -exec sh -c 'cp -p \"$1\" part && mv -f part \"$1\"' sh {} \\;";

  private final Combination combination;
  private final BaseTree base;
  private final Path place;
  private final Bench bench;
  private final Shell shell;
  private final Links links;

  Course(Combination combination, BaseTree base, Path place, Bench bench, Links links) {
    this.combination = combination;
    this.base = base;
    this.place = place;
    this.bench = bench;
    this.links = links;
    this.shell = new Shell(combination.fakeroot());
  }

  /** Whether the container's user may give files to others. */
  static boolean owners(Combination combination) {
    return combination.fakeroot() || Shell.ROOT;
  }

  /** Where a directory in place of another entry must stay: see {@link Generator}. */
  private Set<String> lower(Listing below) {
    boolean kernel = Shell.ROOT && combination.backend().equals("apptainer");
    return kernel ? Set.of() : below.paths();
  }

  private Set<Aspect> aspects() {
    Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
    if (owners(combination)) {
      aspects.add(Aspect.OWNERS);
    }
    if (links == Links.NONE_BELOW) {
      aspects.add(Aspect.LINKS);
    }
    return aspects;
  }

  void run(Sequence sequence) throws IOException {
    Model model = Model.of(base, place.resolve("model"), shell, aspects());
    Overlay overlay = overlay("overlay");
    SessionSpec spec = image().overlay(overlay);
    SessionSpec shared = image().overlay(overlay.readOnly());
    Listing before = model.listing();
    String first = sequence.script(0, lower(before));

    write(spec, first);
    model.run(first);
    assertEquals(before.changes(model.listing()), changes(spec), "changes after session 1");
    look("read-only after session 1", model, shared);
    writeAndLook(model, spec, sequence.script(1, lower(before)), before);
    look("read-only after session 2", model, shared);

    layer(model, before, spec);
    assertEquals(before.changes(model.listing()), changes(spec), "changes after the export");
    bench.sdk().convert(spec);
    assertEquals(before.changes(model.listing()), changes(spec), "changes in neutral form");
    look("read-only in neutral form", model, shared);
    look("read-write in neutral form", model, spec);
    bare(model, overlay);
    packed(model);
    stack(model, shared, spec, sequence);
  }

  private void stack(Model model, SessionSpec shared, SessionSpec spec, Sequence sequence)
      throws IOException {
    Model parted =
        links == Links.PARTED ? model.parted(place.resolve("parted")) : part(model, spec);
    Listing before = parted.listing();
    Overlay top = overlay("top");
    SessionSpec stacked = shared.overlay(top);
    String script = sequence.script(2, lower(before));
    write(stacked, script);
    parted.run(script);
    look("stack, read-write", parted, stacked);
    look("stack, read-only", parted, shared.overlay(top.readOnly()));
    assertEquals(before.changes(parted.listing()), changes(stacked), "changes of the stack");
  }

  private Model part(Model model, SessionSpec spec) throws IOException {
    write(spec, PART);
    model.run(PART);
    return model;
  }

  private void writeAndLook(Model model, SessionSpec spec, String script, Listing before)
      throws IOException {
    try (Session session = bench.start(spec)) {
      equal("read-write after session 1", model, list(session));
      session.run("sh", "-c", "cd /; " + script).orThrow();
      model.run(script);
      equal("within session 2", model, list(session));
      assertEquals(
          before.changes(model.listing()), lines(session.changes()), "changes within session 2");
      equal("within session 2, reopened", model, list(session));
    }
  }

  private void layer(Model model, Listing before, SessionSpec written) throws IOException {
    Path layer = place.resolve("layer.tar");
    assertEquals(List.of(), bench.sdk().exportLayer(written, layer).skipped(), "not exported");
    Overlay imported = overlay("imported");
    SessionSpec spec = image().overlay(imported);
    bench.sdk().importLayer(layer, spec);
    look("exported and imported", model, spec);
    assertEquals(before.changes(model.listing()), changes(spec), "changes of the import");
  }

  private void bare(Model model, Overlay overlay) throws IOException {
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
    String seen = new Shell(false).words(words.toArray(String[]::new));
    equal("bare tool", model, seen);
  }

  private void packed(Model model) throws IOException {
    if (combination.overlay() != Combination.Kind.DIRECTORY) {
      return;
    }
    Path file = place.resolve("packed.squashfs");
    shell.words(
        "mksquashfs", place.resolve("overlay/upper").toString(), file.toString(), "-no-progress");
    look("packed as squashfs", model, image().overlay(Overlay.at(file).readOnly()));
  }

  private SessionSpec image() {
    SessionSpec spec = bench.on(base.image(combination.base()));
    return combination.fakeroot() ? spec.fakeroot() : spec;
  }

  private Overlay overlay(String name) {
    return combination.overlay() == Combination.Kind.DIRECTORY
        ? bench.sdk().createOverlay(place.resolve(name))
        : bench.sdk().createOverlay(place.resolve(name), SIZE);
  }

  private void write(SessionSpec spec, String script) {
    try (Session session = bench.start(spec)) {
      session.run("sh", "-c", "cd /; " + script).orThrow();
    }
  }

  private void look(String when, Model model, SessionSpec spec) throws IOException {
    try (Session session = bench.start(spec)) {
      equal(when, model, list(session));
    }
  }

  private void equal(String when, Model model, String seen) throws IOException {
    List<String> differences = model.listing().differences(model.listing(seen));
    assertEquals("", String.join("\n", differences), when);
  }

  private static String list(Session session) {
    return new String(
        session.run("sh", "-c", "cd /; " + Listing.SCRIPT).orThrow().stdoutBytes(), UTF_8);
  }

  private List<String> changes(SessionSpec spec) {
    return lines(bench.sdk().changes(spec, Changes.Detail.ROOTS));
  }

  private static List<String> lines(Changes changes) {
    try (changes) {
      List<String> lines = new ArrayList<>();
      changes.forEach(change -> lines.add(change.toString()));
      return lines;
    }
  }
}
