package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HexFormat;

/**
 * Modes and times that had to be changed for a while. They are written down first, so that they are
 * put back by the next run where this one is killed. A stack: what was put aside last is put back
 * first, and the file is cut by its line.
 */
final class PutAside implements AutoCloseable {
  private static final int OWNER = 0700;
  private static final int ALL = 07777;
  private static final long LONGEST_JOURNAL = 1L << 26;

  private final Path journal;
  private final Path root;
  private final boolean privileged;
  private @Nullable FileChannel channel;

  /** What is done meanwhile. */
  interface Work {
    void run() throws IOException;
  }

  /** Puts back first what an earlier run left. */
  PutAside(Path journal, Path root) {
    this.journal = journal;
    this.root = root;
    long self = Stat.of(Path.of("/proc/self/stat")).uid();
    // root is stopped by no mode
    this.privileged = self == 0;
    Stat left = Stat.orNull(journal);
    try {
      if (left != null) {
        requireOwn(left, self);
        restoreAll();
      }
    } catch (IOException e) {
      throw failed(journal, e);
    }
  }

  /** Does something while the owner may read, write and search, whatever the mode says. */
  void whileOpen(Path file, Stat stat, Work work) throws IOException {
    int needed = stat.kind() == Kind.DIRECTORY ? OWNER : OWNER & 0666;
    if (privileged || (stat.mode() & needed) == needed) {
      work.run();
      return;
    }
    long start = note(file, stat);
    try {
      chmod(file, stat.permissions() | needed);
      work.run();
    } finally {
      putBack(file, stat, start);
    }
  }

  /** What is in it is done: somebody else could have files changed with it. */
  private void requireOwn(Stat left, long self) {
    if (left.kind() != Kind.FILE || left.uid() != self || left.size() > LONGEST_JOURNAL) {
      throw new CorruptOverlayException(
          "\""
              + journal
              + "\" is not what an earlier run of this user has left there; look at it, and take it"
              + " away",
          null);
    }
  }

  /** Does something to the names in a directory, whose time stays what it was. */
  void whileChanging(Path file, Work work) throws IOException {
    Stat stat = Stat.of(file);
    long start = note(file, stat);
    try {
      work.run();
    } finally {
      setModified(file, stat.modified());
      cut(start);
    }
  }

  @Override
  public void close() {
    try {
      if (channel != null) {
        boolean done = channel.size() == 0;
        channel.close();
        if (done) {
          Files.deleteIfExists(journal);
        }
      }
    } catch (IOException e) {
      throw failed(journal, e);
    }
  }

  private void putBack(Path file, Stat stat, long start) throws IOException {
    restore(file, stat.permissions(), stat.kind() == Kind.DIRECTORY, stat.modified());
    cut(start);
  }

  @SuppressWarnings("NullAway") // the journal is open once something is noted
  private void cut(long start) throws IOException {
    channel.truncate(start);
    channel.position(start);
  }

  private long note(Path file, Stat stat) throws IOException {
    if (channel == null) {
      channel =
          FileChannel.open(
              journal,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS);
    }
    long start = channel.position();
    ByteBuffer bytes = ByteBuffer.wrap(line(file, stat).getBytes(US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    return start;
  }

  @SuppressWarnings("JavaInstantGetSecondsGetNano") // the seconds stand before it
  private String line(Path file, Stat stat) {
    return String.join(
            " ",
            Integer.toOctalString(stat.permissions()),
            stat.kind() == Kind.DIRECTORY ? "d" : "f",
            Long.toString(stat.modified().getEpochSecond()),
            Integer.toString(stat.modified().getNano()),
            HexFormat.of().formatHex(Names.bytes(root.relativize(file))))
        + "\n";
  }

  private void restoreAll() throws IOException {
    String text;
    try (InputStream in = Files.newInputStream(journal, LinkOption.NOFOLLOW_LINKS)) {
      text = new String(in.readAllBytes(), US_ASCII);
    }
    // a line that was not written whole was followed by no change
    String[] lines = text.substring(0, text.lastIndexOf('\n') + 1).split("\n");
    for (String line : lines) {
      if (!line.isEmpty()) {
        restoreMode(line.split(" ", -1));
      }
    }
    for (int i = lines.length - 1; i >= 0; i--) {
      if (!lines[i].isEmpty()) {
        restore(lines[i].split(" ", -1));
      }
    }
    Files.delete(journal);
  }

  /** From the outside in, so that what is inside can be reached. */
  private void restoreMode(String[] words) throws IOException {
    Path file = file(words);
    if (!privileged && Stat.orNull(file) != null && words[1].equals("d")) {
      chmod(file, mode(words) | OWNER);
    }
  }

  private void restore(String[] words) throws IOException {
    Path file = file(words);
    try {
      restore(
          file,
          mode(words),
          words[1].equals("d"),
          Instant.ofEpochSecond(Long.parseLong(words[2]), Long.parseLong(words[3])));
    } catch (NoSuchFileException e) {
      // removed by the user since: nothing to put back
      return;
    }
  }

  private Path file(String[] words) {
    try {
      byte[] name = HexFormat.of().parseHex(words[4]);
      return name.length == 0 ? root : inside(name);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new CorruptOverlayException("\"" + journal + "\" is damaged; see what it says", e);
    }
  }

  /** No name and no link on the way may lead out. */
  private Path inside(byte[] name) {
    Path file = Names.resolveAll(root, name);
    Path way = root;
    for (Path part : root.relativize(file)) {
      Stat stat = Stat.orNull(way);
      boolean leadsOn = stat == null || stat.kind() == Kind.DIRECTORY;
      if (part.toString().matches("|[.]{1,2}") || !leadsOn) {
        throw new IllegalArgumentException(file + " leads out of " + root);
      }
      way = way.resolve(part);
    }
    return file;
  }

  private static int mode(String[] words) {
    return Integer.parseInt(words[0], 8) & ALL;
  }

  private void restore(Path file, int mode, boolean directory, Instant time) throws IOException {
    if (directory) {
      setModified(file, time);
    }
    Stat now = Stat.of(file);
    if (now.permissions() != mode) {
      chmod(file, mode);
    }
  }

  private static void setModified(Path file, Instant time) throws IOException {
    Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(FileTime.from(time), null, null);
  }

  /** Without following links where that is possible: Java must open the file for that. */
  private static void chmod(Path file, int mode) throws IOException {
    try {
      Files.setAttribute(file, "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
    } catch (AccessDeniedException e) {
      Kind kind = Stat.of(file).kind();
      if (kind != Kind.DIRECTORY && kind != Kind.FILE) {
        throw e;
      }
      Files.setAttribute(file, "unix:mode", mode);
    }
  }

  private static OverlayException failed(Path file, IOException cause) {
    return new OverlayException(
        "putting back modes and times with \"" + file + "\" failed: " + cause, cause);
  }
}
