package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.Configuration;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Makes one file of an overlay with all that belongs to it, and an overlay of such a file. */
final class Packer {
  private static final Duration LIMIT = Duration.ofHours(1);

  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Ledger ledger;
  private final PolicyCheck policy;
  private final Function<String, Scratch> scratches;

  Packer(
      Locking locking,
      Configuration configuration,
      Launcher launcher,
      Ledger ledger,
      PolicyCheck policy,
      Function<String, Scratch> scratches) {
    this.locking = locking;
    this.host = locking.host();
    this.configuration = configuration;
    this.launcher = launcher;
    this.ledger = ledger;
    this.policy = policy;
    this.scratches = scratches;
  }

  /**
   * Packs what is in an overlay as it is, marks included.
   *
   * @param facts finds out how it is marked where it has no manifest
   */
  void pack(Path path, NewFile file, Facts facts, OptionalLong time) {
    OverlayFacts overlay = facts.of(Overlay.at(path), true);
    OverlayLock lock = OverlayLock.read(overlay, locking);
    try (Scratch scratch = scratches.apply("packing of " + overlay.path())) {
      scratch.beside(file);
      OverlayMaker.complete(List.of(overlay));
      Path manifest = scratch.directory().resolve(Pack.MANIFEST);
      Files.writeString(manifest, ManifestJson.write(ledger.known(overlay)), UTF_8);
      // the same overlay gives the same bytes
      Files.setLastModifiedTime(manifest, FileTime.fromMillis(0));
      squash(overlay, manifest, file.partial(), time.orElse(0), scratch);
      requireSquashfs(file.partial());
      Pack.complete(file.partial());
      file.sync();
      file.appear();
    } catch (IOException e) {
      throw new OverlayException("cannot pack " + overlay.path() + ": " + e, e);
    } finally {
      lock.close();
    }
  }

  /** A tool may say that it has done what it has not. */
  private static void requireSquashfs(Path made) {
    try (RawFile file = RawFile.open(Found.at(made, Subject.PACK))) {
      SquashfsSuperblock.check(file, 0, file.size(), "what mksquashfs has made");
    }
  }

  private void squash(
      OverlayFacts overlay, Path manifest, Path target, long time, Scratch scratch) {
    boolean directory = overlay.kind() == OverlayFacts.Kind.DIRECTORY;
    Path content = directory ? overlay.path().resolve("upper") : overlay.path();
    Squashing squashing = new Squashing(host, launcher, scratch.directory(), scratch::started);
    List<String> words = new ArrayList<>();
    boolean oneUser = !host.identity().isRoot() && !(directory && hasOthers(content));
    if (!host.identity().isRoot() && !oneUser) {
      words.addAll(new OwnNamespace(host, configuration).words());
    }
    words.addAll(List.of(squashing.program().toString(), content.toString(), manifest.toString()));
    words.addAll(List.of(target.toString(), "-exit-on-error", "-root-mode", "700"));
    words.addAll(squashing.options(time));
    words.addAll(List.of("-root-time", Long.toString(time)));
    if (oneUser) {
      words.add("-all-root");
    }
    run("pack " + overlay.path(), words, scratch);
  }

  /** Whether some of it belongs to the user's subordinate ids, or is closed to the user. */
  private boolean hasOthers(Path tree) {
    Identity user = host.identity();
    List<String> others = new ArrayList<>(List.of("!", "-uid", Integer.toString(user.uid())));
    user.subordinate()
        .ifPresent(
            ids -> {
              others.add("-o");
              others.addAll(among(ids));
            });
    boolean found = finds(tree, others);
    if (found && user.subordinate().isPresent()) {
      List<String> strangers = new ArrayList<>(List.of("!", "-gid", Integer.toString(user.gid())));
      strangers.add("!");
      strangers.addAll(among(user.subordinate().get()));
      requireNone(tree, strangers);
    }
    return found;
  }

  /** For find: what belongs to a subordinate group. */
  private static List<String> among(Identity.IdRanges ids) {
    return List.of(
        "(", "-gid", "+" + (ids.firstGid() - 1), "-gid", "-" + (ids.firstGid() + ids.gids()), ")");
  }

