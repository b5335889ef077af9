package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.LaunchException;
import io.overlaysdk.spi.Invocation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The directory through which the engine and a container talk, over named pipes. The container sees
 * it read-only: what runs inside can write to the pipes, and can put nothing else in their place.
 */
final class ControlDirectory {
  /** What it is called in the scratch directory of its session. */
  static final String NAME = "control";

  /**
   * Where the container sees it: at the root, because Apptainer can make a mount point only there.
   */
  static final ContainerPath INSIDE = ContainerPath.of("/.overlay-sdk");

  private static final Duration MAKING = Duration.ofSeconds(10);

  private final Path directory;
  private final Launcher launcher;
  private final Optional<Path> mkfifo;

  ControlDirectory(Path directory, Launcher launcher, Optional<Path> mkfifo) {
    this.directory = directory;
    this.launcher = launcher;
    this.mkfifo = mkfifo;
  }

  /** How a command finds what is called {@code name} here. */
  static String inside(String name) {
    return INSIDE.text() + "/" + name;
  }

  Path at(String name) {
    return directory.resolve(name);
  }

  /** Makes named pipes. One program makes them all: starting it is what costs. */
  void makePipes(List<String> names) {
    Path program = mkfifo.orElseThrow(() -> Programs.missing("mkfifo", "talk to the container"));
    List<String> arguments = new ArrayList<>(List.of("-m", "600", "--"));
    names.forEach(name -> arguments.add(at(name).toString()));
    Invocation invocation = Invocation.of(program, arguments);
    Launcher.Outcome outcome = launcher.run(invocation, Launcher.Terms.within(MAKING));
    if (outcome.status() != 0) {
      throw new LaunchException(
          "cannot make the pipes to the container in " + directory,
          invocation.words(),
          outcome.errorText());
    }
  }

  /**
   * Opens a pipe to one side; blocks until somebody has the other side open.
   *
   * @param options READ and WRITE together never block
   */
  FileChannel open(String name, OpenOption... options) throws IOException {
    List<OpenOption> all = new ArrayList<>(List.of(options));
    all.add(LinkOption.NOFOLLOW_LINKS);
    return FileChannel.open(at(name), all.toArray(OpenOption[]::new));
  }

  /** Lays out a request for a command that gets a container of its own. */
  void write(String name, byte[] request) throws IOException {
    Files.write(at(name), request, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  void delete(String name) {
    try {
      Files.deleteIfExists(at(name));
    } catch (IOException e) {
      // It goes with the scratch directory when the session closes.
      return;
    }
  }

  /**
   * A command as {@code request.sh} reads it.
   *
   * @param input whether it reads from a pipe, rather than nothing
   */
  static byte[] request(
      Command command, Map<String, String> variables, ContainerPath start, boolean input) {
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    variables.forEach((name, value) -> put(lines, 'v', (name + "=" + value).getBytes(UTF_8)));
    put(lines, 'd', start.bytes());
    if (input) {
      put(lines, 'i', new byte[0]);
    }
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
}
