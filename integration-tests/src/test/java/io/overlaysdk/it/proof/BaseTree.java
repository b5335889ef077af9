package io.overlaysdk.it.proof;

import io.overlaysdk.Image;
import io.overlaysdk.it.Programs;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tree that all sequences begin with, as a directory and as a SIF: busybox, the two programs
 * for extended attributes with what they need, and something of each type to change.
 */
final class BaseTree {
  private static final String CONTENT =
      """
      umask 022; mkdir -p data/a/b opt/d/e srv/x usr/share/d/e
      for f in data/a/a data/a/b/x opt/a opt/d/f opt/d/e/b srv/x/a usr/share/a usr/share/d/e/x
      do echo "of $f" > $f; touch -d @1000000000 $f; done
      head -c 100000 bin/busybox > srv/b; chmod 755 srv/b
      ln -s a opt/x; ln -s nowhere srv/e; ln -s ../opt/d usr/share/f; mkdir data/d opt/b; mkfifo srv/f
      chmod 600 opt/d/f; chmod 700 data/d; chmod 1777 srv/x
      setfattr -n user.a -v 0x0001ff opt/a; setfattr -n user.b -v 0x62 opt/d/e; touch srv/x/é 'opt/s p'
      find data opt srv usr/share -type d -exec touch {}/.base \\;
      """;

  /** Names of one file, in one directory and in several. */
  private static final String LINKED =
      "ln data/a/a data/a/f; ln opt/a usr/share/x; ln opt/a opt/d/e/x; ln srv/b srv/x/b";

  private final Path directory;
  private final Path sif;
  private final Links links;

  private BaseTree(Path place, Links links) {
    this.directory = place.resolve("base");
    this.sif = place.resolve("base.sif");
    this.links = links;
  }

  static BaseTree make(Path place, Links links) throws IOException {
    BaseTree base = new BaseTree(place, links);
    base.fill();
    new Shell(false)
        .run(base.programs(), base.directory, CONTENT + (links == Links.PARTED ? LINKED : ""));
    base.pack(place.resolve("base.squashfs"));
    return base;
  }

  private void fill() throws IOException {
    for (String name : List.of("bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr/share")) {
      Files.createDirectories(directory.resolve(name));
    }
    Files.writeString(directory.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    Files.writeString(directory.resolve("etc/group"), "root:x:0:\n");
    Files.createFile(directory.resolve("etc/resolv.conf"));
    Files.copy(Tools.require("busybox"), programs().resolve("busybox"));
    for (String applet : Programs.run("busybox", "--list").split("\n")) {
      if (!applet.equals("busybox")) {
        Files.createSymbolicLink(programs().resolve(applet), Path.of("busybox"));
      }
    }
    for (String program : List.of("getfattr", "setfattr")) {
      Path file = Tools.require(program);
      Files.copy(file, programs().resolve(program));
      for (String library : libraries(file)) {
        Path target = directory.resolve(library.substring(1));
        Files.createDirectories(target.getParent());
        if (!Files.exists(target)) {
          Files.copy(Path.of(library), target);
        }
      }
    }
  }

  private static Set<String> libraries(Path program) throws IOException {
    Set<String> paths = new TreeSet<>();
    for (String word : Programs.run("ldd", program.toString()).split("\\s+")) {
      if (word.startsWith("/")) {
        paths.add(word);
      }
    }
    return paths;
  }

  /** By hand: {@code apptainer build} loses extended attributes. */
  private void pack(Path squashfs) throws IOException {
    Programs.run(
        "mksquashfs", directory.toString(), squashfs.toString(), "-all-root", "-no-progress");
    Programs.run("apptainer", "sif", "new", sif.toString());
    Programs.run(
        "apptainer",
        "sif",
        "add",
        "--datatype",
        "4",
        "--partfs",
        "1",
        "--parttype",
        "2",
        "--partarch",
        "2",
        "--groupid",
        "1",
        sif.toString(),
        squashfs.toString());
  }

  Links links() {
    return links;
  }

  Path directory() {
    return directory;
  }

  /** Where the programs are, on the host. */
  Path programs() {
    return directory.resolve("bin");
  }

  Image image(Combination.Base base) {
    return Image.at(base == Combination.Base.SIF ? sif : directory);
  }
}
