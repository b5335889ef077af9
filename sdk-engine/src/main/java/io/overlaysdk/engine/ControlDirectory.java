package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The directory through which the engine and a container talk: a request goes in, how it ended
 * comes out. What comes out was written by whoever ran inside, and is read with that in mind.
 */
final class ControlDirectory {
  /**
   * Where the container sees it: at the root, because Apptainer can make a mount point only there.
   */
  static final ContainerPath INSIDE = ContainerPath.of("/.overlay-sdk");

  private static final int LONGEST_REPORT = 64;

  private final Path directory;
  private final AtomicInteger last = new AtomicInteger();

  ControlDirectory(Path directory) {
    this.directory = directory;
  }

  /** How a command ended, as far as the container told. */
  record Report(boolean started, boolean directoryMissing, Optional<Integer> status) {}

  /** One command on its way through. */
  final class Errand {
    private final String name;

    private Errand(String name) {
      this.name = name;
    }

    /** What to run inside, in place of the command. */
    Command wrapped() {
      return Command.of(
          "/bin/sh", "-c", Scripts.COMMAND, "overlay-sdk", INSIDE.text() + "/" + name);
    }

    Report report() {
      String status = read(name + ".status");
      return new Report(
          !read(name + ".started").isEmpty(), status.equals("directory\n"), number(status));
    }

    void forget() {
      for (String part : new String[] {".request", ".started", ".status"}) {
        try {
          Files.deleteIfExists(directory.resolve(name + part));
        } catch (IOException e) {
          // What is left here goes with the scratch directory when the session closes.
          continue;
        }
      }
    }
  }

  /** Lays out a command for the script inside. */
  Errand send(Command command, Map<String, String> variables, ContainerPath start) {
    Errand errand = new Errand(Integer.toString(last.incrementAndGet()));
    try {
      Files.write(
          directory.resolve(errand.name + ".request"),
          request(command, variables, start),
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return errand;
  }

  static byte[] request(Command command, Map<String, String> variables, ContainerPath start) {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    variables.forEach((name, value) -> put(lines, 'v', (name + "=" + value).getBytes(UTF_8)));
    put(lines, 'd', start.bytes());
    command.words().forEach(word -> put(lines, 'w', word.getBytes(UTF_8)));
    put(lines, '.', new byte[0]);
    return lines.toByteArray();
  }

  private static void put(ByteArrayOutputStream lines, char kind, byte[] value) {
    lines.write(kind);
    for (byte b : value) {
      lines.write(b);
      if (b == '\n') {
        lines.write('+');
      }
    }
    lines.write('\n');
  }

  private String read(String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file, NOFOLLOW_LINKS)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file, NOFOLLOW_LINKS)) {
      return new String(in.readNBytes(LONGEST_REPORT), US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }

  private static Optional<Integer> number(String status) {
    return status.matches("[0-9]{1,3}\n")
        ? Optional.of(Integer.parseInt(status.strip()))
        : Optional.empty();
  }
}
