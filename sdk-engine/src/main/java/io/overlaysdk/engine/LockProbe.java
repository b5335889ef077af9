package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayBusyException;
import java.io.IOException;

/**
 * Asks whether somebody else has an image file locked, by taking the lock that a tool would take
 * and giving it back at once. The tools' own locks (Apptainer 1.4: an open file description lock
 * over the file system's bytes) stand in the way of it.
 */
final class LockProbe {
  private LockProbe() {}

  /**
   * @throws OverlayBusyException where it is locked in a way that excludes this access
   */
  static void check(Found found, Access access) {
    OverlayLock.requireNoContainer(found.path());
    boolean shares = access == Access.READ_ONLY;
    try (OpenFile file = OverlayLock.locked(found.path(), found.path(), shares)) {
      file.unlock();
    } catch (IOException e) {
      throw new InvalidSpecException(
          "the overlay " + found.path() + " cannot be opened: " + e.getMessage(), e);
    }
  }
}
