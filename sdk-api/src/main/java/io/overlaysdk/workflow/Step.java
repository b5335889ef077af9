package io.overlaysdk.workflow;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** One step of a {@link Workflow}. */
public sealed interface Step {

  /** What the step does, for people. */
  String title();

  /** What is done where something is at the place already that a step should make. */
  enum Existing {
    /** The step fails. */
    REFUSE,
    /** What is there is taken as it is. */
    KEEP,
    /**
     * What is there is deleted first, with all that it holds. For an overlay only what has the form
     * of one, for an image only a file, is deleted.
     */
    REPLACE
  }

  /** Builds an image from a definition file. */
  record Build(String title, Path definition, Path target, Existing existing) implements Step {
    public Build {
      requireTitle(title);
      Objects.requireNonNull(definition, "definition");
      Objects.requireNonNull(target, "target");
      Objects.requireNonNull(existing, "existing");
    }
  }

  /**
   * Makes an overlay.
   *
   * @param size in bytes, at least 1 MiB, for an ext3 image; 0 for a directory
   */
  record Create(String title, Path path, long size, Existing existing) implements Step {
    public Create {
      requireTitle(title);
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(existing, "existing");
      if (size != 0 && size < 1 << 20) {
        throw new InvalidSpecException(
            "the overlay " + path + " needs at least 1 MiB, not " + size + " bytes");
      }
    }
  }

  /**
   * Opens a session, runs commands in it one after the other, and closes it.
   *
   * @param commands at least one
   */
  record Run(String title, SessionSpec session, List<Command> commands, Expectation expect)
      implements Step {
    public Run {
      requireTitle(title);
      Objects.requireNonNull(session, "session");
      commands = List.copyOf(commands);
      if (commands.isEmpty()) {
        throw new InvalidSpecException("the step \"" + title + "\" has no command to run");
      }
      Objects.requireNonNull(expect, "expect");
    }
  }

  /** Lists what lies in the upper directory of an overlay on the host, a path a line. */
  record Show(String title, Path overlay, Expectation expect) implements Step {
    public Show {
      requireTitle(title);
      Objects.requireNonNull(overlay, "overlay");
      Objects.requireNonNull(expect, "expect");
    }
  }

  /**
   * Checks that an image has the SHA-256 that it had when the workflow first met it: after it was
   * built, or before the first step that uses it.
   */
  record Unchanged(String title, Path image) implements Step {
    public Unchanged {
      requireTitle(title);
      Objects.requireNonNull(image, "image");
    }
  }

  private static void requireTitle(String title) {
    Objects.requireNonNull(title, "title");
  }
}
