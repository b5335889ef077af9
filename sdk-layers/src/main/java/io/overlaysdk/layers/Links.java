package io.overlaysdk.layers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What symbolic links say. */
final class Links {
  private Links() {}

  static byte[] target(Path link) {
    try {
      return Names.target(Files.readSymbolicLink(link));
    } catch (IOException e) {
      throw UnreadableLayerException.of("reading the link", link, e);
    }
  }
}
