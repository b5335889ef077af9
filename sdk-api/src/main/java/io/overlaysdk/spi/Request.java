package io.overlaysdk.spi;

import io.overlaysdk.Bind;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Everything a backend may know when it plans a session. The engine has found the facts and checked
 * them: what is named here is there (or will be, when the steps before it are done).
 *
 * @param spec the session; a backend reads from it what is not said below: fakeroot, gpu, network,
 *     directory
 * @param tool what the backend's own probe found
 * @param image what the image is
 * @param overlays what the overlays are, bottom to top, as in the spec
 * @param binds all that is bound into the container, in this order: the engine's own (a private
 *     {@code /tmp}, the directory it talks through), what is shared, the site's, the spec's.
 *     Sources are absolute and exist. A later bind lies over an earlier one
 * @param identity who runs the session
 * @param architecture what the processor of this machine is, in Go's names
 * @param scratch a private directory on the host that lasts as long as the session, for the plan's
 *     own files; it exists before the first step
 */
public record Request(
    SessionSpec spec,
    Probe.Present tool,
    ImageFacts image,
    List<OverlayFacts> overlays,
    List<Bind> binds,
    Identity identity,
    String architecture,
    Path scratch) {
  public Request {
    Objects.requireNonNull(spec, "spec");
    Objects.requireNonNull(tool, "tool");
    Objects.requireNonNull(image, "image");
    overlays = List.copyOf(overlays);
    binds = List.copyOf(binds);
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(scratch, "scratch");
  }
}
