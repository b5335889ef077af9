package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.Objects;

/**
 * What an image builder is asked for.
 *
 * @param definition the definition file, absolute
 * @param target where the image is to be written, absolute; nothing is there
 * @param tool what the builder's own probe found
 * @param identity who runs it
 */
public record BuildRequest(Path definition, Path target, Probe.Present tool, Identity identity) {
  public BuildRequest {
    Objects.requireNonNull(definition, "definition");
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(tool, "tool");
    Objects.requireNonNull(identity, "identity");
  }
}
