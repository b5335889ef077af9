package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.List;

/** An upper directory in neutral form with one of each thing that a layer can hold. */
final class SampleUpper {
  static final byte[] BINARY = {0, 1, (byte) 0xff, (byte) 0x80, '\n', '='};

  private final Path root;
  private int tick;

  private SampleUpper(Path root) {
    this.root = root;
  }

  static Path make(Path root) throws Exception {
    Files.createDirectories(root);
    new SampleUpper(root).make();
    return root;
  }

  private void make() throws Exception {
    files();
    links();
    names();
    new ShellNodes().create(at("app/gone"));
    Files.createLink(at("gone-dir"), at("app/gone"));
    new ShellNodes().create(at("app/.wh-not"));
    new ShellNodes().fifo(at("app/fifo"));
    new ShellNodes().modified(at("app/fifo"), Instant.ofEpochSecond(1_234_567_890, 123_000_000));
    directories();
  }

  private void files() throws Exception {
    Files.createDirectories(at("app/sub/empty"));
    file("app/message.txt", "changed\n", 0644);
    file("app/empty", "", 0600);
    file("app/tool", "#!/bin/sh\n", 04755);
    file("app/readonly", "r", 0444);
    byte[] large = new byte[300_000];
    for (int i = 100_000; i < 100_700; i++) {
      large[i] = (byte) i;
    }
    Files.write(at("app/sparse"), large);
    Files.write(at("app/zeros"), new byte[100_000]);
    attribute(at("app/message.txt"), "binary", BINARY);
    attribute(at("app/message.txt"), "another", new byte[2000]);
    attribute(at("app/sub"), "of.directory", BINARY);
    age(at("app/sparse"), Instant.ofEpochSecond(-5));
  }

  private void links() throws Exception {
    Files.createLink(at("app/sub/again"), at("app/message.txt"));
    Files.createLink(at("zz"), at("app/message.txt"));
    symlink("app/link", "message.txt");
    symlink("app/dangling", "/no/such/../thing/");
    symlink("app/long", "l".repeat(200));
    symlink("app/bytes", "q\u00ff/\u00c3");
    Files.createLink(at("app/sub/link-again"), at("app/link"));
  }

  private void names() throws Exception {
    String deep = "d".repeat(90) + "/" + "e".repeat(90) + "/" + "f".repeat(90) + "/";
    Files.createDirectories(at(deep));
    for (String name :
        List.of(
            deep + "n",
            deep + "x".repeat(255),
            "y".repeat(150),
            "caf\u00c3\u00a9",
            "not-utf8-\u00ff\u00fe",
            "with\nnewline and \\ and \u001b",
            "%41",
            "+before-dot",
            "...")) {
      file(name, name, 0640);
    }
  }

  private void directories() throws Exception {
    Files.setAttribute(at("app/sub/empty"), "unix:mode", 01777);
    Files.setAttribute(at("app/sub"), "unix:mode", 02750);
    for (String name : List.of("app/sub/empty", "app/sub", "app", ".")) {
      age(at(name), Instant.ofEpochSecond(1_600_000_000, 111_222_333 + tick++));
    }
  }

  private Path at(String name) {
    return name.equals(".") ? root : root.resolve(RawPaths.target(name.getBytes(ISO_8859_1)));
  }

  private void file(String name, String content, int mode) throws Exception {
    Files.write(at(name), content.getBytes(ISO_8859_1));
    age(at(name), Instant.ofEpochSecond(1_500_000_000 + tick, 1000L * tick++));
    Files.setAttribute(at(name), "unix:mode", mode);
  }

  private void symlink(String name, String target) throws Exception {
    Files.createSymbolicLink(at(name), RawPaths.target(target.getBytes(ISO_8859_1)));
    age(at(name), Instant.ofEpochSecond(1_400_000_000 + tick++, 5000));
  }

  private static void attribute(Path file, String name, byte[] value) throws Exception {
    Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
        .write(name, ByteBuffer.wrap(value));
  }

  private static void age(Path file, Instant time) throws Exception {
    Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(FileTime.from(time), null, null);
  }
}
