package io.overlaysdk.engine;

import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.ImageFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.function.Function;

/** Builds an image beside its target and moves it there when it is whole and can be read. */
final class ImageBuild {
  private static final Duration LIMIT = Duration.ofHours(4);

  private final Builders builders;
  private final Function<String, Scratch> scratches;
  private final Path source;
  private final Path target;
  private final NewFile place;
  private final Path partial;

  /**
   * @throws InvalidSpecException where {@code definition} cannot be read or {@code target} cannot
   *     be made
   */
  ImageBuild(Builders builders, Function<String, Scratch> scratches, Path definition, Path target) {
    this.builders = builders;
    this.scratches = scratches;
    this.source = definition(definition);
    this.target = free(target);
    this.place = NewFile.of(this.target);
    // a builder may go by the end of the name
    this.partial = place.partial().resolve(this.target.getFileName());
  }

  /** How much of an image file is written. */
  long bytes() {
    return Listeners.sizeOf(Files.exists(target) ? target : partial).getAsLong();
  }

  void run() {
    Builders.Choice choice = builders.choose(source, partial);
    try (Scratch scratch = scratches.apply("build " + target)) {
      scratch.beside(place);
      Files.createDirectory(place.partial());
      scratch.perform(choice.steps(), LIMIT);
      ImageFacts built = new ImageReader().read(Image.at(partial));
      Files.move(Path.of(built.location()), target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot make the image " + target + ": " + e, e);
    }
  }

  static Path definition(Path definition) {
    Path source = definition.toAbsolutePath().normalize();
    if (!Files.isRegularFile(source) || !Files.isReadable(source)) {
      throw new InvalidSpecException(
          "cannot build from " + source + ": there is no definition file that you can read");
    }
    return source;
  }

  private static Path free(Path target) {
    Path end = target.toAbsolutePath().normalize();
    if (Files.exists(end, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "cannot build " + end + ": something is there; choose another path");
    }
    Path parent = end.getParent();
    Exhaustion.requireWritable("cannot build " + end, parent);
    if (parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
      throw new InvalidSpecException(
          "cannot build " + end + ": " + parent + " is not a directory that you can write to");
    }
    return end;
  }
}
