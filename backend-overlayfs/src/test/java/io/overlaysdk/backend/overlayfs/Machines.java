package io.overlaysdk.backend.overlayfs;

import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.testkit.FakeHost;
import java.util.ArrayList;
import java.util.List;

/** Machines that answer as the real programs of Debian do. */
final class Machines {
  private static final List<String> NAMESPACES =
      List.of(
          "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc");
  static final String[] TRY_USER =
      attempt("self", ",userxattr", "--user", "--map-current-user", "--keep-caps");
  static final String[] TRY_FAKEROOT =
      attempt("as-is", ",userxattr", "--user", "--map-root-user", "--map-auto");
  static final String[] TRY_ROOT = attempt("as-is", ",redirect_dir=off,metacopy=off,index=off");

  private Machines() {}

  private static String[] attempt(String user, String options, String... namespaces) {
    List<String> words = new ArrayList<>(List.of("/usr/bin/unshare"));
    words.addAll(List.of(namespaces));
    words.addAll(NAMESPACES);
    words.addAll(List.of("/usr/bin/sh", "-c", FakeHost.ANY, "overlay-sdk", "/usr/bin/unshare"));
    words.addAll(List.of(user, options));
    return words.toArray(String[]::new);
  }

  /** With util-linux and a shell. */
  static FakeHost bare() {
    return FakeHost.linux()
        .program("unshare", "/usr/bin/unshare")
        .program("mount", "/usr/bin/mount")
        .program("sh", "/usr/bin/sh")
        .answer("unshare from util-linux 2.41", "/usr/bin/unshare", "--version")
        .answer("mount from util-linux 2.41", "/usr/bin/mount", "--version")
        .answer("", TRY_USER)
        .answer("", TRY_FAKEROOT)
        .answer("", TRY_ROOT);
  }

  /** With what mounts file systems that lie in files. */
  static FakeHost withFuse() {
    return withSquashfuse("    -o uid=N  set file owner to uid N\n")
        .program("fuse2fs", "/usr/bin/fuse2fs")
        .answer(new Answer(0, "", "fuse2fs 1.47.2 (1-Jan-2025)\n"), "/usr/bin/fuse2fs", "-V");
  }

  /** With a squashfuse whose help says also this. */
  static FakeHost withSquashfuse(String help) {
    return bare()
        .program("squashfuse", "/usr/bin/squashfuse")
        .writable("/dev/fuse")
        .answer(
            new Answer(254, "", "squashfuse 0.5.2 (c) 2012 Dave Vasilevsky\n" + help),
            "/usr/bin/squashfuse",
            "--help");
  }

  /** With loop devices and the file systems of the kernel. */
  static FakeHost withLoop() {
    return bare()
        .program("losetup", "/usr/sbin/losetup")
        .answer("/dev/loop0", "/usr/sbin/losetup", "--find")
        .file("/proc/filesystems", "nodev\tsysfs\n\text3\n\text4\n\tsquashfs\n");
  }
}
