package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Plays the steps of a workflow, and stops at the first that fails. */
final class WorkflowPlayer {
  private final OverlaySdk sdk;
  private final Removal removal;
  private final Map<Path, String> digests = new HashMap<>();

  WorkflowPlayer(OverlaySdk sdk, Removal removal) {
    this.sdk = sdk;
    this.removal = removal;
  }

  /** What a step brought out, and what was wrong with it: nothing where the text is empty. */
  private record Outcome(List<String> output, String problem) {}

  boolean play(Workflow workflow, Consumer<StepReport> listener) {
    int number = 0;
    for (Step step : workflow.steps()) {
      number++;
      Outcome outcome;
      try {
        outcome = play(step);
      } catch (OverlayException e) {
        outcome = new Outcome(List.of(), Objects.toString(e.getMessage()));
      }
      boolean succeeded = outcome.problem().isEmpty();
      listener.accept(new StepReport(number, step, succeeded, outcome.output(), outcome.problem()));
      if (!succeeded) {
        return false;
      }
    }
    return true;
  }

  private Outcome play(Step step) {
    if (step instanceof Step.Build build) {
      return build(build);
    } else if (step instanceof Step.Create create) {
      return create(create);
    } else if (step instanceof Step.Run run) {
      return run(run);
    } else if (step instanceof Step.Show show) {
      return show(show);
    } else if (step instanceof Step.Unchanged unchanged) {
      return unchanged(unchanged);
    }
    throw new IllegalStateException("unknown step: " + step);
  }

  private Outcome build(Step.Build build) {
    String done = "";
    if (exists(build.target())) {
      switch (build.existing()) {
        case REFUSE -> {}
        case KEEP -> done = "kept " + build.target() + ", which is there";
        case REPLACE -> {
          requireFile(build.target());
          removal.remove(build.target());
        }
      }
    }
    if (!exists(build.target()) || build.existing() == Step.Existing.REFUSE) {
      sdk.build(build.definition(), build.target());
      done =
          Files.isDirectory(build.target())
              ? "no container tool is here to build an image file: made the sandbox directory "
                  + build.target()
              : "built " + build.target();
    }
    remember(build.target());
    return new Outcome(List.of(done, "SHA-256 " + digests.get(key(build.target()))), "");
  }

  private Outcome create(Step.Create create) {
    boolean keep = create.existing() == Step.Existing.KEEP && exists(create.path());
    if (keep) {
      return new Outcome(List.of("kept " + create.path() + ", which is there"), "");
    }
    List<String> output = new ArrayList<>();
    if (create.existing() == Step.Existing.REPLACE && exists(create.path())) {
      sdk.deleteOverlay(create.path());
      output.add("deleted the " + create.path() + " that was there");
    }
    if (create.size() == 0) {
      sdk.createOverlay(create.path());
      output.add("made " + create.path() + " with upper and work");
    } else {
      sdk.createOverlay(create.path(), create.size());
      output.add("made " + create.path() + ", an ext3 image of " + create.size() + " bytes");
    }
    return new Outcome(output, "");
  }

  private Outcome run(Step.Run run) {
    run.session().image().path().filter(Files::exists).ifPresent(this::remember);
    StringBuilder stdout = new StringBuilder();
    List<String> output = new ArrayList<>();
    Result last = null;
    try (Session session = sdk.start(run.session())) {
      for (Command command : run.commands()) {
        last = session.run(command);
        stdout.append(last.stdout());
        last.stdout().lines().forEach(output::add);
        last.stderr().lines().forEach(output::add);
        if (!last.succeeded()) {
          break;
        }
      }
    }
    String problem = "";
    if (last != null && last.exitStatus() != run.expect().status()) {
      problem = last + "; expected status " + run.expect().status();
    }
    return checked(output, stdout.toString(), problem, run.expect());
  }

  private Outcome show(Step.Show show) {
    List<String> lines = UpperListing.of(show.overlay().resolve("upper"));
    String stdout = lines.stream().map(line -> line + "\n").collect(Collectors.joining());
    return checked(lines, stdout, "", show.expect());
  }

  private Outcome unchanged(Step.Unchanged unchanged) {
    String before =
        Optional.ofNullable(digests.get(key(unchanged.image())))
            .orElseThrow(
                () ->
                    new InvalidSpecException(
                        "no step before this one used "
                            + unchanged.image()
                            + ", so there is nothing to compare with"));
    String now = Digests.ofImage(unchanged.image());
    return now.equals(before)
        ? new Outcome(List.of("SHA-256 " + now + ", as before"), "")
        : new Outcome(List.of(), unchanged.image() + " has SHA-256 " + now + "; it was " + before);
  }

  private static Outcome checked(
      List<String> output, String stdout, String problem, Expectation expect) {
    String wrong = problem;
    if (wrong.isEmpty() && expect.stdout().filter(text -> !text.equals(stdout)).isPresent()) {
      wrong = "the output was\n" + stdout + "and should have been\n" + expect.stdout().get();
    }
    return new Outcome(output, wrong);
  }

  private void remember(Path image) {
    digests.computeIfAbsent(key(image), Digests::ofImage);
  }

  private static Path key(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static void requireFile(Path path) {
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "will not replace " + path + ": it is not an image file; delete it yourself");
    }
  }
}
