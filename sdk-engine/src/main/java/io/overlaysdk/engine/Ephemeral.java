package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.ImageSize;
import io.overlaysdk.Overlay;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Overlays that are made: a directory with {@code upper} and {@code work}, or an ext3 image of a
 * given size that holds the two.
 */
final class Ephemeral {
  /**
   * mkfs.ext3 (1.47) writes every block of the journal, which takes more than half of its time, and
   * makes it 32 MB in an image of one GB, 128 MB in one of 15. fuse2fs uses none, the kernel for
   * names only: what is not in it is the user's.
   */
  private static final long JOURNAL_MEGABYTES = 8;

  /** From here on mkfs.ext3 makes it larger than that. */
  private static final long LARGE_JOURNAL = 512 << 20;

  private final Host host;

  Ephemeral(Host host) {
    this.host = host;
  }

  /** What an ephemeral overlay will be once it is made in this scratch directory. */
  OverlayFacts facts(Overlay overlay, Path scratch) {
    boolean sized = overlay.size().isPresent();
    return new OverlayFacts(
        sized ? OverlayFacts.Kind.EXT3 : OverlayFacts.Kind.DIRECTORY,
        scratch.resolve(sized ? "ephemeral.ext3" : "ephemeral"),
        Access.READ_WRITE);
  }

  /** How it is made. */
  List<Step> steps(Overlay overlay, Path scratch) {
    Path at = scratch.resolve("ephemeral");
    List<Step> directories =
        List.of(
            new Step.MakeDirectory(at),
            new Step.MakeDirectory(at.resolve("upper")),
            new Step.MakeDirectory(at.resolve("work")));
    if (overlay.size().isEmpty()) {
      return directories;
    }
    List<Step> steps = new ArrayList<>(directories);
    steps.add(format(at, facts(overlay, scratch).path(), ImageSize.of(overlay.size().getAsLong())));
    return steps;
  }

  /** Writes an ext3 file system of this size with the content of a directory into a new file. */
  Step format(Path content, Path file, ImageSize size) {
    return format(content, file, size, Optional.empty());
  }

  /**
   * @param volume the UUID of it, in hexadecimal digits; empty for one of its own
   */
  Step format(Path content, Path file, ImageSize size, Optional<String> volume) {
    Path mkfs = Programs.require(host, "mkfs.ext3", "make an overlay with a size");
    List<String> words = new ArrayList<>(List.of("-q", "-F", "-m", "0"));
    String owner = host.identity().uid() + ":" + host.identity().gid();
    words.addAll(List.of("-E", "root_owner=" + owner));
    if (size.bytes() >= LARGE_JOURNAL) {
      words.addAll(List.of("-J", "size=" + JOURNAL_MEGABYTES));
    }
    size.inodes().ifPresent(count -> words.addAll(List.of("-N", Long.toString(count))));
    volume.ifPresent(digits -> words.addAll(List.of("-U", dashed(digits))));
    words.addAll(List.of("-d", content.toString(), file.toString(), size.bytes() / 1024 + "k"));
    return new Step.Run(
        "format an ext3 overlay of " + size.bytes() + " bytes", Invocation.of(mkfs, words));
  }

  private static String dashed(String digits) {
    return digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
  }

  /** Takes the space of a file at once. */
  Step fill(Path file, ImageSize size) {
    Path fallocate = Programs.require(host, "fallocate", "take the space of an overlay at once");
    List<String> words = List.of("-l", Long.toString(size.bytes() / 1024 * 1024), file.toString());
    return new Step.Run("take the space of " + file, Invocation.of(fallocate, words));
  }
}
