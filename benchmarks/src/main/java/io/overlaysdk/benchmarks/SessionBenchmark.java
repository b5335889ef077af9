package io.overlaysdk.benchmarks;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a session with one command costs where the kernel merges: open, run, close. */
final class SessionBenchmark implements Benchmark {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  private static final String WHAT = "open, one command, close over a sandbox (overlayfs)";

  /** What the session does, done by hand with the same programs of the system. */
  private static final String BY_HAND =
      """
      set -e
      # sh -c THIS sh BASE DIRECTORY
      mkdir "$2" "$2/upper" "$2/work" "$2/root" "$2/tmp"
      unshare %s--mount --propagation private --pid --fork --kill-child --mount-proc sh -ec '
        mount -t tmpfs tmpfs "$2/root" && cd "$2/root" && mkdir merged
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work%s" merged
        mount --rbind /dev merged/dev
        mount -t proc proc merged/proc
        mount --rbind /sys merged/sys
        mount --bind "$2/tmp" merged/tmp
        chroot merged /bin/sh -c true
      ' sh "$1" "$2"
      chmod -R u+rwx "$2/work"
      rm -rf "$2"
      """;

  /** The same with all that a session of this backend has: devices, terminals, the resolver. */
  private static final String ALL_BY_HAND =
      """
      set -e
      # sh -c THIS sh BASE DIRECTORY
      mkdir "$2" "$2/upper" "$2/work" "$2/root" "$2/tmp"
      unshare %s--mount --propagation private --pid --fork --kill-child --mount-proc sh -ec '
        mount -t tmpfs tmpfs "$2/root" && cd "$2/root"
        mkdir -p merged dev/shm dev/pts points/dev points/proc points/sys points/tmp points/etc
        : >points/etc/resolv.conf
        mount -t overlay overlay \
          -o "lowerdir=$1:points,upperdir=$2/upper,workdir=$2/work%s" merged
        exec unshare --mount --pid --fork --kill-child sh -ec "$3" sh "$2/tmp"
      ' sh "$1" "$2" '
        mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts dev/pts
        for device in null zero full random urandom tty; do
          : >dev/$device
          mount --bind /dev/$device dev/$device
        done
        ln -s pts/ptmx dev/ptmx
        cp -d /dev/fd /dev/stdin /dev/stdout /dev/stderr dev
        mount --rbind dev merged/dev
        mount -t proc -o nosuid,nodev,noexec proc merged/proc
        mount --rbind /sys merged/sys
        mount --bind "$1" merged/tmp
        mount --bind /etc/resolv.conf merged/etc/resolv.conf
        mount -o remount,bind,ro merged/etc/resolv.conf
        exec unshare %s--root=merged --wd=/ -- /bin/sh -c true
      '
      chmod -R u+rwx "$2/work"
      rm -rf "$2"
      """;

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Fixture.sandbox(directory.resolve("base"));
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    SessionSpec spec =
        SessionSpec.on(Image.at(base)).overlay(Overlay.ephemeral()).backend("overlayfs");
    String script =
        BY_HAND.formatted(
            ROOT ? "" : "--user --map-current-user --keep-caps ", ROOT ? "" : ",userxattr");
    Tool byHand = Tool.of("sh", "-c", script, "sh", base, directory.resolve("by-hand"));
    Path overlay = directory.resolve("overlay");
    Files.createDirectories(overlay.resolve("upper"));
    Files.createDirectories(overlay.resolve("work"));
    Tool apptainer =
        Tool.of(
            "apptainer", "--silent", "exec", "--overlay", overlay, base, "/bin/sh", "-c", "true");
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      Rounds.Work ours =
          () -> {
            try (Session session = sdk.start(spec)) {
              session.run("true").orThrow();
            }
          };
      List<Measured> all = new ArrayList<>();
      all.add(
          new Rounds(5, 31)
              .compare(
                  WHAT,
                  ours,
                  "a script with unshare, mount and chroot",
                  byHand::run,
                  new Bound.AtMost(2.5)));
      String same =
          ALL_BY_HAND.formatted(
              ROOT ? "" : "--user --map-current-user --keep-caps ",
              ROOT ? "" : ",userxattr",
              ROOT ? "" : "--user --map-current-user ");
      Tool sameByHand = Tool.of("sh", "-c", same, "sh", base, directory.resolve("by-hand"));
      all.add(
          new Rounds(5, 31)
              .compare(
                  WHAT,
                  ours,
                  "a script that makes the same mounts",
                  sameByHand::run,
                  new Bound.AtMost(1.1)));
      if (!ROOT) {
        all.add(
            new Rounds(3, 15)
                .compare(
                    WHAT,
                    ours,
                    "apptainer exec --overlay",
                    apptainer::run,
                    new Bound.AtLeastAsFast(8)));
        all.add(onSif(sdk, directory));
      }
      return all;
    }
  }

  /** The tool that the backend drives, on an image as it is made for it. */
  private static Measured onSif(OverlaySdk sdk, Path directory) throws Exception {
    Path checkout = Path.of(System.getProperty("overlaysdk.checkout"));
    Path sif = directory.resolve("base.sif");
    sdk.build(checkout.resolve("examples/tutorial/base.def"), sif);
    Path theirs = sdk.createOverlay(directory.resolve("theirs")).path().orElseThrow();
    Overlay ours = sdk.createOverlay(directory.resolve("ours"));
    SessionSpec spec = SessionSpec.on(Image.at(sif)).overlay(ours).backend("apptainer");
    Tool raw = Tool.of("apptainer", "--silent", "exec", "--overlay", theirs, sif, "/bin/true");
    return new Rounds(3, 15)
        .compare(
            "open, one command, close over a SIF (apptainer)",
            () -> {
              try (Session session = sdk.start(spec)) {
                session.run("true").orThrow();
              }
            },
            "apptainer exec --overlay",
            raw::run,
            new Bound.AtMost(1.1));
  }
}
