package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.RootMapping;
import java.util.ArrayList;
import java.util.List;

/** As whom the layers are mounted and the command runs. */
enum Mode {
  /**
   * A plain user, who stays that user: what fuse2fs writes into an image has the user's own id, so
   * that Apptainer finds its own there. {@code --keep-caps} is what allows a user that is not 0 in
   * the namespace to mount.
   */
  USER("--user", "--map-current-user", "--keep-caps"),
  /** A plain user as root over the user's subordinate ids: see {@link RootMapping}. */
  FAKEROOT,
  /** Root, without a user namespace. */
  ROOT;

  /**
   * {@code --mount-proc}: what looks itself up in {@code /proc}, such as mount, needs the id that
   * it has in its own pid namespace. {@code --kill-child}: nothing outlives the process that the
   * engine started.
   */
  private static final List<String> NAMESPACES =
      List.of(
          "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc");

  @SuppressWarnings("ImmutableEnumChecker") // a list that cannot be changed
  private final List<String> users;

  Mode(String... users) {
    this.users = List.of(users);
  }

  static Mode of(Request request) {
    if (request.identity().isRoot()) {
      return ROOT;
    }
    return request.spec().isFakeroot() ? FAKEROOT : USER;
  }

  /** The first words of an invocation, up to the program. */
  List<String> words(RootMapping root, Identity identity) {
    List<String> words =
        new ArrayList<>(
            this == FAKEROOT ? root.words(identity) : List.of(root.unshare().toString()));
    words.addAll(users);
    words.addAll(NAMESPACES);
    return words;
  }
}
