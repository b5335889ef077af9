package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.BackendReport;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each backend can do here, found by asking it to plan a session of each kind: there is no
 * list of capabilities beside what the backends really do.
 */
final class Doctor {
  private static final Path IMAGE = Path.of("/image.sif");
  private static final Path OVERLAY = Path.of("/overlay");

  private final Backends backends;
  private final Host host;

  Doctor(Backends backends, Host host) {
    this.backends = backends;
    this.host = host;
  }

  /** A session of one kind, and the facts that go with it. */
  private record Question(SessionSpec spec, ImageFacts image, List<OverlayFacts> overlays) {}

  List<BackendReport> reports() {
    List<BackendReport> reports = new ArrayList<>();
    for (Backend backend : backends.ordered()) {
      Probe probe = backends.probe(backend);
      if (probe instanceof Probe.Present present) {
        reports.add(
            new BackendReport(backend.name(), true, tools(present), abilities(backend, present)));
      } else if (probe instanceof Probe.Absent absent) {
        reports.add(
            new BackendReport(
                backend.name(),
                false,
                absent.reason() + "; " + absent.remedy(),
                new LinkedHashMap<>()));
      }
    }
    backends
        .broken()
        .forEach((name, why) -> reports.add(new BackendReport(name, false, why, Map.of())));
    backends
        .missing()
        .forEach((name, why) -> reports.add(new BackendReport(name, false, why, Map.of())));
    return reports;
  }

  private static String tools(Probe.Present present) {
    List<String> tools = new ArrayList<>();
    present
        .tools()
        .forEach(
            (name, tool) ->
                tools.add((name + " " + tool.version()).strip() + " (" + tool.path() + ")"));
    present.facts().forEach((name, value) -> tools.add(name + ": " + value));
    return String.join(", ", tools);
  }

  private Map<String, String> abilities(Backend backend, Probe.Present present) {
    Map<String, String> abilities = new LinkedHashMap<>();
    questions()
        .forEach((name, question) -> abilities.put(name, answer(backend, present, question)));
    return abilities;
  }

  private @Nullable String answer(Backend backend, Probe.Present present, Question question) {
    try {
      backend.plans(
          new Request(
              question.spec,
              present,
              question.image,
              question.overlays,
              List.of(),
              host.identity(),
              host.architecture(),
              Path.of("/scratch")));
      return "";
    } catch (UnsupportedException e) {
      return e.getMessage();
    } catch (RuntimeException | LinkageError e) {
      return "its planning failed: " + e;
    }
  }

  private Map<String, Question> questions() {
    SessionSpec plain = SessionSpec.on(Image.at(IMAGE));
    ImageFacts sif = image(ImageFacts.Kind.SIF, ImageFacts.Format.SQUASHFS);
    Map<String, Question> questions = new LinkedHashMap<>();
    questions.put("SIF image", new Question(plain, sif, List.of()));
    questions.put(
        "squashfs image",
        new Question(
            plain, image(ImageFacts.Kind.SQUASHFS, ImageFacts.Format.SQUASHFS), List.of()));
    ImageFacts sandbox =
        new ImageFacts(ImageFacts.Kind.DIRECTORY, "/sandbox", List.of(), host.identity().uid());
    questions.put("sandbox image", new Question(plain, sandbox, List.of()));
    URI uri = URI.create("docker://debian:12");
    questions.put(
        "image by URI",
        new Question(
            SessionSpec.on(Image.of(uri)),
            new ImageFacts(ImageFacts.Kind.REMOTE, uri.toString(), List.of(), -1),
            List.of()));
    questions.put(
        "host as image",
        new Question(
            SessionSpec.on(Image.host()),
            new ImageFacts(ImageFacts.Kind.HOST, "/", List.of(), 0),
            List.of()));
    questions.put("directory overlay", overlay(plain, sandbox, OverlayFacts.Kind.DIRECTORY));
    questions.put("ext3 overlay", overlay(plain, sif, OverlayFacts.Kind.EXT3));
    questions.put("squashfs overlay", readOnly(plain, sif, OverlayFacts.Kind.SQUASHFS));
    questions.put("read-only overlay", readOnly(plain, sandbox, OverlayFacts.Kind.DIRECTORY));
    questions.put("fakeroot", new Question(plain.fakeroot(), sandbox, List.of()));
    questions.put("no capabilities", new Question(plain.dropCapabilities(), sandbox, List.of()));
    questions.put("no network", new Question(plain.network(Network.NONE), sandbox, List.of()));
    questions.put("NVIDIA GPU", new Question(plain.gpu(Gpu.NVIDIA), sif, List.of()));
    questions.put("AMD GPU", new Question(plain.gpu(Gpu.AMD), sif, List.of()));
    return questions;
  }

  private ImageFacts image(ImageFacts.Kind kind, ImageFacts.Format format) {
    return new ImageFacts(
        kind,
        IMAGE.toString(),
        List.of(new ImageFacts.Part(ImageFacts.Role.ROOT, format, 0, 4096, host.architecture())),
        host.identity().uid());
  }

  private static Question overlay(SessionSpec spec, ImageFacts image, OverlayFacts.Kind kind) {
    return new Question(
        spec.overlay(Overlay.at(OVERLAY)),
        image,
        List.of(new OverlayFacts(kind, OVERLAY, Access.READ_WRITE)));
  }

  private static Question readOnly(SessionSpec spec, ImageFacts image, OverlayFacts.Kind kind) {
    return new Question(
        spec.overlay(Overlay.at(OVERLAY).readOnly()),
        image,
        List.of(new OverlayFacts(kind, OVERLAY, Access.READ_ONLY)));
  }
}
