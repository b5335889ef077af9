package io.overlaysdk.testkit;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Makes requests as the engine would, for a machine on which nothing of what they name exists. The
 * spec and the facts of a request agree with one another.
 *
 * <p>Without further words a request is for {@link Identities#plainUser()} on amd64, with {@link
 * #SCRATCH} as scratch directory, no overlay and no bind.
 */
public final class RequestBuilder {
  /** The scratch directory of every request. */
  public static final Path SCRATCH = Path.of("/scratch/session-1");

  /** Where the root starts in {@link #sif}: not on a page boundary that a test could guess. */
  public static final long ROOT_OFFSET = 40960;

  private static final long ROOT_SIZE = 1 << 20;

  private final Probe.Present tool;
  private final ImageFacts image;
  private final List<OverlayFacts> overlays = new ArrayList<>();
  private final List<Bind> binds = new ArrayList<>();
  private UnaryOperator<SessionSpec> changes = UnaryOperator.identity();
  private Identity identity = Identities.plainUser();
  private String architecture = "amd64";

  private RequestBuilder(Probe.Present tool, ImageFacts image) {
    this.tool = tool;
    this.image = image;
  }

  /** A session on any image at all. */
  public static RequestBuilder on(Probe.Present tool, ImageFacts image) {
    return new RequestBuilder(tool, image);
  }

  /** A session on {@code /images/base.sif}, for amd64, with one squashfs in it. */
  public static RequestBuilder sif(Probe.Present tool) {
    return sif(tool, "/images/base.sif");
  }

  /** A session on a SIF at {@code path}, for amd64, with one squashfs in it. */
  public static RequestBuilder sif(Probe.Present tool, String path) {
    return on(tool, imageFacts(Kind.SIF, path, List.of(root(Format.SQUASHFS, "amd64"))));
  }

  /** A session on {@code /images/tree}, a directory. */
  public static RequestBuilder directory(Probe.Present tool) {
    return on(tool, imageFacts(Kind.DIRECTORY, "/images/tree", List.of()));
  }

  /** The facts of an image of user 1000. */
  public static ImageFacts imageFacts(Kind kind, String location, List<Part> parts) {
    return new ImageFacts(kind, location, parts, 1000);
  }

  /** The root of an image, at {@link #ROOT_OFFSET}. */
  public static Part root(Format format, String architecture) {
    return new Part(Role.ROOT, format, ROOT_OFFSET, ROOT_SIZE, architecture);
  }

  /** With a writable overlay on top. */
  public RequestBuilder writable(OverlayFacts.Kind kind, String path) {
    return overlay(kind, path, Access.READ_WRITE);
  }

  /** With an overlay on top that is only read. */
  public RequestBuilder readOnly(OverlayFacts.Kind kind, String path) {
    return overlay(kind, path, Access.READ_ONLY);
  }

  private RequestBuilder overlay(OverlayFacts.Kind kind, String path, Access access) {
    overlays.add(new OverlayFacts(kind, Path.of(path), access));
    return this;
  }

  /** With a writable bind over all that came before. */
  public RequestBuilder bind(String source, String target) {
    return bind(source, target, Access.READ_WRITE);
  }

  /** With a bind over all that came before. */
  public RequestBuilder bind(String source, String target, Access access) {
    binds.add(new Bind(Path.of(source), ContainerPath.of(target), access));
    return this;
  }

  /** With what else the spec says: fakeroot, network, directory, a named backend. */
  public RequestBuilder spec(UnaryOperator<SessionSpec> change) {
    UnaryOperator<SessionSpec> before = changes;
    changes = spec -> change.apply(before.apply(spec));
    return this;
  }

  /** Run by this user. */
  public RequestBuilder identity(Identity identity) {
    this.identity = identity;
    return this;
  }

  /** On a machine with this processor, in Go's names. */
  public RequestBuilder architecture(String architecture) {
    this.architecture = architecture;
    return this;
  }

  /** The request; this builder may be changed further. */
  public Request request() {
    SessionSpec spec = SessionSpec.on(specImage());
    for (OverlayFacts overlay : overlays) {
      Overlay given = Overlay.at(overlay.path());
      spec = spec.overlay(overlay.isWritable() ? given : given.readOnly());
    }
    for (Bind bind : binds) {
      spec = spec.bind(bind);
    }
    return new Request(
        changes.apply(spec), tool, image, overlays, binds, identity, architecture, SCRATCH);
  }

  private Image specImage() {
    return switch (image.kind()) {
      case HOST -> Image.host();
      case REMOTE -> Image.of(URI.create(image.location()));
      default -> Image.at(image.path());
    };
  }
}
