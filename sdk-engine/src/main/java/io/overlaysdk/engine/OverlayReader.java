package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import java.nio.file.Files;

/** Finds what an overlay at a path is, by reading it, and whether it can be used as asked. */
final class OverlayReader {

  /**
   * @param overlay one with a path
   * @throws InvalidSpecException where there is nothing to read, no overlay, or no permission
   * @throws CorruptOverlayException where it must be repaired first
   * @throws OverlayBusyException where another process has locked it
   * @throws UnsupportedException where it is of a kind that no tool here can use
   */
  OverlayFacts read(Overlay overlay) {
    Found found = Found.at(overlay.path().orElseThrow(), Subject.OVERLAY);
    return found.directory()
        ? DirectoryOverlay.read(found, overlay.access())
        : file(found, overlay.access());
  }

  private static OverlayFacts file(Found found, Access access) {
    Kind kind;
    try (RawFile file = RawFile.open(found)) {
      Content content = Content.of(file);
      kind =
          switch (content.kind()) {
            case EXT -> ext3(found, file, content.offset(), access);
            case SQUASHFS -> squashfs(found, file, content.offset(), access);
            case SIF -> throw sif(found);
            case OTHER -> throw noOverlay(found, content.description());
          };
    }
    return new OverlayFacts(kind, found.path(), access);
  }

  private static Kind ext3(Found found, RawFile file, int offset, Access access) {
    if (access == Access.READ_WRITE && !Files.isWritable(found.path())) {
      Exhaustion.requireWritable("cannot write to the overlay " + found.path(), found.path());
      throw new InvalidSpecException(
          "the overlay "
              + found.path()
              + " cannot be written to by this user: it belongs to user id "
              + found.owner()
              + "; add :ro to use it read-only, or ask the owner to allow writing");
    }
    // before the state is read: what another process has mounted looks as if it needed repair
    LockProbe.check(found, access);
    ExtSuperblock.read(file, offset, file.size() - offset, "the file system")
        .requireUsable(file, offset);
    return Kind.EXT3;
  }

  private static Kind squashfs(Found found, RawFile file, int offset, Access access) {
    SquashfsSuperblock.check(file, offset, file.size() - offset, "the file system");
    if (Pack.isAt(file)) {
      throw new InvalidSpecException(
          "the file "
              + found.path()
              + " is a packed overlay; make an overlay of it with overlay unpack");
    }
    if (access == Access.READ_WRITE) {
      throw new InvalidSpecException(
          "the overlay "
              + found.path()
              + " is a squashfs image, which nothing can write to; add :ro, and put a writable"
              + " overlay on top where changes are to be kept");
    }
    return Kind.SQUASHFS;
  }

  private static UnsupportedException sif(Found found) {
    return new UnsupportedException(
        "the overlay "
            + found.path()
            + " is a SIF image; use it as the image of the session, with the overlays in it, or"
            + " take an overlay out of it first: apptainer sif list SIF, then apptainer sif dump ID"
            + " SIF > layer.img");
  }

  private static InvalidSpecException noOverlay(Found found, String description) {
    return new InvalidSpecException(
        "the file "
            + found.path()
            + " is no overlay: it is "
            + description
            + "; give a directory, an ext3 image or a squashfs image, or make one with overlay"
            + " create");
  }
}
