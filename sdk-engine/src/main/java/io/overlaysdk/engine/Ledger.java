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
import java.util.function.Supplier;
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
  void writing(Planner.Planned planned, Scratch scratch) {
    Optional<Dialect> dialect = planned.choice().plan().writes();
    for (int i = 0; i < planned.overlays().size(); i++) {
      Overlay asked = planned.spec().overlays().get(i);
      OverlayFacts overlay = planned.overlays().get(i);
      if (overlay.isWritable() && !asked.isEphemeral() && dialect.isPresent()) {
        writing(planned, overlay, dialect.get(), scratch);
      }
    }
  }

  private void writing(
      Planner.Planned planned, OverlayFacts overlay, Dialect dialect, Scratch scratch) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known =
        before
            .map(manifest -> manifest.in(overlay.dialects()))
            .orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    if (DirectoryOverlay.isUntouched(overlay)) {
      known = known.based(Optional.empty());
    }
    Manifest after =
        known.written(BaseIdentity.of(planned.base()), writer(planned, dialect), dialect);
    if (!before.equals(Optional.of(after))) {
      write(file, after, before.isPresent(), scratch);
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
  void neutral(OverlayFacts overlay, Scratch scratch) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    write(file, known.in(Set.of()), before.isPresent(), scratch);
  }

  /**
   * Of an overlay that others made, which belongs to this image from now on.
   *
   * @return whether that is new
   */
  boolean adopt(OverlayFacts overlay, ImageFacts image, Scratch scratch) {
    OverlayMaker.complete(List.of(overlay));
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(() -> Manifest.of(now(), overlay.dialects()));
    if (known.base().isPresent()) {
      return false;
    }
    file.write(known.based(BaseIdentity.of(image)), scratch);
    return true;
  }

  /**
   * Of an overlay that is filled with a layer of this image: in neutral form, by no driver. Written
   * before it is, so that nobody takes what is in it for changes of another image.
   */
  void imported(OverlayFacts overlay, ImageFacts image, Scratch scratch) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    Manifest known = before.orElseGet(this::empty);
    write(file, known.based(BaseIdentity.of(image)), before.isPresent(), scratch);
  }

  /**
   * The same, of one that is in its place already; where it is not filled in the end, what is
   * remembered is what was before.
   *
   * @param sign as {@link Scratch#filling} has it
   */
  <T> T imported(
      OverlayFacts overlay, ImageFacts image, Scratch scratch, Path sign, Supplier<T> filling) {
    ManifestFile file = ManifestFile.of(overlay).orElseThrow();
    Optional<Manifest> before = file.read();
    scratch.filling(file, sign);
    imported(overlay, image, scratch);
    try {
      return filling.get();
    } catch (RuntimeException e) {
      before.ifPresentOrElse(manifest -> file.write(manifest, scratch), file::delete);
      throw e;
    }
  }

  /** Of a new file that was made of an overlay on this image, in neutral form. */
  void frozen(NewFile file, OverlayFacts overlay, ImageFacts image, Scratch scratch) {
    Manifest known = known(overlay).in(Set.of());
    coming(file, known.base().isPresent() ? known : known.based(BaseIdentity.of(image)), scratch);
  }

  /** Of an image that takes its place next: nothing of it is unknown at any moment. */
  static void coming(NewFile image, Manifest manifest, Scratch scratch) {
    ManifestFile file = ManifestFile.ofImage(image);
    scratch.before(file);
    write(file, manifest, false, scratch);
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
    ManifestFile.ofDirectory(directory).write(manifest);
    Modes.set(directory, 0700);
  }

  /** Without a manifest an overlay is read by what is in it: slower, and as right. */
  private static void write(
      ManifestFile file, Manifest manifest, boolean replaces, Scratch scratch) {
    try {
      file.write(manifest, scratch);
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
