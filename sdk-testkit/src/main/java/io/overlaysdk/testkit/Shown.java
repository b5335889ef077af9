package io.overlaysdk.testkit;

import io.overlaysdk.Command;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.util.ArrayList;
import java.util.List;

/** All that a plan says, as texts: what is nowhere in them, the tool cannot know. */
final class Shown {
  private final List<String> texts = new ArrayList<>();

  static Shown of(Plan plan, Command command) {
    Shown shown = new Shown();
    plan.prepare().forEach(shown::add);
    shown.add(plan.enter(command, Stdio.PIPES));
    return shown;
  }

  private void add(Step step) {
    if (step instanceof Step.MakeDirectory made) {
      texts.add(made.path().toString());
    } else if (step instanceof Step.WriteFile written) {
      texts.add(written.path().toString());
      texts.add(written.content());
    } else if (step instanceof Step.Link link) {
      texts.add(link.path().toString());
      texts.add(link.target().toString());
    } else if (step instanceof Step.Run run) {
      add(run.invocation());
    }
  }

  private void add(Invocation invocation) {
    texts.addAll(invocation.words());
    invocation.environment().forEach((name, value) -> texts.add(name + "=" + value));
  }

  List<String> texts() {
    return texts;
  }

  /** Whether {@code text} is there, however the tool's notation quotes it. */
  boolean names(String text) {
    String bare = bare(text);
    return texts.stream().anyMatch(shown -> bare(shown).contains(bare));
  }

  private static String bare(String text) {
    return text.replace("\"", "").replace("\\", "").replace("'", "");
  }

  @Override
  public String toString() {
    return texts.toString();
  }
}
