package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Tells of an overlay what can be told without mounting it, and while somebody writes to it. */
final class InfoReader {
  /** What part of an image is little: fuse2fs (1.47) takes no more where a tenth is left. */
  private static final int LITTLE = 8;

  private InfoReader() {}

  static OverlayInfo read(Path path) {
    Found found = Found.at(path, Subject.OVERLAY);
    return found.directory() ? directory(found) : image(found);
  }

  /** Of an image that is written to, where little is left in it. */
  static Optional<OverlayInfo> nearlyFull(Planner.Planned planned) {
    for (int i = 0; i < planned.overlays().size(); i++) {
      OverlayFacts overlay = planned.overlays().get(i);
      boolean kept = !planned.spec().overlays().get(i).isEphemeral();
      if (kept && overlay.isWritable() && overlay.kind() == OverlayFacts.Kind.EXT3) {
        return nearlyFull(overlay.path());
      }
    }
    return Optional.empty();
  }

  /**
   * What is wrong with it, whoever uses it is told. All but the superblock is read only if need be.
   */
  private static Optional<OverlayInfo> nearlyFull(Path image) {
    try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
      ExtSuperblock.Room room = ExtSuperblock.room(file, Content.of(file).offset());
      boolean little =
          room.freeBytes() < file.size() / LITTLE || room.freeInodes() < room.inodes() / LITTLE;
      return little ? Optional.of(read(image)) : Optional.empty();
    } catch (OverlayException e) {
      return Optional.empty();
    }
  }

  private static OverlayInfo directory(Found found) {
    OverlayFacts overlay = DirectoryOverlay.read(found, Access.READ_ONLY);
    try {
      return info(
          overlay,
          OptionalLong.empty(),
          OptionalLong.of(Files.getFileStore(found.path()).getUsableSpace()),
          OptionalLong.empty(),
          OptionalLong.empty());
    } catch (IOException e) {
      throw new OverlayException("cannot ask for the space at " + found.path() + ": " + e, e);
    }
  }

  private static OverlayInfo image(Found found) {
    try (RawFile file = RawFile.open(found)) {
      Content content = Content.of(file);
      if (content.kind() != Content.Kind.EXT) {
        // whatever it is, the reader of overlays takes it or says what it is
        OverlayFacts overlay = new OverlayReader().read(Overlay.at(found.path()).readOnly());
        OptionalLong none = OptionalLong.empty();
        return info(overlay, OptionalLong.of(file.size()), none, none, none);
      }
      long offset = content.offset();
      ExtSuperblock.read(file, offset, file.size() - offset, "the file system");
      ExtSuperblock.Room room = ExtSuperblock.room(file, offset);
      return info(
          new OverlayFacts(OverlayFacts.Kind.EXT3, found.path(), Access.READ_ONLY),
          OptionalLong.of(file.size()),
          OptionalLong.of(room.freeBytes()),
          OptionalLong.of(room.inodes()),
          OptionalLong.of(room.freeInodes()));
    }
  }

  private static OverlayInfo info(
      OverlayFacts overlay,
      OptionalLong bytes,
      OptionalLong freeBytes,
      OptionalLong inodes,
      OptionalLong freeInodes) {
    Optional<Manifest> manifest = ManifestFile.of(overlay).flatMap(ManifestFile::read);
    List<String> dialects =
        manifest.stream()
            .flatMap(known -> known.dialects().stream())
            .map(dialect -> dialect.name().toLowerCase(Locale.ROOT))
            .toList();
    Optional<Line> line =
        overlay.kind() == OverlayFacts.Kind.DIRECTORY || overlay.kind() == OverlayFacts.Kind.EXT3
            ? LineFile.ofOverlay(overlay.path())
            : Optional.empty();
    return new OverlayInfo(
        overlay.path(),
        overlay.kind().name().toLowerCase(Locale.ROOT),
        bytes,
        freeBytes,
        inodes,
        freeInodes,
        manifest.flatMap(Manifest::base).map(BaseIdentity::location),
        dialects,
        line.flatMap(known -> known.settled().below()),
        line.map(known -> known.layers().size()).orElse(0),
        manifest.map(Manifest::created),
        OverlayLock.lastUsed(overlay),
        manifest.flatMap(Manifest::writer).map(writer -> writer.backend() + ", " + writer.driver()),
        OverlayLock.holder(overlay));
  }
}
