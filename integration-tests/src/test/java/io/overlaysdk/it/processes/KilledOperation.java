package io.overlaysdk.it.processes;

import io.overlaysdk.CommitMode;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.Optional;

/** What can be done with the overlays of a {@link Workbench}, and killed in the middle. */
enum KilledOperation {
  CREATE((sdk, at) -> sdk.createOverlay(at.file("new"))),
  CREATE_IMAGE((sdk, at) -> sdk.createOverlay(at.file("new.ext3"), 32 << 20)),
  CREATE_FULL_IMAGE(
      (sdk, at) -> sdk.createOverlay(at.file("new.ext3"), ImageSize.of(24 << 20).taken())),
  CREATE_FROM_TEMPLATE(
      (sdk, at) -> sdk.createOverlayFrom(at.file("mine.ext3").toString(), at.file("new.ext3"))),
  CREATE_FROM_COMPRESSED(
      (sdk, at) ->
          sdk.createOverlayFrom(at.file("template.ext3.gz").toString(), at.file("new.ext3"))),
  FREEZE((sdk, at) -> sdk.freeze(at.on("mine"), at.file("new.sqfs"))),
  FREEZE_FAKEROOT((sdk, at) -> sdk.freeze(at.on("mine").fakeroot(), at.file("new.sqfs"))),
  FREEZE_IMAGE((sdk, at) -> sdk.freeze(at.on("mine.ext3"), at.file("new.sqfs"))),
  THAW((sdk, at) -> sdk.thaw(at.file("mine.sqfs"), at.file("new"))),
  PACK((sdk, at) -> sdk.pack(at.file("mine"), at.file("new.pack"))),
  PACK_IMAGE((sdk, at) -> sdk.pack(at.file("mine.ext3"), at.file("new.pack"))),
  UNPACK((sdk, at) -> sdk.unpack(at.file("mine.pack"), at.file("new"))),
  UNPACK_IMAGE((sdk, at) -> sdk.unpack(at.file("image.pack"), at.file("new.ext3"))),
  COMMIT_LAYERED((sdk, at) -> sdk.commit(at.on("mine"), at.file("new.sif"), CommitMode.LAYERED)),
  COMMIT_SIF((sdk, at) -> sdk.commit(at.on("mine"), at.file("new.sif"), CommitMode.FLATTENED)),
  COMMIT_SIF_FAKEROOT(
      (sdk, at) -> sdk.commit(at.on("mine").fakeroot(), at.file("new.sif"), CommitMode.FLATTENED)),
  COMMIT_SANDBOX((sdk, at) -> sdk.commit(at.on("mine"), at.file("new"), CommitMode.FLATTENED)),
  COMMIT_OCI((sdk, at) -> sdk.commit(at.on("mine"), at.file("new.tar"), CommitMode.FLATTENED)),
  GROW((sdk, at) -> sdk.resizeOverlay(at.file("mine.ext3"), 48 << 20)),
  SHRINK((sdk, at) -> sdk.resizeOverlay(at.file("mine.ext3"), 12 << 20)),
  REPAIR((sdk, at) -> sdk.check(at.file("broken.ext3"), true)),
  EXPORT((sdk, at) -> sdk.exportLayer(at.on("mine"), at.file("new.tar.gz"))),
  EXPORT_FAKEROOT((sdk, at) -> sdk.exportLayer(at.on("mine").fakeroot(), at.file("new.tar"))),
  IMPORT((sdk, at) -> sdk.importLayer(at.file("mine.tar.gz"), at.on("new"))),
  IMPORT_FAKEROOT((sdk, at) -> sdk.importLayer(at.file("mine.tar.gz"), at.on("new").fakeroot())),
  IMPORT_INTO((sdk, at) -> sdk.importLayer(at.file("mine.tar.gz"), at.on("empty"))),
  IMPORT_INTO_IMAGE((sdk, at) -> sdk.importLayer(at.file("mine.tar.gz"), at.on("empty.ext3"))),
  REBASE(
      (sdk, at) ->
          sdk.rebase(at.on("mine"), Image.at(at.file("other.sif")), at.file("new"), false)),
  ADOPT((sdk, at) -> sdk.adopt(at.on("marked"))),
  DELETE((sdk, at) -> sdk.deleteOverlay(at.file("mine"))),
  DELETE_IMAGE((sdk, at) -> sdk.deleteOverlay(at.file("mine.ext3"))),
  CONVERT("marked", (sdk, at) -> sdk.convert(at.on("marked"))),
  CONVERT_IMAGE("marked.ext3", (sdk, at) -> sdk.convert(at.on("marked.ext3"))),
  SNAPSHOT("line", (sdk, at) -> sdk.snapshot(at.file("line"), "third")),
  DISCARD("line", (sdk, at) -> sdk.discard(at.file("line"))),
  FLATTEN("line", (sdk, at) -> sdk.flatten(at.on("line"))),
  FORK(
      "line",
      (sdk, at) -> sdk.fork(at.file("line"), at.file("new")),
      Optional.of((sdk, at) -> sdk.snapshot(at.file("line"), "for the fork new")));

  /** What is done. */
  private interface Work {
    void run(OverlaySdk sdk, Place at);
  }

  /** Where: on which image, and in which directory. */
  private record Place(Path image, Path directory) {
    Path file(String name) {
      return directory.resolve(name);
    }

    SessionSpec on(String overlay) {
      return SessionSpec.on(Image.at(image)).overlay(Overlay.at(file(overlay)));
    }
  }

  private final String seen;

  @SuppressWarnings("ImmutableEnumChecker") // work without a state
  private final Work work;

  @SuppressWarnings("ImmutableEnumChecker") // likewise
  private final Optional<Work> first;

  KilledOperation(Work work) {
    this("", work);
  }

  KilledOperation(String seen, Work work) {
    this(seen, work, Optional.empty());
  }

  /**
   * @param first what it does first that is an operation of its own
   */
  KilledOperation(String seen, Work work, Optional<Work> first) {
    this.seen = seen;
    this.work = work;
    this.first = first;
  }

  /**
   * The overlay that the SDK may leave in any form that means the same; empty where every file must
   * be as before or as it is meant to be.
   */
  String seen() {
    return seen;
  }

  void run(OverlaySdk sdk, Path image, Path directory) {
    work.run(sdk, new Place(image, directory));
  }

  boolean hasFirst() {
    return first.isPresent();
  }

  void runFirst(OverlaySdk sdk, Path image, Path directory) {
    first.orElseThrow().run(sdk, new Place(image, directory));
  }

  /** Does one in a {@link Site}, and says when it begins and how it ends. */
  static final class Program {
    public static void main(String[] args) {
      Site site = Site.at(Path.of(args[0]));
      try (OverlaySdk sdk = site.open()) {
        System.out.println("begin");
        String end = "done";
        try {
          valueOf(args[1]).run(sdk, site.image(), Workbench.in(site));
        } catch (OverlayException e) {
          end = "refused " + e;
        }
        System.out.println(end.replace('\n', ' '));
      }
      System.out.println("closed");
    }
  }
}
