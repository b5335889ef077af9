package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Something the engine does for a plan. Each step is written to the journal before it is done, and
 * undone in reverse order when the session ends or a later step fails. Nothing is overwritten: a
 * step fails where its path is taken.
 */
public sealed interface Step {

  /**
   * Makes one directory, with mode 0755: it may become the root of a container. The scratch
   * directory around it keeps others out.
   *
   * @param path absolute, in the scratch directory; its parent is there
   */
  record MakeDirectory(Path path) implements Step {
    public MakeDirectory {
      Objects.requireNonNull(path, "path");
    }
  }

  /**
   * Writes a file, for its owner only.
   *
   * @param path absolute, in the scratch directory; its parent is there
   * @param content what it holds, in UTF-8
   */
  record WriteFile(Path path, String content) implements Step {
    public WriteFile {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(content, "content");
    }

    /** Without the content, in which there may be a secret. */
    @Override
    public String toString() {
      return "WriteFile[path=" + path + ", " + content.length() + " characters]";
    }
  }

  /**
   * Makes a symbolic link, such as for a path that a tool cannot take.
   *
   * @param path absolute, in the scratch directory
   * @param target what it points to, absolute
   */
  record Link(Path path, Path target) implements Step {
    public Link {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(target, "target");
    }
  }

  /**
   * Runs a program and waits for it; any status but 0 is a failure. What it makes it makes in the
   * scratch directory, or at the target of a {@link BuildRequest}, so that undoing it is to delete
   * that.
   *
   * @param purpose what it is for, in a few words; part of the error where it fails
   * @param invocation the program
   */
  record Run(String purpose, Invocation invocation) implements Step {
    public Run {
      Objects.requireNonNull(purpose, "purpose");
      Objects.requireNonNull(invocation, "invocation");
    }
  }
}
