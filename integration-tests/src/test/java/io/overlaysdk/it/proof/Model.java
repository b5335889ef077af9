package io.overlaysdk.it.proof;

import java.io.IOException;
import java.nio.file.Path;

/** What must be seen: a plain copy of the base, to which the same is done as in a container. */
final class Model {
  private final BaseTree base;
  private final Path copy;
  private final Shell shell;
  private final boolean owners;

  private Model(BaseTree base, Path copy, Shell shell, boolean owners) {
    this.base = base;
    this.copy = copy;
    this.shell = shell;
    this.owners = owners;
  }

  /**
   * @param copy a directory that is not there yet
   * @param owners whether the owners are compared
   */
  static Model of(BaseTree base, Path copy, Shell shell, boolean owners) throws IOException {
    shell.words("mkdir", copy.toString());
    shell.words(
        "/bin/sh",
        "-c",
        "cd \"$1\" && exec cp -a --parents " + Listing.PLACES + " \"$2\"",
        "sh",
        base.directory().toString(),
        copy.toString());
    return new Model(base, copy, shell, owners);
  }

  void run(String script) throws IOException {
    shell.run(base.programs(), copy, script);
  }

  Listing listing() throws IOException {
    return Listing.parse(shell.run(base.programs(), copy, Listing.SCRIPT), owners);
  }
}
