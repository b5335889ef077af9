package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.oci.LayerReader;
import io.overlaysdk.layers.oci.OwnerMap;
import io.overlaysdk.spi.Host;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Unpacks an archive into an overlay. The whole tree is made beside the place that it is for, and
 * takes it with one rename, which the kernel refuses where something is there by then.
 */
final class Unpacking {
  private final Job.Import job;
  private final List<Layer> lowers;
  private final OwnerMap owners;
  private final Host host;
  private final Launcher launcher;

  Unpacking(Job.Import job, List<Layer> lowers, OwnerMap owners, Host host, Launcher launcher) {
    this.job = job;
    this.lowers = lowers;
    this.owners = owners;
    this.host = host;
    this.launcher = launcher;
  }

  /** Makes a directory overlay. */
  LayerReport intoNew(Path overlay) {
    Path target = overlay.toAbsolutePath().normalize();
    return unpack(target, target.resolveSibling(job.workshop()));
  }

  /** Fills a directory overlay in which nothing is. */
  LayerReport intoEmpty(Path overlay) {
    requireEmpty(overlay.resolve("upper"));
    Path aside = overlay.resolve(job.workshop());
    try {
      Files.createDirectory(aside);
      Path made = aside.resolve("overlay");
      LayerReport report = unpack(made, aside.resolve("nodes"));
      take(made.resolve("upper"), overlay.resolve("upper"));
      return report;
    } catch (IOException e) {
      throw new OverlayException("cannot unpack in " + overlay + ": " + e, e);
    } finally {
      remove(aside);
    }
  }

  /** Fills an image in which nothing is, by way of a mount. */
  LayerReport intoImage(Path image, Path at, LongConsumer started) {
    try (FuseMount mount = FuseMount.writableExt3(host, launcher, image, at, started)) {
      LayerReport report = intoEmpty(mount.at());
      mount.finish();
      return report;
    }
  }

  private LayerReport unpack(Path target, Path workshop) {
    try {
      Files.createDirectory(workshop);
      Nodes nodes = new Nodes(host, launcher, workshop);
      LayerReader reader =
          LayerReader.of(job.archive()).owners(owners).whiteouts(nodes).nodes(nodes);
      return (lowers.isEmpty() ? reader : reader.over(lowers)).readInto(target);
    } catch (IOException e) {
      throw new OverlayException("cannot unpack beside " + target + ": " + e, e);
    } finally {
      remove(workshop);
    }
  }

  private void requireEmpty(Path upper) {
    try {
      if (!Listings.isEmpty(upper)) {
        throw notEmpty();
      }
    } catch (IOException e) {
      throw new OverlayException("cannot look into " + upper + ": " + e, e);
    }
  }

  private InvalidSpecException notEmpty() {
    return new InvalidSpecException(
        "a layer is imported into an overlay without changes, and there are some in "
            + job.named()
            + "; give a new path, or make an empty overlay with overlay create");
  }

  /** The owner needs to write to a directory to give it another parent. */
  private void take(Path from, Path to) {
    try {
      int mode = (int) Files.getAttribute(from, "unix:mode", NOFOLLOW_LINKS) & 07777;
      Modes.set(from, mode | 0700);
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      Modes.set(to, mode);
    } catch (DirectoryNotEmptyException e) {
      throw notEmpty();
    } catch (FileSystemException e) {
      throw e.getReason() != null && e.getReason().contains("not empty")
          ? notEmpty()
          : new OverlayException("cannot put " + from + " into its place " + to + ": " + e, e);
    } catch (IOException e) {
      throw new OverlayException("cannot put " + from + " into its place " + to + ": " + e, e);
    }
  }

  private static void remove(Path tree) {
    try {
      Deletion.tree(tree);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + tree + ": " + e, e);
    }
  }
}
