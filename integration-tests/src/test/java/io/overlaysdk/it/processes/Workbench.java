package io.overlaysdk.it.processes;

import io.overlaysdk.Changes;
import io.overlaysdk.CommitMode;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Overlays of each kind, made once, of which each run has a copy at the same place. */
final class Workbench {
  private static final String FILL =
      """
      cd "$1"
      mkdir -m 750 mine/upper/app mine/upper/srv
      mknod mine/upper/app/obsolete.txt c 0 0
      i=0
      while [ $i -lt 60 ]; do echo "$i" >"mine/upper/srv/$i"; i=$((i + 1)); done
      ln mine/upper/srv/1 mine/upper/srv/linked
      ln -s 1 mine/upper/srv/link
      cp noise mine/upper/noise
      mkdir -p marked/upper/app marked/upper/etc marked/work
      touch marked/upper/app/.wh.obsolete.txt marked/upper/etc/.wh..wh..opq
      chmod 700 marked/upper/app/.wh.obsolete.txt marked/upper/etc/.wh..wh..opq
      echo marked >marked/upper/etc/marked
      cp noise line/upper/first
      """;

  private final Site site;

  private Workbench(Site site) {
    this.site = site;
  }

  /** The place of all copies. */
  static Path in(Site site) {
    return site.directory().resolve("run");
  }

  private Path original() {
    return site.directory().resolve("original");
  }

  private Path at(String name) {
    return in(site).resolve(name);
  }

  private SessionSpec on(String overlay) {
    return SessionSpec.on(Image.at(site.image())).overlay(Overlay.at(at(overlay)));
  }

  static Workbench make(Site site) throws IOException {
    Workbench bench = new Workbench(site);
    Files.createDirectory(in(site));
    byte[] noise = new byte[3 << 20];
    new Random(1).nextBytes(noise);
    Files.write(bench.at("noise"), noise);
    try (OverlaySdk sdk = site.open()) {
      bench.fill(sdk);
    }
    Files.move(in(site), bench.original());
    return bench;
  }

  private void fill(OverlaySdk sdk) throws IOException {
    for (String directory : new String[] {"mine", "empty", "line"}) {
      sdk.createOverlay(at(directory));
    }
    Programs.run("sh", "-euc", FILL, "sh", in(site).toString());
    sdk.adopt(on("mine"));
    sdk.createOverlay(at("mine.ext3"), 16 << 20);
    for (String image : new String[] {"marked.ext3", "empty.ext3", "broken.ext3"}) {
      sdk.createOverlay(at(image), 8 << 20);
    }
    debugfs("mine.ext3", "write " + at("noise") + " /upper/noise", "mkdir /upper/srv");
    own("mine.ext3", "/upper/noise", "/upper/srv");
    sdk.adopt(on("mine.ext3"));
    debugfs(
        "marked.ext3",
        "mkdir /upper/app",
        "mkdir /upper/etc",
        "write /dev/null /upper/app/.wh.obsolete.txt",
        "write /dev/null /upper/etc/.wh..wh..opq",
        "set_inode_field /upper/app/.wh.obsolete.txt mode 0100700",
        "set_inode_field /upper/etc/.wh..wh..opq mode 0100700");
    own(
        "marked.ext3",
        "/upper/app",
        "/upper/etc",
        "/upper/app/.wh.obsolete.txt",
        "/upper/etc/.wh..wh..opq");
    Files.delete(at("marked.ext3.overlay.json"));
    debugfs(
        "broken.ext3",
        "write " + at("noise") + " /upper/noise",
        "set_super_value free_blocks_count 7",
        "set_inode_field <2> links_count 77");
    sdk.snapshot(at("line"), "first");
    Files.writeString(at("line/upper/second"), "second");
    sdk.snapshot(at("line"), "second");
    Files.writeString(at("line/upper/now"), "now");
    Programs.run(
        "sh", "-euc", "cd \"$1\"; gzip -1 <mine.ext3 >template.ext3.gz", "sh", in(site).toString());
    sdk.freeze(on("mine"), at("mine.sqfs"));
    sdk.pack(at("mine"), at("mine.pack"));
    sdk.pack(at("mine.ext3"), at("image.pack"));
    sdk.exportLayer(on("mine"), at("mine.tar.gz"));
    sdk.commit(on("line"), at("other.sif"), CommitMode.FLATTENED);
  }

  /** debugfs makes everything as root's. */
  private void own(String image, String... paths) throws IOException {
    for (String path : paths) {
      for (String owner : new String[] {"uid", "gid"}) {
        Object id = Files.getAttribute(at(image), "unix:" + owner);
        debugfs(image, "set_inode_field " + path + " " + owner + " " + id);
      }
    }
  }

  private void debugfs(String image, String... requests) throws IOException {
    for (String request : requests) {
      Programs.run("/usr/sbin/debugfs", "-w", "-R", request, at(image).toString());
    }
  }

  /** A new copy, in the place of the last. */
  void renew() throws IOException {
    Programs.run("rm", "-rf", in(site).toString());
    Programs.run("cp", "-a", "--reflink=auto", original().toString(), in(site).toString());
  }

  /**
   * All that there is.
   *
   * @param exact whether files that hold the same may not be different files
   */
  String state(OverlaySdk sdk, KilledOperation operation, boolean exact) throws IOException {
    String seen = operation.seen();
    StringBuilder state = new StringBuilder();
    if (!seen.isEmpty()) {
      try (Changes changes = sdk.changes(on(seen), Changes.Detail.EVERY_ENTRY)) {
        changes.forEach(change -> state.append(change).append('\n'));
      }
      if (seen.equals("line")) {
        sdk.log(at(seen))
            .forEach(
                snapshot ->
                    state.append(snapshot.message()).append(snapshot.overlays()).append('\n'));
      }
    }
    return state + new TreeState(in(site), seen, exact).text();
  }
}
