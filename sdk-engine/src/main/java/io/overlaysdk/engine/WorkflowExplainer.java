package io.overlaysdk.engine;

import io.overlaysdk.Explanation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Says what each step of a workflow would do, taking what the steps before it make as made. */
final class WorkflowExplainer {
  private final Planner planner;
  private final Builders builders;
  private final PolicyCheck policy;
  private final Supplier<Path> scratch;
  private final Facts facts;

  WorkflowExplainer(
      Planner planner, Builders builders, PolicyCheck policy, Facts facts, Supplier<Path> scratch) {
    this.planner = planner;
    this.policy = policy;
    this.builders = builders;
    this.facts = facts;
    this.scratch = scratch;
  }

  List<Explanation> explain(Workflow workflow) {
    List<Explanation> explanations = new ArrayList<>();
    for (Step step : workflow.steps()) {
      explanations.add(explain(step));
    }
    return explanations;
  }

  private Explanation explain(Step step) {
    if (step instanceof Step.Build build) {
      return build(build);
    } else if (step instanceof Step.Create create) {
      return create(create);
    } else if (step instanceof Step.Run run) {
      return Explainer.session(
          run.title(), planner.plan(run.session(), scratch.get(), facts), run.commands());
    } else if (step instanceof Step.Show show) {
      return new Explanation(
          show.title(), List.of("list what lies in " + show.overlay().resolve("upper")));
    } else if (step instanceof Step.Unchanged unchanged) {
      return new Explanation(
          unchanged.title(), List.of("compare the SHA-256 of " + unchanged.image()));
    }
    throw new IllegalStateException("unknown step: " + step);
  }

  private Explanation build(Step.Build build) {
    if (build.existing() == Step.Existing.KEEP && Files.exists(build.target())) {
      return new Explanation(build.title(), List.of(build.target() + " is there and is kept"));
    }
    Path target = build.target().toAbsolutePath().normalize();
    policy.build(ImageBuild.definition(build.definition()));
    Builders.Choice choice = builders.choose(ImageBuild.definition(build.definition()), target);
    facts.willBuild(build.target());
    return Explainer.steps(build.title(), "builder: " + choice.builder().name(), choice.steps());
  }

  private Explanation create(Step.Create create) {
    if (create.existing() == Step.Existing.KEEP && Files.exists(create.path())) {
      return new Explanation(create.title(), List.of(create.path() + " is there and is kept"));
    }
    List<String> lines = new ArrayList<>();
    if (create.existing() == Step.Existing.REPLACE && Files.exists(create.path())) {
      lines.add("delete the overlay " + create.path() + " that is there");
    }
    boolean directory = create.size() == 0;
    policy.overlay(create.path(), create.size(), OptionalLong.empty());
    facts.willCreate(
        create.path(), directory ? OverlayFacts.Kind.DIRECTORY : OverlayFacts.Kind.EXT3);
    lines.add(
        directory
            ? "make the directory overlay " + create.path() + " with upper and work"
            : "make the ext3 overlay " + create.path() + " of " + create.size() + " bytes");
    return new Explanation(create.title(), lines);
  }
}
