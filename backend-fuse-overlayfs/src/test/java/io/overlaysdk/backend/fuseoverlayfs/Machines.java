package io.overlaysdk.backend.fuseoverlayfs;

import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.testkit.FakeHost;
import java.util.List;
import java.util.stream.Stream;

/** Machines that answer as the real programs of Debian 12 do. */
final class Machines {
  private static final List<String> NAMESPACES =
      List.of(
          "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc");

  static final String[] TRY_USER =
      words(
          List.of("/usr/bin/unshare", "--user", "--map-current-user", "--keep-caps"),
          NAMESPACES,
          attempt("self"));

  static final String[] TRY_FAKEROOT =
      words(
          List.of("/usr/bin/unshare", "--user", "--map-root-user", "--map-auto"),
          NAMESPACES,
          attempt("as-is"));

  static final String[] TRY_ROOT = words(List.of("/usr/bin/unshare"), NAMESPACES, attempt("as-is"));

  private Machines() {}

  private static List<String> attempt(String user) {
    return List.of("/usr/bin/sh", "-c", FakeHost.ANY, "overlay-sdk", "/usr/bin/unshare", user);
  }

  private static String[] words(List<String> first, List<String> second, List<String> third) {
    return Stream.of(first, second, third).flatMap(List::stream).toArray(String[]::new);
  }

  static FakeHost debian() {
    return withoutExt3()
        .program("fuse2fs", "/usr/bin/fuse2fs")
        .answer(
            new Answer(0, "FUSE library version: 2.9.9\n", "fuse2fs 1.47.0 (5-Feb-2023)\n"),
            "/usr/bin/fuse2fs",
            "-V");
  }

  static FakeHost withoutExt3() {
    return FakeHost.linux()
        .program("fuse-overlayfs", "/usr/bin/fuse-overlayfs")
        .program("mount", "/usr/bin/mount")
        .program("unshare", "/usr/bin/unshare")
        .program("sh", "/usr/bin/sh")
        .program("squashfuse", "/usr/bin/squashfuse")
        .program("squashfuse_ll", "/usr/bin/squashfuse_ll")
        .writable("/dev/fuse")
        .answer(
            "fusermount3 version: 3.14.0\nfuse-overlayfs: version 1.10\nFUSE library version 3.14.0",
            "/usr/bin/fuse-overlayfs",
            "--version")
        .answer("mount from util-linux 2.38.1", "/usr/bin/mount", "--version")
        .answer("unshare from util-linux 2.38.1", "/usr/bin/unshare", "--version")
        .answer(
            new Answer(254, "", "squashfuse 0.1.104 (c) 2012 Dave Vasilevsky\n"),
            "/usr/bin/squashfuse_ll",
            "--help")
        .answer("", TRY_USER)
        .answer("", TRY_FAKEROOT)
        .answer("", TRY_ROOT);
  }
}
