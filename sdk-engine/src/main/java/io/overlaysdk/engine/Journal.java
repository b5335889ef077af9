package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What is open: one file a session or build, written before anything is done and deleted when all
 * is undone. A file whose owner is dead tells what to take away. Each line is {@code NAME VALUE}.
 */
final class Journal {
  private static final String SUFFIX = ".session";

  /** How the links end that lead from the names of sessions to their records. */
  private static final String NAME_SUFFIX = ".name";

  private final Path directory;

  Journal(Path directory) {
    this.directory = directory;
  }

  /** Starts the record of a session of this process. */
  Entry begin(String what) {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Path file = directory.resolve(UUID.randomUUID() + SUFFIX);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Entry entry = new Entry(file);
      entry.write("host", hostName());
      entry.write("boot", bootId());
      entry.write("owner", ProcessKey.of(ProcessHandle.current().pid()).toString());
      entry.write("since", Instant.now().toString());
      entry.write("session", what);
      return entry;
    } catch (IOException e) {
      throw new OverlayException(
          "cannot write the journal of sessions in "
              + directory
              + ": "
              + e
              + "; configure another directory (state)",
          e);
    }
  }

  /** All records, those of living owners too. */
  List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return entries;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      files.forEach(file -> entries.add(new Entry(file)));
    } catch (IOException e) {
      throw new OverlayException("cannot read the journal of sessions in " + directory, e);
    }
    return entries;
  }

  /** The record that is called this, where there is one. */
  Optional<Entry> entry(String name) {
    return entries().stream().filter(entry -> entry.toString().equals(name)).findFirst();
  }

  /** The record of the session that has this name. */
  Optional<Entry> named(String name) {
    Path link = directory.resolve(name + NAME_SUFFIX);
    try {
      Path file = directory.resolve(Files.readSymbolicLink(link).getFileName());
      return Files.exists(file) ? Optional.of(new Entry(file)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Homes are shared between machines, and so is what lies in them. */
  static String hostName() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
  }

  /** Changes with every start of the machine, after which no process of before lives. */
  static String bootId() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }

  /**
   * A process, for good: pids are used again, but not with the same start time.
   *
   * @param start in clock ticks since the machine was started
   */
  record ProcessKey(long pid, long start) {
    private static final Pattern TEXT = Pattern.compile("[0-9]{1,18} -?[0-9]{1,18}");

    static ProcessKey of(long pid) {
      return new ProcessKey(pid, ProcStatus.of(pid).startTicks());
    }

    /** Empty where the text is none: whoever wrote it was cut off, or it was somebody else. */
    static Optional<ProcessKey> parse(String text) {
      if (!TEXT.matcher(text).matches()) {
        return Optional.empty();
      }
      String[] parts = text.split(" ");
      return Optional.of(new ProcessKey(Long.parseLong(parts[0]), Long.parseLong(parts[1])));
    }

    boolean isAlive() {
      ProcStatus status = ProcStatus.of(pid);
      return status.startTicks() == start && !status.zombie();
    }

    @Override
    public String toString() {
      return pid + " " + start;
    }
  }

  /** The record of one session. */
  static final class Entry {
    private final Path file;

    private Entry(Path file) {
      this.file = file;
    }

    /** Adds a line; it is on disk when this returns. */
    synchronized void write(String name, String value) {
      String line = name + " " + value.replace("\\", "\\\\").replace("\n", "\\n") + "\n";
      try {
        Files.writeString(file, line, UTF_8, WRITE, APPEND);
      } catch (IOException e) {
        throw new OverlayException("cannot write the journal of sessions " + file + ": " + e, e);
      }
    }

    /** Remembers a process that was started for the session. */
    void process(long pid) {
      write("process", ProcessKey.of(pid).toString());
    }

    /** Makes a name lead here; false where it leads elsewhere. */
    boolean claim(String name) {
      Path link = file.resolveSibling(name + NAME_SUFFIX);
      write("name", name);
      try {
        Files.createSymbolicLink(link, file.getFileName());
        return true;
      } catch (FileAlreadyExistsException e) {
        return leadsHere(link);
      } catch (IOException e) {
        throw new OverlayException("cannot write the journal of sessions " + link + ": " + e, e);
      }
    }

    private boolean leadsHere(Path link) {
      try {
        return Files.readSymbolicLink(link).equals(file.getFileName());
      } catch (IOException e) {
        return false;
      }
    }

    /**
     * The process with whose end the session ends; it may be handed over, so the last counts. Empty
     * where that cannot be read.
     */
    Optional<ProcessKey> owner() {
      List<String> owners = values("owner");
      return owners.isEmpty() ? Optional.empty() : ProcessKey.parse(owners.get(owners.size() - 1));
    }

    /** The processes that were started for it, as far as their lines can be read. */
    List<ProcessKey> processes() {
      return values("process").stream().map(ProcessKey::parse).flatMap(Optional::stream).toList();
    }

    /** The values of all lines of this name that are absolute paths. */
    List<Path> paths(String name) {
      return values(name).stream()
          // what no path can hold
          .filter(value -> value.startsWith("/") && value.indexOf('\0') < 0)
          .map(Path::of)
          .toList();
    }

    /** How many owners it has had. */
    int owners() {
      return values("owner").size();
    }

    /** When it was begun, as far as it tells. */
    Instant since() {
      try {
        return Instant.parse(values("since").get(0));
      } catch (DateTimeException | IndexOutOfBoundsException e) {
        return Instant.EPOCH;
      }
    }

    /** The values of all lines of this name. */
    List<String> values(String name) {
      try {
        return Files.readAllLines(file, UTF_8).stream()
            .filter(line -> line.startsWith(name + " "))
            .map(line -> unescape(line.substring(name.length() + 1)))
            .toList();
      } catch (IOException e) {
        return List.of();
      }
    }

    private static String unescape(String value) {
      StringBuilder text = new StringBuilder(value.length());
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        if (c == '\\' && i + 1 < value.length()) {
          char next = value.charAt(++i);
          text.append(next == 'n' ? '\n' : next);
        } else {
          text.append(c);
        }
      }
      return text.toString();
    }

    void delete() {
      try {
        for (String name : values("name")) {
          Path link = file.resolveSibling(name + NAME_SUFFIX);
          if (leadsHere(link)) {
            Files.delete(link);
          }
        }
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new OverlayException("cannot delete the journal of sessions " + file + ": " + e, e);
      }
    }

    @Override
    public String toString() {
      return file.getFileName().toString();
    }
  }
}
