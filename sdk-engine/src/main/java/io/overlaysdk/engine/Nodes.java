package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Whiteouts;
import io.overlaysdk.layers.oci.NodeMaker;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Makes with the programs of coreutils and attr what Java cannot: whiteouts, devices, FIFOs,
 * attributes outside {@code user.}. A node costs a process or two; all attributes together one.
 */
final class Nodes implements NodeMaker, Whiteouts {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int KEPT = 1 << 22;

  private final Host host;
  private final Launcher launcher;
  private final ByteArrayOutputStream attributes = new ByteArrayOutputStream();

  private final Path workshop;

  /**
   * @param workshop an empty directory on the file system of what is made: a program cannot be told
   *     of a name that is not text, so that such a node is made here first
   */
  Nodes(Host host, Launcher launcher, Path workshop) {
    this.host = host;
    this.launcher = launcher;
    this.workshop = workshop;
  }

  private interface Making {
    void at(String file);
  }

  private void make(Path file, Making making) {
    if (PathBytes.isText(file)) {
      making.at(file.toString());
      return;
    }
    Path made = workshop.resolve("node");
    making.at(made.toString());
    move(made, file);
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to);
    } catch (IOException e) {
      throw new OverlayException("cannot move " + from + " to " + to + ": " + e, e);
    }
  }

  @Override
  public void create(Path file) {
    // the mode that the kernel gives its own, and not the one that fuse-overlayfs is known by
    make(file, at -> run("make a whiteout", "mknod", "-m", "000", "--", at, "c", "0", "0"));
  }

  @Override
  public void device(Path file, boolean block, int major, int minor) {
    String what = "make the device " + major + ":" + minor + " of a layer, which only root may";
    String kind = block ? "b" : "c";
    make(file, at -> run(what, "mknod", "--", at, kind, text(major), text(minor)));
  }

  @Override
  public void fifo(Path file) {
    make(file, at -> run("make a FIFO", "mkfifo", "--", at));
  }

  private static String text(int number) {
    return Integer.toUnsignedString(number);
  }

  @Override
  public void modified(Path file, Instant time) {
    String when = time.getEpochSecond() + String.format(".%09d", time.getNano());
    if (time.getEpochSecond() < 0 && time.getNano() != 0) {
      // touch takes the fraction of a negative number away from it
      when = Long.toString(time.getEpochSecond());
    }
    String date = "@" + when;
    if (PathBytes.isText(file)) {
      touch(date, file);
    } else {
      Path node = workshop.resolve("node");
      move(file, node);
      touch(date, node);
      move(node, file);
    }
  }

  private void touch(String date, Path file) {
    run("set a time", "touch", "-h", "-c", "-m", "-d", date, "--", file.toString());
  }

  @Override
  public void attribute(Path file, String name, byte[] value) {
    if (name.indexOf('\n') >= 0 || name.indexOf('=') >= 0) {
      throw new LaunchException(
          "cannot set the attribute \"" + name + "\" of " + file + ": setfattr cannot be told so",
          List.of("setfattr"),
          "");
    }
    attributes.writeBytes("# file: ".getBytes(US_ASCII));
    attributes.writeBytes(escaped(PathBytes.of(file)));
    byte[] encoded = Base64.getEncoder().encode(value);
    attributes.writeBytes(("\n" + name + "=0s").getBytes(UTF_8));
    attributes.writeBytes(encoded);
    attributes.writeBytes("\n\n".getBytes(US_ASCII));
    if (attributes.size() > KEPT) {
      flush();
    }
  }

  /** Removes an attribute outside {@code user.} from an entry; one that is not there is none. */
  void remove(Path file, String name) {
    if (PathBytes.isText(file)) {
      removeHere(file, name);
      return;
    }
    Path aside = workshop.resolve("node");
    move(file, aside);
    removeHere(aside, name);
    move(aside, file);
  }

  private void removeHere(Path file, String name) {
    run(
        "remove an attribute",
        Optional.empty(),
        List.of("setfattr", "-h", "-x", name, "--", file.toString()));
  }

  /** As getfattr writes a path. */
  private static byte[] escaped(byte[] path) {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (byte b : path) {
      if (b == '\\' || b == '\n' || b == '\r') {
        line.writeBytes(String.format("\\%03o", b).getBytes(ISO_8859_1));
      } else {
        line.write(b);
      }
    }
    return line.toByteArray();
  }

  @Override
  public void flush() {
    if (attributes.size() > 0) {
      byte[] dump = attributes.toByteArray();
      attributes.reset();
      run(
          "set attributes",
          Optional.of(new ByteArrayInputStream(dump)),
          List.of("setfattr", "-h", "--restore=-"));
    }
  }

  private void run(String what, String... words) {
    run(what, Optional.empty(), List.of(words));
  }

  private void run(String what, Optional<InputStream> input, List<String> words) {
    Path program = Programs.require(host, words.get(0), what);
    Invocation invocation = Invocation.of(program, words.subList(1, words.size()));
    Launcher.Outcome outcome =
        launcher.run(
            invocation, new Launcher.Terms(input, Stdio.PIPES, Optional.of(LIMIT), pid -> {}));
    if (outcome.timedOut() || outcome.status() != 0) {
      throw new LaunchException("cannot " + what, invocation.words(), outcome.errorText());
    }
  }
}
