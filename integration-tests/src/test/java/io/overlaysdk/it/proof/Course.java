package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs one sequence of three sessions through everything that can be done with an overlay, and
 * fails at the first look that does not show the model.
 */
final class Course {
  /** Gives each file one name only. */
  static final String PART =
      "find "
          + Listing.PLACES
          + " -type f -links +1 -exec sh -c 'cp -p \"$1\" part && mv -f part \"$1\"' sh {} \\;";

  private final Combination combination;
  private final BaseTree base;
  private final Place place;
  private final Model model;
  private final Listing before;

  Course(Combination combination, BaseTree base, Place place) throws IOException {
    this.combination = combination;
    this.base = base;
    this.place = place;
    this.model = place.model();
    this.before = model.listing();
  }

  void run(Sequence sequence) throws IOException {
    Overlay overlay = place.overlay("overlay");
    SessionSpec spec = place.image().overlay(overlay);
    SessionSpec shared = place.image().overlay(overlay.readOnly());

    first(spec, sequence.script(0, combination.anew(before.paths())));
    look("read-only after session 1", shared);
    second(spec, sequence.script(1, combination.anew(before.paths())));
    look("read-only after session 2", shared);
    layer(spec);
    neutral(spec, shared, overlay);
    stack(spec, shared, sequence);
  }

  private void first(SessionSpec spec, String script) throws IOException {
    place.run(spec, script);
    model.run(script);
    changes("after session 1", spec);
  }

  private void second(SessionSpec spec, String script) throws IOException {
    try (Session session = place.bench().start(spec)) {
      equal("read-write after session 1", place.list(session));
      place.run(session, script);
      model.run(script);
      equal("within session 2", place.list(session));
      assertEquals(expected(), Place.lines(session.changes()), "changes within session 2");
      equal("within session 2, after its changes", place.list(session));
    }
  }

  private void layer(SessionSpec written) throws IOException {
    Path layer = place.path("layer.tar");
    assertEquals(List.of(), place.bench().sdk().exportLayer(written, layer).skipped());
    changes("after the export", written);
    SessionSpec spec = place.image().overlay(place.overlay("imported"));
    place.bench().sdk().importLayer(layer, spec);
    look("exported and imported", spec);
    changes("exported and imported", spec);
  }

  private void neutral(SessionSpec spec, SessionSpec shared, Overlay overlay) throws IOException {
    place.bench().sdk().convert(spec);
    changes("in neutral form", spec);
    look("in neutral form, read-only", shared);
    equal("in neutral form, by the bare tool", place.bare(overlay));
    if (combination.overlay() == Combination.Kind.DIRECTORY
        && !model.listing().hasEmptyAttribute()) {
      look("packed as squashfs", place.image().overlay(place.packed("overlay")));
    }
    look("in neutral form, read-write", spec);
  }

  private void stack(SessionSpec spec, SessionSpec shared, Sequence sequence) throws IOException {
    Model stacked = parted(spec);
    Listing below = stacked.listing();
    Overlay top = place.overlay("top");
    SessionSpec written = shared.overlay(top);
    String script = sequence.script(2, combination.anew(below.paths()));

    place.run(written, script);
    stacked.run(script);

    equal("stacked, read-write", stacked, place.list(written));
    equal("stacked, read-only", stacked, place.list(shared.overlay(top.readOnly())));
    assertEquals(below.changes(stacked.listing()), place.changes(written), "changes of the stack");
  }

  private Model parted(SessionSpec spec) throws IOException {
    if (base.links() == Links.PARTED) {
      return model.parted(place.path("parted"));
    }
    place.run(spec, PART);
    model.run(PART);
    return model;
  }

  private void changes(String when, SessionSpec spec) throws IOException {
    assertEquals(expected(), place.changes(spec), () -> "changes " + when);
  }

  private List<String> expected() throws IOException {
    return before.changes(model.listing());
  }

  private void look(String when, SessionSpec spec) throws IOException {
    equal(when, place.list(spec));
  }

  private void equal(String when, String seen) throws IOException {
    equal(when, model, seen);
  }

  private static void equal(String when, Model model, String seen) throws IOException {
    List<String> differences = model.listing().differences(model.listing(seen));
    assertEquals("", String.join("\n", differences), when);
  }
}
