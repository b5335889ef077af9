package io.overlaysdk.engine;

import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Identity;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is remembered of an overlay, beside it: without it, what its marks mean has to be found out
 * anew by reading all of it, and nobody knows what it was made on.
 *
 * @param volume the UUID of the file system in the image file, or what else tells it from others;
 *     an image that has another one was put in its place, and is not what this is about
 * @param created when it was made, or first used
 * @param base what it was first written on; empty as long as nothing was
 * @param dialects in which the drivers that wrote it mark what they hide; empty in neutral form
 * @param writer who wrote it last
 * @param hardLinks what has become of the linked files of its base; empty as long as nothing was
 *     written
 */
record Manifest(
    Optional<String> volume,
    Instant created,
    Optional<BaseIdentity> base,
    Set<Dialect> dialects,
    Optional<Writer> writer,
    Optional<HardLinks> hardLinks) {

  /** What writing to one name of a linked file of the base does to the others. */
  enum HardLinks {
    /** They change too, until the driver is mounted anew: fuse-overlayfs left to itself. */
    LINKED,
    /** They stay as they were: the kernel, and fuse-overlayfs by way of {@link Separation}. */
    BROKEN
  }

  /**
   * Who wrote an overlay, with what.
   *
   * @param backend the backend
   * @param driver what laid the overlay over its base
   * @param tools the programs that it used, with their versions
   * @param uid the user, on the host
   * @param gid the user's own group, on the host
   * @param fakeroot whether the user was root inside
   * @param subordinate the other ids that the user had inside then
   */
  record Writer(
      String backend,
      String driver,
      Map<String, String> tools,
      int uid,
      int gid,
      boolean fakeroot,
      Optional<Identity.IdRanges> subordinate) {
    Writer {
      Objects.requireNonNull(backend, "backend");
      Objects.requireNonNull(driver, "driver");
      tools = Collections.unmodifiableMap(new TreeMap<>(tools));
      Objects.requireNonNull(subordinate, "subordinate");
    }
  }

  Manifest {
    Objects.requireNonNull(volume, "volume");
    Objects.requireNonNull(created, "created");
    Objects.requireNonNull(base, "base");
    Set<Dialect> sorted = EnumSet.noneOf(Dialect.class);
    sorted.addAll(dialects);
    dialects = Collections.unmodifiableSet(sorted);
    Objects.requireNonNull(writer, "writer");
    Objects.requireNonNull(hardLinks, "hardLinks");
  }

  /** Of an overlay in which nothing is, or of which no more is known than these dialects. */
  static Manifest of(Instant created, Set<Dialect> dialects) {
    return new Manifest(
        Optional.empty(), created, Optional.empty(), dialects, Optional.empty(), Optional.empty());
  }

  /** This one with other dialects in the overlay. */
  Manifest in(Set<Dialect> others) {
    return new Manifest(volume, created, base, others, writer, hardLinks);
  }

  /** This one, made on this base and not yet written to by a session. */
  Manifest based(Optional<BaseIdentity> on) {
    return new Manifest(volume, created, on, dialects, writer, hardLinks);
  }

  Manifest on(Optional<String> other) {
    return new Manifest(other, created, base, dialects, writer, hardLinks);
  }

  /** This one after somebody has begun to write in a dialect. The first base stays the base. */
  Manifest written(Optional<BaseIdentity> on, Writer by, Dialect dialect) {
    Set<Dialect> more = EnumSet.of(dialect);
    more.addAll(dialects);
    more.remove(Dialect.NEUTRAL);
    return new Manifest(
        volume, created, base.or(() -> on), more, Optional.of(by), Optional.of(HardLinks.BROKEN));
  }
}