  private boolean finds(Path tree, List<String> what) {
    Launcher.Outcome outcome = find(tree, what);
    return outcome.status() != 0 || outcome.stdout().length > 0;
  }

  private void requireNone(Path tree, List<String> strangers) {
    String found = find(tree, strangers).outputText();
    if (!found.isEmpty()) {
      throw new UnsupportedException(
          "cannot pack "
              + found.strip()
              + ": it belongs to a group that is none of the container's; give it another one");
    }
  }

  private Launcher.Outcome find(Path tree, List<String> what) {
    List<String> words = new ArrayList<>();
    words.add(host.find("find").orElse(Path.of("/usr/bin/find")).toString());
    words.addAll(List.of(tree.toString(), "("));
    words.addAll(what);
    words.addAll(List.of(")", "-print", "-quit"));
    return launcher.run(Invocation.of(words), Launcher.Terms.within(LIMIT));
  }

  private void run(String what, List<String> words, Scratch scratch) {
    Launcher.Outcome outcome =
        launcher.run(
            Invocation.of(words),
            new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), scratch::started));
    if (outcome.status() != 0) {
      throw new LaunchException("cannot " + what, words, outcome.errorText());
    }
  }

  /** Makes the overlay again that was packed. */
  Overlay unpack(Path file, Path target) {
    NewFile place = NewFile.at(target);
    Found found = Found.at(file, Subject.PACK);
    Pack.check(found);
    Path partial = place.partial();
    try (Scratch scratch = scratches.apply("unpacking of " + found.path())) {
      scratch.beside(place);
      new Unsquashing(host, configuration, launcher).run(found.path(), partial, scratch::started);
      Path content = content(found, partial);
      Path json = partial.resolve(Pack.MANIFEST);
      Manifest manifest =
          ManifestFile.at(json)
              .read()
              .orElseThrow(() -> damaged(found, "its manifest is that of another image"));
      if (Files.isDirectory(content, NOFOLLOW_LINKS)) {
        Files.delete(json);
        ledger.complete(partial, manifest);
        Files.move(partial, place.target(), StandardCopyOption.ATOMIC_MOVE);
      } else {
        image(content, place.target(), manifest, scratch);
      }
      return Overlay.at(target);
    } catch (IOException e) {
      throw new OverlayException(
          "cannot unpack " + found.path() + " to " + place.target() + ": " + e, e);
    }
  }

  /** What lies beside the manifest. */
  private static Path content(Found pack, Path unpacked) throws IOException {
    List<Path> others =
        Listings.of(unpacked).stream().filter(entry -> !entry.endsWith(Pack.MANIFEST)).toList();
    boolean right =
        others.size() == 1
            && Files.isRegularFile(unpacked.resolve(Pack.MANIFEST), NOFOLLOW_LINKS)
            && (Files.isDirectory(others.get(0), NOFOLLOW_LINKS)
                ? others.get(0).endsWith("upper")
                : Files.isRegularFile(others.get(0), NOFOLLOW_LINKS));
    if (!right) {
      throw damaged(
          pack,
          "beside its manifest there must be an upper directory or an image, and nothing else");
    }
    return others.get(0);
  }

  private static CorruptOverlayException damaged(Found pack, String problem) {
    return new CorruptOverlayException(
        "the packed overlay " + pack.path() + " cannot be unpacked: " + problem);
  }

  private void image(Path image, Path place, Manifest manifest, Scratch scratch) {
    if (new OverlayReader().read(Overlay.at(image)).kind() != OverlayFacts.Kind.EXT3) {
      throw new CorruptOverlayException("what is packed for " + place + " is no ext3 image");
    }
    policy.overlay(place, image);
    // a squashfs knows only large holes
    host.find("fallocate")
        .ifPresent(
            program ->
                launcher.run(
                    Invocation.of(program, List.of("--dig-holes", image.toString())),
                    new Launcher.Terms(
                        Optional.empty(), Stdio.PIPES, Optional.empty(), scratch::started)));
    NewFile made = new NewFile(place, image);
    Ledger.coming(made, manifest, scratch);
    made.sync();
    made.appear();
  }
}
