package io.overlaysdk.engine;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Probe;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down beside overlays who writes to them, and in which dialect. */
final class Ledger {
  private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

  private final Host host;
  private final Clock clock;

  Ledger(Host host, Clock clock) {
    this.host = host;
    this.clock = clock;
  }

  /** Of an overlay that is just made. */
  Manifest empty() {
    return Manifest.of(now(), Set.of());
  }

  /** Before anything is written: a session that is killed has left its marks too. */
  void writing(Planner.Planned planned) {
    Optional<Dialect> dialect = planned.choice().plan().writes();
    for (int i = 0; i < planned.overlays().size(); i++) {
      Overlay asked = planned.spec().overlays().get(i);
      OverlayFacts overlay = planned.overlays().get(i);
      if (overlay.isWritable() && !asked.isEphemeral() && dialect.isPresent()) {
        writing(planned, overlay, dialect.get());
      }
    }
  }

  private void writing(Planner.Planned planned, OverlayFacts overlay, Dialect dialect) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known =
        before
            .map(manifest -> manifest.in(overlay.dialects()))
            .orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    Manifest after =
        known.written(BaseIdentity.of(planned.base()), writer(planned, dialect), dialect);
    if (!before.equals(Optional.of(after))) {
      write(file, after, before.isPresent());
    }
  }

  private Manifest.Writer writer(Planner.Planned planned, Dialect dialect) {
    Identity identity = host.identity();
    Map<String, String> tools = new TreeMap<>();
    for (Map.Entry<String, Probe.Tool> tool : planned.choice().tool().tools().entrySet()) {
      tools.put(tool.getKey(), tool.getValue().version());
    }
    boolean fakeroot = planned.spec().isFakeroot();
    return new Manifest.Writer(
        planned.choice().backend().name(),
        dialect == Dialect.FUSE ? "fuse-overlayfs" : "overlayfs of the kernel",
        tools,
        identity.uid(),
        identity.gid(),
        fakeroot,
        fakeroot && !identity.isRoot() ? identity.subordinate() : Optional.empty());
  }

  /** Of an overlay that is now in neutral form. */
  void neutral(OverlayFacts overlay) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    write(file, known.in(Set.of()), before.isPresent());
  }

  /**
   * Of an overlay that others made, which belongs to this image from now on.
   *
   * @return whether that is new
   */
  boolean adopt(OverlayFacts overlay, ImageFacts image) {
    OverlayMaker.complete(List.of(overlay));
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    if (known.base().isPresent()) {
      return false;
    }
    file.write(known.based(BaseIdentity.of(image)));
    return true;
  }

  /** Of an overlay that was filled with a layer of this image: in neutral form, by no driver. */
  void imported(OverlayFacts overlay, ImageFacts image) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(this::empty);
    write(file, known.based(BaseIdentity.of(image)), before.isPresent());
  }

  /** Of a new file that was made of an overlay on this image, in neutral form. */
  void frozen(Path file, OverlayFacts overlay, ImageFacts image) {
    Manifest known = known(overlay).in(Set.of());
    write(
        ManifestFile.ofImage(file),
        known.base().isPresent() ? known : known.based(BaseIdentity.of(image)),
        false);
  }

  /** What is remembered of an overlay, or known by now, wherever it lies. */
  Manifest known(OverlayFacts overlay) {
    return ManifestFile.of(overlay)
        .flatMap(ManifestFile::read)
        .orElseGet(() -> Manifest.of(now(), overlay.dialects()))
        .on(Optional.empty());
  }

  /** Makes an overlay of a directory that has an upper one. */
  void complete(Path directory, Manifest manifest) throws IOException {
    Path work = Files.createDirectory(directory.resolve("work"));
    Modes.set(work, 0755);
    OverlayLock.makeIn(directory);
    write(ManifestFile.ofDirectory(directory), manifest, true);
    Modes.set(directory, 0755);
  }

  /** Without a manifest an overlay is read by what is in it: slower, and as right. */
  private static void write(ManifestFile file, Manifest manifest, boolean replaces) {
    try {
      file.write(manifest);
    } catch (OverlayException e) {
      if (replaces || !(e.getCause() instanceof AccessDeniedException)) {
        throw e;
      }
      LOG.debug("no manifest is kept: {}", e.getMessage());
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
