package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Images that lie in a file, unpacked into the user's cache: for a machine on which nothing mounts
 * them. Each is unpacked once, under the digest of the whole file; what is there under its name is
 * complete, and never changed.
 */
final class UnpackedImages {
  private static final Duration LIMIT = Duration.ofHours(1);

  private final Host host;
  private final Path directory;
  private final DigestMemory digests;
  private final Function<String, Scratch> scratches;

  /**
   * @param directory of this user alone; made when something is unpacked
   */
  UnpackedImages(
      Host host, Path directory, DigestMemory digests, Function<String, Scratch> scratches) {
    this.host = host;
    this.directory = directory;
    this.digests = digests;
    this.scratches = scratches;
  }

  /**
   * An image that is used as a directory.
   *
   * @param directory what it is once it is unpacked
   * @param from the image
   * @param tool what unpacks it
   */
  record Unpacked(ImageFacts directory, ImageFacts from, Path tool) {
    @Override
    public String toString() {
      return "nothing here mounts "
          + from.location()
          + ": unpack it with "
          + tool
          + " into "
          + directory.path()
          + ", once";
    }
  }

  /** Empty where this image cannot be unpacked: it is something else, or the tool is missing. */
  Optional<Unpacked> of(ImageFacts image) {
    boolean fits =
        (image.kind() == Kind.SIF || image.kind() == Kind.SQUASHFS)
            && image.overlays().isEmpty()
            && image
                .root()
                .filter(root -> root.format() == Format.SQUASHFS && runsHere(root))
                .isPresent();
    return fits
        ? host.find("unsquashfs").map(tool -> new Unpacked(facts(image), image, tool))
        : Optional.empty();
  }

  private boolean runsHere(Part root) {
    return root.architecture().isEmpty() || root.architecture().equals(host.architecture());
  }

  private ImageFacts facts(ImageFacts image) {
    // a session that is only explained leaves nothing behind
    Path at =
        directory.resolve(
            digests.known(image.path()).orElseGet(() -> Digests.ofFile(image.path())));
    return new ImageFacts(Kind.DIRECTORY, at.toString(), List.of(), host.identity().uid());
  }

  /** The image as whoever reads its files needs it: unpacked where FUSE cannot mount it. */
  ImageFacts readable(ImageFacts image) {
    boolean mountable =
        host.isWritable(Path.of("/dev/fuse"))
            && (host.find("squashfuse_ll").isPresent() || host.find("squashfuse").isPresent());
    Optional<Unpacked> unpacked = mountable ? Optional.empty() : of(image);
    unpacked.ifPresent(this::perform);
    return unpacked.map(Unpacked::directory).orElse(image);
  }

  /** Unpacks it unless it is there. */
  void perform(Unpacked image) {
    PrivateDirectory.require(directory);
    Path end = image.directory().path();
    if (Files.isDirectory(end, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Scratch scratch = scratches.apply("unpacked " + image.from().location())) {
      PrivateDirectory.make(directory);
      Path partial = scratch.beside(end);
      // older ones write outside of their target
      SquashfsTool.UNSQUASHFS.find(host);
      scratch.perform(unpacking(image, partial), LIMIT);
      requireUnchanged(image.from().path(), end);
      Files.move(partial, end, StandardCopyOption.ATOMIC_MOVE);
      digests.ofImage(image.from().path());
    } catch (IOException e) {
      if (!Files.isDirectory(end, LinkOption.NOFOLLOW_LINKS)) {
        throw new OverlayException(
            "cannot unpack " + image.from().location() + " into " + end + ": " + e, e);
      } // another session was faster
    }
  }

  /** Whoever exchanges an image meanwhile would have another one's content under its digest. */
  private static void requireUnchanged(Path image, Path end) {
    if (!Digests.sha256(image).equals(end.getFileName().toString())) {
      throw new OverlayException(
          "the image " + image + " was changed while it was unpacked; try again");
    }
  }

  private Step unpacking(Unpacked image, Path target) {
    List<String> words = new ArrayList<>(List.of("-no-progress", "-quiet", "-user-xattrs"));
    words.addAll(List.of("-dest", target.toString()));
    words.addAll(List.of("-offset", "" + image.from().root().orElseThrow().offset()));
    if (host.identity().isRoot()) {
      words.add(image.from().location());
    } else {
      // a plain user can make no devices, and every session has a /dev of its own
      words.addAll(List.of("-excludes", image.from().location(), "dev/*"));
    }
    return new Step.Run("unpack " + image.from().location(), Invocation.of(image.tool(), words));
  }
}
