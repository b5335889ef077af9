package io.overlaysdk.engine;

import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes an ext3 overlay anew with another number of inodes, which nothing can change in place, and
 * puts into it what was in the old one: names, bytes, holes, owners, modes, times, links, devices
 * and extended attributes, marks of drivers among them.
 */
final class Refill {
  private final Host host;
  private final Launcher launcher;
  private final Function<String, Scratch> scratches;

  Refill(Host host, Launcher launcher, Function<String, Scratch> scratches) {
    this.host = host;
    this.launcher = launcher;
    this.scratches = scratches;
  }

  void run(Found image, ImageSize size) {
    requireRoom(image, size);
    String volume = ImageTop.volume(image.path());
    run(image.path(), volume, size);
  }

  private void run(Path image, String volume, ImageSize size) {
    try (Scratch scratch = scratches.apply("resize of " + image)) {
      Path archive = scratch.beside(image);
      pack(image, archive, scratch);
      try (ImageCopy made = ImageCopy.beside(image, scratches)) {
        EmptyImages.format(host, scratch, made.path(), size, Optional.of(volume));
        EmptyImages.imitate(image, made.path());
        unpack(archive, made.path(), scratch);
        made.replace();
      }
    }
  }

  private static void requireRoom(Found image, ImageSize size) {
    try (RawFile file = RawFile.open(image)) {
      ExtSuperblock.Room room = ExtSuperblock.room(file, 0);
      long inodes = room.inodes() - room.freeInodes();
      long wanted = size.inodes().orElseThrow();
      if (inodes > wanted) {
        throw new InvalidSpecException(
            "the overlay "
                + image.path()
                + " has "
                + inodes
                + " inodes in use, more than the "
                + wanted
                + " that it is to have");
      }
    }
  }

  private void pack(Path image, Path archive, Scratch scratch) {
    Path at = scratch.directory().resolve("old");
    try (FuseMount mount = FuseMount.ext3(host, launcher, image, 0, at, scratch::started)) {
      requireKept(image, at, scratch);
      tar(
          "read what is in " + image,
          List.of(
              "-S", "--format=posix", "-cf", archive.toString(), "-C", mount.at().toString(), "."),
          scratch);
    }
  }

  /** Without what only root may write, and tar would pass over. */
  private void requireKept(Path image, Path at, Scratch scratch) {
    String kinds = host.identity().isRoot() ? "system" : "system|trusted|security";
    Launcher.Outcome found =
        run(
            program("getfattr"),
            List.of("-R", "-h", "-P", "-m", "^(" + kinds + ")\\.", "--", at.toString()),
            scratch);
    if (found.status() != 0 || found.stdout().length > 0) {
      throw new UnsupportedException(
          "the overlay "
              + image
              + " cannot be made anew by "
              + host.identity().user()
              + ": it has access control lists, or attributes that only root may write: "
              + found.outputText().lines().limit(3).toList()
              + found.errorText());
    }
  }

  private void unpack(Path archive, Path image, Scratch scratch) {
    Path at = scratch.directory().resolve("new");
    try (FuseMount mount = FuseMount.writableExt3(host, launcher, image, at, scratch::started)) {
      tar(
          "write what was in the overlay to " + image,
          List.of("--same-owner", "-p", "-xf", archive.toString(), "-C", mount.at().toString()),
          scratch);
      mount.finish();
    }
  }

  /** It tells by words alone that an attribute was not written. */
  private void tar(String what, List<String> more, Scratch scratch) {
    List<String> words =
        new ArrayList<>(List.of("--numeric-owner", "--xattrs", "--xattrs-include=*"));
    words.addAll(more);
    Path tar = program("tar");
    Launcher.Outcome outcome = run(tar, words, scratch);
    if (outcome.status() != 0 || !outcome.errorText().isEmpty()) {
      throw new LaunchException("cannot " + what, words, outcome.errorText());
    }
  }

  private Launcher.Outcome run(Path program, List<String> words, Scratch scratch) {
    return launcher.run(
        Invocation.of(program, words),
        new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), scratch::started));
  }

  private Path program(String name) {
    return Programs.require(host, name, "make an overlay with another number of inodes");
  }
}
