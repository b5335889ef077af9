package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Explanation;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Secrets;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.util.ArrayList;
import java.util.List;

/** Says for people what a plan does: every step, and every invocation one argument a line. */
final class Explainer {
  private static final String INDENT = "    ";

  private final List<String> lines = new ArrayList<>();

  /** The whole of a session with these commands. */
  static Explanation session(String title, Planner.Planned planned, List<Command> commands) {
    Explainer explainer = new Explainer();
    Plan plan = planned.choice().plan();
    explainer.line("backend: " + planned.choice().backend().name() + ", because " + plan.reason());
    planned
        .choice()
        .refusals()
        .forEach((name, reason) -> explainer.line("not " + name + ": " + reason));
    planned.admission().policies().forEach(explainer::line);
    planned.unpacked().ifPresent(image -> explainer.line(image.toString()));
    planned.shared().forEach(shared -> explainer.line("shared with the host: " + shared));
    planned.overlays().stream()
        .filter(overlay -> !overlay.dialects().isEmpty())
        .forEach(
            overlay ->
                explainer.line(
                    "reads " + overlay.path() + " as it is, marked as " + overlay.dialects()));
    plan.writes().ifPresent(dialect -> explainer.line("marks what it hides as " + dialect));
    planned.conversions().forEach(conversion -> explainer.line(conversion.toString()));
    planned.separations().forEach(separation -> explainer.line(separation.toString()));
    explainer.steps(planned.steps());
    explainer.steps(plan.prepare());
    boolean separate = planned.spec().hasSeparateCommands();
    String pipes = ControlDirectory.inside(separate ? "s1" : "c1");
    Command wrapped = Command.of("/bin/sh", "-c", "(script)", "overlay-sdk", pipes);
    explainer.line("enter, once for " + (separate ? "each command" : "the session") + ", with");
    explainer.invocation(plan.enter(wrapped, Stdio.PIPES));
    explainer.line("(script) is told through " + ControlDirectory.INSIDE + " what to run, here");
    commands.forEach(command -> explainer.command(command, planned.start()));
    planned
        .variables()
        .keySet()
        .forEach(name -> explainer.line("with the environment variable " + name));
    explainer.line("close: end what runs, then delete what the steps made");
    return new Explanation(Secrets.masked(title), explainer.lines);
  }

  /** Steps alone, such as those of a build. */
  static Explanation steps(String title, String reason, List<Step> steps) {
    Explainer explainer = new Explainer();
    explainer.line(reason);
    explainer.steps(steps);
    return new Explanation(Secrets.masked(title), explainer.lines);
  }

  private void steps(List<Step> steps) {
    for (Step step : steps) {
      if (step instanceof Step.MakeDirectory make) {
        line("make the directory " + make.path());
      } else if (step instanceof Step.WriteFile write) {
        line("write the file " + write.path() + ", " + write.content().length() + " characters");
      } else if (step instanceof Step.Link link) {
        line("make the link " + link.path() + " to " + link.target());
      } else if (step instanceof Step.Run run) {
        line(run.purpose() + ": run");
        invocation(run.invocation());
      }
    }
  }

  private void invocation(Invocation invocation) {
    invocation.environment().forEach((name, value) -> line(INDENT + name + " in the environment"));
    words(invocation.words());
  }

  private void command(Command command, ContainerPath start) {
    words(command.words());
    line("  in " + command.directory().orElse(start));
  }

  private void words(List<String> words) {
    Secrets.masked(words).forEach(word -> line(INDENT + shown(word)));
  }

  /** A word of several lines, such as a script, is named by its first and its length. */
  private static String shown(String word) {
    long count = word.lines().count();
    if (word.isEmpty()) {
      return "(an empty word)";
    }
    return count <= 1
        ? word
        : word.lines().filter(l -> !l.isBlank()).findFirst().orElse("")
            + " ... ("
            + count
            + " lines)";
  }

  private void line(String line) {
    lines.add(line);
  }
}
