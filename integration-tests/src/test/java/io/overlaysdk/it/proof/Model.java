package io.overlaysdk.it.proof;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** What must be seen: a plain copy of the base, to which the same is done as in a container. */
final class Model {
  private static final String PART = "--no-preserve=links";

  private final BaseTree base;
  private final Path copy;
  private final Shell shell;
  private final Set<Aspect> aspects;

  private Model(BaseTree base, Path copy, Shell shell, Set<Aspect> aspects) {
    this.base = base;
    this.copy = copy;
    this.shell = shell;
    this.aspects = aspects;
  }

  /**
   * A copy of the base in which each name is a file of its own.
   *
   * @param copy a directory that is not there yet
   * @param aspects what is compared
   */
  static Model of(BaseTree base, Path copy, Shell shell, Set<Aspect> aspects) throws IOException {
    shell.words("mkdir", copy.toString());
    Model model = new Model(base, copy, shell, aspects);
    model.copy(base.directory(), copy);
    return model;
  }

  /** Another copy, in which each name is a file of its own. */
  Model parted(Path place) throws IOException {
    shell.words("mkdir", place.toString());
    copy(copy, place);
    return new Model(base, place, shell, aspects);
  }

  private void copy(Path from, Path to) throws IOException {
    String script = "cd \"$1\" && exec cp -a " + PART + " --parents " + Listing.PLACES + " \"$2\"";
    shell.words("/bin/sh", "-c", script, "sh", from.toString(), to.toString());
  }

  void run(String script) throws IOException {
    shell.run(base.programs(), copy, script);
  }

  Listing listing() throws IOException {
    return listing(shell.run(base.programs(), copy, Listing.SCRIPT));
  }

  /** A listing of another tree, to be compared with this one. */
  Listing listing(String printed) {
    return Listing.parse(printed, aspects);
  }
}
