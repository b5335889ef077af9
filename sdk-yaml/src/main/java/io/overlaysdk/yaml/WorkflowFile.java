package io.overlaysdk.yaml;

import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Path;
import java.util.List;

/** Reads a workflow: what it declares, then its steps. */
final class WorkflowFile {
  static final List<String> KEYS = List.of("version", "name", "images", "overlays", "steps");

  private WorkflowFile() {}

  static Workflow read(Node root) {
    Path path = root.place().file();
    Section file = Section.of(root, KEYS);
    Values.requireVersion(file);
    String name = file.find("name").map(Values::name).orElse(path.getFileName().toString());
    Declared<DeclaredImage> images =
        Declared.read("image", file.entries("images"), node -> DeclaredImage.read(node, path));
    Declared<DeclaredOverlay> overlays =
        Declared.read("overlay", file.entries("overlays"), DeclaredOverlay::read);
    StepReader reader = new StepReader(images, overlays);
    Node list = file.get("steps");
    List<Step> steps = list.items().stream().map(reader::read).toList();
    if (steps.isEmpty()) {
      throw list.place().error("a workflow needs at least one step");
    }
    return new Workflow(name, steps);
  }
}
