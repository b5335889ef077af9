package io.overlaysdk.backend.support.sif;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import java.util.ArrayList;
import java.util.List;

/**
 * Which binds are seen where a later one lies over an earlier one. Apptainer mounts them by the
 * length of their targets and drops all but the first for a target, with a warning (1.4.5);
 * SingularityCE drops too. What is covered entirely is therefore not given to the tool; the rest
 * comes out the same in any order in which what is above is mounted first.
 */
final class Binds {
  private Binds() {}

  /** The binds that are seen, in the order in which they were given. */
  static List<Bind> seen(List<Bind> binds) {
    List<Bind> seen = new ArrayList<>();
    for (Bind bind : binds) {
      seen.removeIf(earlier -> isIn(earlier.target(), bind.target()));
      seen.add(bind);
    }
    return List.copyOf(seen);
  }

  /** Whether {@code path} is {@code folder}, or lies below it. */
  static boolean isIn(ContainerPath path, ContainerPath folder) {
    // one character per byte: a name in a container need not be text
    String inner = new String(path.bytes(), ISO_8859_1);
    String outer = new String(folder.bytes(), ISO_8859_1);
    return inner.equals(outer) || outer.equals("/") || inner.startsWith(outer + "/");
  }
}
