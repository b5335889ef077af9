package io.overlaysdk;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A file or directory of the host that appears inside a container. It is not part of the overlay:
 * what is written to it is written on the host.
 *
 * @param source what appears, a path of the host; that it exists is checked when a session starts
 * @param target where it appears
 * @param access whether it can be changed from inside
 */
public record Bind(Path source, ContainerPath target, Access access) {
  private static final ContainerPath ROOT = ContainerPath.of("/");

  /**
   * @throws InvalidSpecException where the target is the root
   */
  public Bind {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(access, "access");
    if (target.equals(ROOT)) {
      throw new InvalidSpecException(
          "cannot bind " + source + " over the root of a container: nothing of the image is left");
    }
  }

  /**
   * Reads the tools' notation {@code SOURCE:TARGET[:ro|:rw]}; {@code SOURCE} alone appears at the
   * same path. Neither path can hold a colon in this notation.
   *
   * @throws InvalidSpecException where {@code text} has another form
   */
  public static Bind parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || parts[0].isEmpty()) {
      throw new InvalidSpecException(
          "cannot read the bind \"" + text + "\": expected SOURCE[:TARGET[:ro|:rw]]");
    }
    Path source = Texts.path("the source of a bind", parts[0]);
    String target = parts.length > 1 ? parts[1] : source.toAbsolutePath().toString();
    Access access = Access.READ_WRITE;
    if (parts.length == 3) {
      access =
          switch (parts[2]) {
            case "ro" -> Access.READ_ONLY;
            case "rw" -> Access.READ_WRITE;
            default ->
                throw new InvalidSpecException(
                    "cannot read the bind \"" + text + "\": \"" + parts[2] + "\" is not ro or rw");
          };
    }
    return new Bind(source, ContainerPath.of(target), access);
  }
}
