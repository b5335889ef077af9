package io.overlaysdk.layers;

import java.nio.file.Path;
import java.util.Map;

/**
 * The extended attributes that Java cannot reach: of all the namespaces it shows {@code user.}
 * only, to root as well. Implemented by the engine, which may start processes; {@link
 * AttributeDump} reads what one {@code getfattr} prints for a whole layer.
 */
public interface ExtendedAttributes {

  /**
   * The attributes of one entry by their full names, such as {@code trusted.overlay.opaque}, {@code
   * security.capability} or {@code system.posix_acl_access}; those in {@code user.} may be left
   * out. Asked for directories, for empty files in directories that hold such markers, and for
   * files that are in several layers; once for each, so an answer should not cost a process.
   *
   * @throws io.overlaysdk.OverlayException where they cannot be read
   */
  Map<String, byte[]> of(Path entry);

  /**
   * Removes one attribute from an entry. An attribute that is not there is none to remove.
   *
   * @throws io.overlaysdk.OverlayException where it cannot be removed
   */
  void remove(Path entry, String name);

  /**
   * Whether the {@code trusted.overlay.*} attributes that there are would be among them: only root
   * of the machine sees those. Where this is false, a layer that may have them is refused.
   */
  default boolean isComplete() {
    return true;
  }

  /**
   * Whether those in {@code user.} are among them, so that Java, which opens each file for that,
   * need not be asked.
   */
  default boolean holdsUser() {
    return false;
  }
}
