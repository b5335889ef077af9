package io.overlaysdk.spi;

import io.overlaysdk.UnsupportedException;
import java.util.List;

/**
 * Builds images from definition files. Implemented by backends whose tool can, found with {@link
 * java.util.ServiceLoader}, called by the engine.
 *
 * @implSpec As {@link Backend}.
 */
public interface ImageBuilder {

  /** The name of the tool that builds. */
  String name();

  /** Where there are several, builders with a higher number are tried first. */
  default int preference() {
    return 0;
  }

  /** Looks whether the tool is here and what it can do. */
  Probe probe(Host host);

  /**
   * What is to be done so that the image is at {@link BuildRequest#target()} afterwards. Nothing is
   * there before.
   *
   * @throws UnsupportedException where the tool cannot build this
   */
  List<Step> build(BuildRequest request);
}
