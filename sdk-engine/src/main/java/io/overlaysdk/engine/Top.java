package io.overlaysdk.engine;

import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is written to in an overlay: the {@code upper} of a directory, or an image as a whole. A
 * snapshot makes a layer of it and puts an empty one in its place.
 */
interface Top extends AutoCloseable {
  OverlayFacts.Kind kind();

  ManifestFile manifest();

  /** What somebody was making who was killed: it has no name of its own yet. */
  List<Path> unfinished();

  boolean isEmpty();

  /**
   * Makes what may fail to be made before anything is announced.
   *
   * @param next the line that is to be
   * @param like the layer whose root the empty one's is to look like; empty where it is this one's
   * @return {@code next}, with what the empty one will be known by
   */
  Line prepare(Line next, Optional<Frozen> like);

  /** Makes the directory of a layer, which has everything but the mark of being one. */
  void announce(Path layer);

  /** Makes it the layer: the moment of a snapshot. */
  void take(Frozen layer);

  /** Undoes that where what is left to do fails. */
  void giveBack(Frozen layer);

  /** Does what is left to do then, whoever does it. */
  void complete(Line line, Line settled);

  /**
   * Makes an empty overlay on a layer.
   *
   * @param made where it is made until it is moved to its place
   * @return the line, with what it will be known by
   */
  Line fork(Line line, Frozen layer, Manifest manifest, NewFile made);

  /**
   * Prepares a layer that is to hold what several do.
   *
   * @return the image in its directory that is to hold it; empty where there is nothing to prepare
   */
  Optional<Path> ready(Path layer, List<Frozen> layers);

  /** Deletes what lies beside an overlay that has been deleted. */
  void forget();

  /** Deletes what was made for a snapshot that has not been. */
  @Override
  void close();
}
