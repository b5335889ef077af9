package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is open: one file a session or build, written before anything is done and deleted when all
 * is undone. A file whose owner is dead tells what to take away. Each line is {@code NAME VALUE}.
 */
final class Journal {
  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
  private static final String SUFFIX = ".session";

  private static final Pattern NAME =
      Pattern.compile("[^.]+[.]([^.]+)[.]([0-9]{1,18})[.](-?[0-9]{1,18})" + Pattern.quote(SUFFIX));

  /** Of a machine; before that has one the file is empty, or says so in a word. */
  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");

  /** How the links end that lead from the names of sessions to their records. */
  private static final String NAME_SUFFIX = ".name";

  private final Path directory;

  Journal(Path directory) {
    this.directory = directory;
  }

  /** Starts the record of a session of this process. */
  Entry begin(String what) {
    try {
      PrivateDirectory.make(directory);
      ProcessKey self = ProcessKey.of(ProcessHandle.current().pid());
      Path file = directory.resolve(name(self, bootId()));
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Entry entry = new Entry(file);
      try {
        // at once, so that a kill leaves either all of it or nothing
        entry.append(
            line("host", hostName())
                + line("machine", machine())
                + line("boot", bootId())
                + line("pids", pidNamespace())
                + line("owner", self.toString())
                + line("since", Instant.now().toString())
                + line("session", what),
            WRITE,
            APPEND);
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(file);
        throw e;
      }
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

  /** Tells whose it is before the record itself does. */
  private static String name(ProcessKey owner, String boot) {
    return UUID.randomUUID() + "." + boot + "." + owner.pid() + "." + owner.start() + SUFFIX;
  }

  /** All records, those of living owners too. */
  List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return entries;
    }
    PrivateDirectory.require(directory);
    try {
      Listings.of(directory, "*" + SUFFIX).forEach(file -> entries.add(new Entry(file)));
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

  private static String line(String name, String value) {
    return name + " " + value.replace("\\", "\\\\").replace("\n", "\\n") + "\n";
  }

  /** Homes are shared between machines, and so is what lies in them. */
  static String hostName() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
  }

  /** Whether a record is of this host, which another one may have the name of. */
  static boolean isHere(String host, String machine) throws IOException {
    return host.equals(hostName()) && (machine.isEmpty() || machine.equals(machine()));
  }

  /** Tells apart hosts of one name; empty where this one, as a container may, has no id. */
  static String machine() {
    return machine(Path.of("/etc/machine-id"));
  }

  /** As machine-id(5) has it: others are to see nothing but what is made of the id. */
  static String machine(Path file) {
    try {
      String id = Files.readString(file, ISO_8859_1).strip();
      return ID.matcher(id).matches()
          ? UUID.nameUUIDFromBytes(("overlay-sdk " + id).getBytes(UTF_8)).toString()
          : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** Changes with every start of the machine, after which no process of before lives. */
  static String bootId() throws IOException {
    return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
  }

  /** In which the numbers of processes hold: a container may have the name of its host. */
  static String pidNamespace() throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
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

    /** Empty where that cannot be told: it, or when it was started, is not shown to all users. */
    Optional<Boolean> alive() {
      ProcStatus status = ProcStatus.of(pid);
      if (status.startTicks() < 0) {
        return ProcStatus.isGone(pid) ? Optional.of(false) : Optional.empty();
      }
      return start < 0
          ? Optional.empty()
          : Optional.of(status.startTicks() == start && !status.zombie());
    }

    /** False only where it is sure that it has ended. */
    boolean mayLive() {
      return alive().orElse(true);
    }

    @Override
    public String toString() {
      return pid + " " + start;
    }
  }

  /**
   * Of a record.
   *
   * @param by the name of the user whose it is
   */
  record Written(String by, Instant at) {}

  /** The record of one session. */
  static final class Entry {
    private final Path file;

    /** What is in it; null where that is read each time anew. */
    private final @Nullable String content;

    private Entry(Path file) {
      this(file, null);
    }

    private Entry(Path file, @Nullable String content) {
      this.file = file;
      this.content = content;
    }

    /** The same as it is now, for whoever asks for several things: it is read once. */
    Entry asItIs() {
      return new Entry(file, read());
    }

    /** A line that was cut off is none. */
    private String read() {
      try {
        String text = new String(Files.readAllBytes(file), UTF_8);
        return text.substring(0, text.lastIndexOf('\n') + 1);
      } catch (IOException e) {
        return "";
      }
    }

    /** Adds a line, which a kill of this process does not undo. */
    void write(String name, String value) {
      append(line(name, value), WRITE, APPEND);
    }

    /** Adds a line of something that a power failure does not end; it is on disk then. */
    void announce(String name, String value) {
      append(line(name, value), WRITE, APPEND, DSYNC);
    }

    /** All of it, or nothing where there is no room for that. */
    private synchronized void append(String lines, OpenOption... how) {
      try {
        Threads.uninterrupted(() -> appendAll(lines, how));
      } catch (IOException e) {
        throw new OverlayException("cannot write the journal of sessions " + file + ": " + e, e);
      }
    }

    private void appendAll(String lines, OpenOption... how) throws IOException {
      try (FileChannel channel = FileChannel.open(file, how)) {
        long before = channel.size();
        try {
          ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(UTF_8));
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        } catch (IOException e) {
          channel.truncate(before);
          throw e;
        }
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
      List<ProcessKey> owners = processes("owner");
      return owners.isEmpty() ? Optional.empty() : Optional.of(owners.get(owners.size() - 1));
    }

    /** The processes of all lines of this name, as far as these can be read. */
    List<ProcessKey> processes(String name) {
      return values(name).stream().map(ProcessKey::parse).flatMap(Optional::stream).toList();
    }

    /** The absolute paths of all lines of this name. */
    List<Path> paths(String name) {
      List<Path> paths = new ArrayList<>();
      for (String value : values(name)) {
        try {
          Path path = Path.of(value);
          if (path.isAbsolute()) {
            paths.add(path);
          }
        } catch (InvalidPathException e) {
          LOG.warn("the journal of sessions {} is damaged: {}", file, e.getMessage());
        }
      }
      return paths;
    }

    /** Whose it is, and when it was last written; empty where it is gone. */
    Optional<Written> written() {
      try {
        return Optional.of(
            new Written(
                Files.getOwner(file).getName(), Files.getLastModifiedTime(file).toInstant()));
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    /** Whether the owner died before it could write anything. */
    boolean isCutOff() {
      Matcher name = NAME.matcher(toString());
      try {
        return name.matches()
            && name.group(1).equals(bootId())
            && values("session").isEmpty()
            && ProcessKey.parse(name.group(2) + " " + name.group(3))
                .filter(owner -> !owner.mayLive())
                .isPresent();
      } catch (IOException e) {
        return false;
      }
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
      return (content == null ? read() : content)
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .map(line -> unescape(line.substring(name.length() + 1)))
          .toList();
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
            Files.deleteIfExists(link);
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
