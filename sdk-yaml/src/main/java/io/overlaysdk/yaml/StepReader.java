package io.overlaysdk.yaml;

import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Step.Existing;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Reads a step, whose action is the one of its keys that is the name of one. */
final class StepReader {
  /** The keys of a step, by its action. */
  static final Map<String, List<String>> KEYS = keys();

  static final Map<String, Existing> EXISTING = existing();

  private final Declared<DeclaredImage> images;
  private final Declared<DeclaredOverlay> overlays;
  private final RunReader runs;

  StepReader(Declared<DeclaredImage> images, Declared<DeclaredOverlay> overlays) {
    this.images = images;
    this.overlays = overlays;
    this.runs = new RunReader(images, overlays);
  }

  Step read(Node node) {
    Set<String> all = new LinkedHashSet<>();
    KEYS.values().forEach(all::addAll);
    Section any = Section.of(node, all);
    String action = any.oneOf("a step", List.copyOf(KEYS.keySet()));
    Section step = Section.of(node, Objects.requireNonNull(KEYS.get(action)));
    return switch (action) {
      case "build" -> build(step);
      case "create" -> create(step);
      case "run" -> runs.read(step);
      case "show" -> show(step);
      default -> unchanged(step);
    };
  }

  private Step build(Section step) {
    Node name = step.get("build");
    DeclaredImage image = images.get(name);
    Path target = image.path(name.place(), "build");
    Path definition = image.definition(name.place());
    return new Step.Build(
        title(step, "Build " + target + " from " + definition.getFileName()),
        definition,
        target,
        existing(step));
  }

  private Step create(Section step) {
    Node name = step.get("create");
    DeclaredOverlay overlay = overlays.get(name);
    Path path = overlay.path(name.place(), "create");
    return new Step.Create(
        title(step, "Make the overlay " + path), path, overlay.size(), existing(step));
  }

  private Step show(Section step) {
    Node name = step.get("show");
    Path path = overlays.get(name).path(name.place(), "show");
    return new Step.Show(
        title(step, "Show what lies in " + path),
        path,
        ExpectationReader.read(step, ExpectationReader.SHOW_KEYS));
  }

  private Step unchanged(Section step) {
    Node name = step.get("unchanged");
    Path path = images.get(name).path(name.place(), "take the SHA-256 of");
    return new Step.Unchanged(title(step, "Check that " + path + " is unchanged"), path);
  }

  static String title(Section step, String otherwise) {
    return step.find("name").map(Values::name).orElse(otherwise);
  }

  private static Existing existing(Section step) {
    return step.find("existing").map(node -> Values.choice(node, EXISTING)).orElse(Existing.REFUSE);
  }

  private static Map<String, List<String>> keys() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    keys.put("build", List.of("name", "build", "existing"));
    keys.put("create", List.of("name", "create", "existing"));
    keys.put("run", List.of("name", "run", "expect"));
    keys.put("show", List.of("name", "show", "expect"));
    keys.put("unchanged", List.of("name", "unchanged"));
    return Collections.unmodifiableMap(keys);
  }

  private static Map<String, Existing> existing() {
    Map<String, Existing> words = new LinkedHashMap<>();
    Arrays.stream(Existing.values())
        .forEach(existing -> words.put(existing.name().toLowerCase(Locale.ROOT), existing));
    return Collections.unmodifiableMap(words);
  }
}
