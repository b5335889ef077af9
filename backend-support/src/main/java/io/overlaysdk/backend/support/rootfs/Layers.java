package io.overlaysdk.backend.support.rootfs;

import static io.overlaysdk.backend.support.rootfs.Operations.End.AWAIT;
import static io.overlaysdk.backend.support.rootfs.Operations.End.LEAVE;

import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Brings image and overlays under names that no option string can misread: a directory behind a
 * link, a file system in a file behind a link and a mount.
 */
final class Layers {
  /** The lowest layer: the mount points that an image may lack. Made by the script. */
  private static final String POINTS = "points";

  private final Request request;
  private final Mode mode;
  private final boolean byKernel;
  private final Operations operations;
  private final List<String> bottomUp = new ArrayList<>(List.of(POINTS));
  private int count;

  private Layers(Request request, Mode mode, Merge merge, Operations operations) {
    this.request = request;
    this.mode = mode;
    this.byKernel = merge.isByKernel();
    this.operations = operations;
  }

  /** Adds what mounts the layers of {@code request}, and says which they are. */
  static Stack add(Request request, Mode mode, Merge merge, Operations operations) {
    Layers layers = new Layers(request, mode, merge, operations);
    layers.addImage(request.image());
    Optional<Stack.Upper> upper = Optional.empty();
    for (OverlayFacts overlay : request.overlays()) {
      if (overlay.isWritable()) {
        upper = Optional.of(layers.upper(overlay));
      } else {
        layers.addLower(overlay);
      }
    }
    List<String> topDown = new ArrayList<>(layers.bottomUp);
    Collections.reverse(topDown);
    return new Stack(
        topDown, upper, mode == Mode.USER ? Optional.of(request.identity()) : Optional.empty());
  }

  private void addImage(ImageFacts image) {
    switch (image.kind()) {
      case DIRECTORY -> bottomUp.add(bind(image.path()));
      case HOST -> addHost();
      case PENDING -> bottomUp.add(pending(image));
      default -> {
        bottomUp.add(mount(image.path(), image.root().orElseThrow()));
        for (Part overlay : image.overlays()) {
          String root = mount(image.path(), overlay);
          bottomUp.add(overlay.format() == Format.EXT3 ? upperIn(root) : root);
        }
      }
    }
  }

  /** What no container tool builds is a directory. */
  private String pending(ImageFacts image) {
    boolean mountable =
        hasLoop(request, "squashfs") || request.tool().tool(RootTools.SQUASHFUSE).isPresent();
    return mountable ? squashfs(image.path(), "(known after the build)") : bind(image.path());
  }

  /** A plain user's is no layer: {@link HostRoot}. */
  private void addHost() {
    if (mode == Mode.ROOT) {
      String name = "layer" + count++;
      operations.add("root", name);
      bottomUp.add(name);
    }
  }

  private String mount(Path file, Part part) {
    boolean loop = hasLoop(request, part.format() == Format.EXT3 ? "ext3" : "squashfs");
    if (loop && !request.image().overlays().isEmpty()) {
      // mount (util-linux 2.38) refuses a second loop device on what the first one reaches
      String place = "ro,loop,offset=" + part.offset() + ",sizelimit=" + part.size();
      return loop(file, part.format() == Format.EXT3 ? "ext3" : "squashfs", place);
    }
    return part.format() == Format.EXT3
        ? ext3(file, "ro", part.offset())
        : squashfs(file, Long.toString(part.offset()));
  }

  private void addLower(OverlayFacts overlay) {
    bottomUp.add(
        switch (overlay.kind()) {
          case DIRECTORY -> upperIn(bind(overlay.path()));
          case LAYER -> bind(overlay.path());
          case SQUASHFS -> squashfs(overlay.path(), "0");
          case EXT3 -> upperIn(ext3(overlay.path(), "ro", 0));
        });
  }

  /** Both directories through one mount: the drivers rename from one to the other. */
  private Stack.Upper upper(OverlayFacts overlay) {
    String root =
        overlay.kind() == OverlayFacts.Kind.EXT3
            ? ext3(overlay.path(), "rw", 0)
            : bind(overlay.path());
    if (!byKernel) {
      operations.thaw(root + "/work/work");
    }
    return new Stack.Upper(upperIn(root), root + "/work");
  }

  private static String upperIn(String root) {
    return root + "/upper";
  }

  /** The kernel takes a path as it is where no option string can misread it. */
  private String bind(Path directory) {
    boolean host = request.image().kind() == ImageFacts.Kind.HOST;
    if (byKernel && !host && MergedRoot.isPlain(directory.toString())) {
      operations.add("need", directory.toString());
      return directory.toString();
    }
    String name = "layer" + count++;
    operations.bind(name, directory.toString());
    return name;
  }

  private String squashfs(Path file, String offset) {
    if (hasLoop(request, "squashfs")) {
      return loop(file, "squashfs", "ro,loop,offset=" + offset);
    }
    String options = "ro,allow_other,offset=" + offset;
    if (byKernel && mode == Mode.USER) {
      // fuse-overlayfs gives all files to the user by itself; the kernel shows whose they are
      Identity identity = request.identity();
      options += ",uid=" + identity.uid() + ",gid=" + identity.gid();
    }
    return attach(file, RootTools.SQUASHFUSE, options, LEAVE);
  }

  /** Killed, even one that only reads leaves a mark of having been cut off (fuse2fs 1.47.4). */
  private String ext3(Path file, String access, long offset) {
    if (hasLoop(request, "ext3")) {
      return loop(file, "ext3", access + ",loop" + (offset > 0 ? ",offset=" + offset : ""));
    }
    StringBuilder options = new StringBuilder(access).append(",allow_other");
    if (mode == Mode.USER) {
      // fuse2fs 1.47 checks permissions by itself and knows no capability: without this, nothing
      // below a directory of mode 0555 can be copied up. Owners are stored as they are.
      options.append(",fakeroot");
    }
    if (offset > 0) {
      options.append(",offset=").append(offset);
    }
    return attach(file, RootTools.FUSE2FS, options.toString(), AWAIT);
  }

  /** Whether the kernel mounts this format from a file, which only root may ask it for. */
  static boolean hasLoop(Request request, String format) {
    return request.tool().fact(RootTools.LOOP).filter(known -> known.contains(format)).isPresent();
  }

  private String loop(Path file, String format, String options) {
    return attach(file, LEAVE, List.of(tool(RootTools.MOUNT), "-t", format, "-o", options));
  }

  private String attach(Path file, String tool, String options, Operations.End end) {
    return attach(file, end, List.of(tool(tool), "-o", options));
  }

  private String tool(String name) {
    return RootTools.path(request, name).toString();
  }

  private String attach(Path file, Operations.End end, List<String> program) {
    String link = "file" + count;
    String name = "layer" + count++;
    List<String> words = new ArrayList<>(program);
    words.addAll(List.of(link, name));
    operations.link(link, file.toString()).attach(name, end, words);
    return name;
  }
}
