package io.overlaysdk.engine;

import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Makes overlays that are kept. Each appears whole or not at all. */
final class OverlayMaker {
  private static final Duration FORMAT_LIMIT = Duration.ofMinutes(10);

  /** Below this mkfs.ext3 (1.47) leaves the journal out, and the tools refuse what it makes. */
  private static final long SMALLEST_IMAGE = 4 << 20;

  private final Host host;

  private final Ledger ledger;
  private final PolicyCheck policy;
  private final Function<String, Scratch> scratches;

  OverlayMaker(Host host, Ledger ledger, PolicyCheck policy, Function<String, Scratch> scratches) {
    this.host = host;
    this.ledger = ledger;
    this.policy = policy;
    this.scratches = scratches;
  }

  Overlay directory(Path directory) {
    NewFile place = NewFile.at(directory);
    Path partial = place.partial();
    try (Scratch scratch = scratches.apply("create " + place.target())) {
      scratch.beside(place);
      Files.createDirectory(partial, Modes.PRIVATE);
      make(partial.resolve("upper"));
      make(partial.resolve("work"));
      OverlayLock.makeIn(partial);
      ManifestFile.ofDirectory(partial).write(ledger.empty());
      Files.move(partial, place.target(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failed(place, e);
    }
    return Overlay.at(directory);
  }

  Overlay image(Path file, ImageSize size) {
    if (size.bytes() < SMALLEST_IMAGE) {
      throw new InvalidSpecException(
          "an ext3 overlay needs at least " + SMALLEST_IMAGE + " bytes, not " + size.bytes());
    }
    policy.overlay(file, size.bytes(), size.inodes());
    return image(
        file,
        (scratch, partial) -> {
          EmptyImages.format(host, scratch, partial, size);
          // a tool may say that it has done what it has not
          new OverlayReader().read(Overlay.at(partial));
        });
  }

  Overlay image(Path file, Template template) {
    return image(
        file,
        (scratch, partial) -> {
          if (template.isPlain()) {
            policy.overlay(file, template.path());
            OverlayLock lock =
                OverlayLock.read(template.overlay(), new Locking(host, Optional.empty()));
            try {
              scratch.perform(List.of(copy(template.path(), partial)), FORMAT_LIMIT);
            } finally {
              lock.close();
            }
          } else {
            template.unpackTo(partial);
          }
          Modes.set(partial, 0644);
          new OverlayReader().read(Overlay.at(partial));
        });
  }

  /**
   * @param making makes the image at a path beside its place
   */
  private Overlay image(Path file, BiConsumer<Scratch, Path> making) {
    NewFile place = NewFile.at(file);
    try (Scratch scratch = scratches.apply("create " + place.target())) {
      scratch.beside(place);
      making.accept(scratch, place.partial());
      policy.overlay(file, place.partial());
      // of an image that lay here before
      Files.deleteIfExists(LineFile.beside(place.target()));
      Ledger.coming(place, ledger.empty(), scratch);
      place.appear();
    } catch (IOException e) {
      throw failed(place, e);
    }
    return Overlay.at(file);
  }

  /** cp knows holes, and blocks that two files share. */
  private Step copy(Path from, Path to) {
    return new Step.Run(
        "copy the template " + from,
        Invocation.of(
            host.find("cp").orElse(Path.of("/bin/cp")),
            List.of("--sparse=always", "--reflink=auto", "--", from.toString(), to.toString())));
  }

  /**
   * Makes what an empty directory lacks to be an overlay; the tools would do so with other modes.
   */
  static void complete(List<OverlayFacts> overlays) {
    for (OverlayFacts overlay : overlays) {
      if (overlay.kind() == OverlayFacts.Kind.DIRECTORY
          && overlay.isWritable()
          && Files.isDirectory(overlay.path())) {
        try {
          make(overlay.path().resolve("upper"));
          make(overlay.path().resolve("work"));
        } catch (IOException e) {
          throw new OverlayException("cannot complete the overlay " + overlay.path(), e);
        }
      }
    }
  }

  /** Mode 0755, whatever the umask: an upper directory becomes the root of the container. */
  private static void make(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(directory);
      Modes.set(directory, 0755);
    }
  }

  /** Refuses a path at which no overlay can be made. */
  static void requireFree(Path path) {
    Path target = path.toAbsolutePath().normalize();
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "cannot make the overlay " + target + ": something is there; choose another path");
    }
    Path parent = target.getParent();
    Exhaustion.requireWritable("cannot make the overlay " + target, parent);
    if (parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
      throw new InvalidSpecException(
          "cannot make the overlay "
              + target
              + ": "
              + parent
              + " is not a directory that you can write to");
    }
  }

  private static OverlayException failed(NewFile place, IOException cause) {
    return new OverlayException("cannot make the overlay " + place.target() + ": " + cause, cause);
  }
}
