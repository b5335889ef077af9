package io.overlaysdk.engine;

import io.overlaysdk.Lack;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the writable overlay of a session has left, while the session lasts. */
final class OverlayRoom {
  private final Host host;
  private final Optional<OverlayFacts> overlay;

  OverlayRoom(Host host, Planner.Planned planned) {
    this.host = host;
    this.overlay = planned.overlays().stream().filter(OverlayFacts::isWritable).findFirst();
  }

  /**
   * What there is next to nothing left of.
   *
   * @param inside a process that sees the root of the container
   */
  Optional<Lack> lack(OptionalLong inside) {
    return overlay.flatMap(known -> room(known, inside)).flatMap(Room::lack);
  }

  private Optional<Room> room(OverlayFacts known, OptionalLong inside) {
    if (known.kind() == OverlayFacts.Kind.DIRECTORY) {
      return Room.of(host, List.of(), List.of(known.path().resolve("upper"))).stream().findFirst();
    }
    return inside.isPresent() ? mounted(inside.getAsLong()) : unmounted(known.path());
  }

  /**
   * An overlay tells what its upper directory has. What a plain user has mounted by FUSE answers
   * only those who are in its user namespace (the kernel gives all others zeros).
   */
  private Optional<Room> mounted(long pid) {
    Path root = Path.of("/proc", Long.toString(pid), "root");
    List<String> before = new ArrayList<>();
    if (root.toFile().getTotalSpace() == 0) {
      Optional<Path> nsenter = host.find("nsenter");
      if (nsenter.isEmpty()) {
        return Optional.empty();
      }
      before.addAll(List.of(nsenter.get().toString(), "-t", Long.toString(pid), "-U"));
      before.add("--preserve-credentials");
    }
    return Room.of(host, before, List.of(root)).stream().findFirst();
  }

  /** Where each command has a container of its own, the image is at rest after it. */
  private static Optional<Room> unmounted(Path image) {
    try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
      ExtSuperblock.Room counted = ExtSuperblock.room(file, Content.of(file).offset());
      return Optional.of(
          new Room(
              image,
              counted.freeBytes(),
              file.size(),
              OptionalLong.of(counted.freeInodes()),
              counted.inodes()));
    } catch (OverlayException e) {
      return Optional.empty();
    }
  }
}
