package io.overlaysdk.engine;

import io.overlaysdk.Lack;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a file system has left. Java can ask for bytes and not for inodes, so stat(1) is asked.
 *
 * @param place what it was asked for
 * @param bytes what this user can still write
 * @param allBytes its size
 * @param inodes how many more files it takes; empty where it has no table of them
 * @param allInodes how many it takes in all
 */
record Room(Path place, long bytes, long allBytes, OptionalLong inodes, long allInodes) {
  /**
   * What a file takes where nobody says: bytes for each inode, as mkfs.ext4 and its like reckon.
   */
  private static final long BYTES_OF_A_FILE = 16 << 10;

  /** What is left of a full file system: less than this part of it, and not more than that. */
  private static final int LITTLE_PART = 32;

  private static final long LITTLE_BYTES = 4 << 20;
  private static final long LITTLE_INODES = 8;

  /**
   * The room at each place that is there; of one that is not, where its nearest directory is.
   *
   * @param before words that stat(1) is started through, such as of nsenter(1)
   */
  static List<Room> of(Host host, List<String> before, List<Path> places) {
    List<Path> there = places.stream().map(Room::nearest).distinct().toList();
    Optional<Path> stat = host.find("stat");
    if (there.isEmpty() || stat.isEmpty()) {
      return List.of();
    }
    List<String> words = new ArrayList<>(before);
    words.addAll(List.of(stat.get().toString(), "-f", "-c", "%S %b %a %c %d", "--"));
    there.forEach(place -> words.add(place.toString()));
    List<String> lines = ask(host, words).lines().toList();
    List<Room> rooms = new ArrayList<>();
    // where one could not be asked, nobody knows which
    for (int i = 0; i < lines.size() && lines.size() == there.size(); i++) {
      parse(there.get(i), lines.get(i)).ifPresent(rooms::add);
    }
    return rooms;
  }

  /** Where something lacks, a process may be too much to ask for. */
  private static String ask(Host host, List<String> words) {
    try {
      return host.ask(words).map(Host.Answer::stdout).orElse("");
    } catch (OverlayException e) {
      return "";
    }
  }

  /** FUSE tells processes that are not its own nothing but zeros. */
  private static Optional<Room> parse(Path place, String line) {
    if (!line.matches("[0-9]{1,18}( [0-9]{1,18}){4}")) {
      return Optional.empty();
    }
    String[] fields = line.split(" ");
    long block = Long.parseLong(fields[0]);
    long allInodes = Long.parseLong(fields[3]);
    Room room =
        new Room(
            place,
            block * Long.parseLong(fields[2]),
            block * Long.parseLong(fields[1]),
            allInodes == 0 ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(fields[4])),
            allInodes);
    return room.allBytes == 0 ? Optional.empty() : Optional.of(room);
  }

  private static Path nearest(Path place) {
    Path at = place.toAbsolutePath().normalize();
    while (!Files.exists(at, LinkOption.NOFOLLOW_LINKS) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  /** How much fits, whatever there is less of. */
  long files() {
    return Math.min(bytes / BYTES_OF_A_FILE, inodes.orElse(Long.MAX_VALUE));
  }

  /**
   * Which of the two there was none left of, when everything was undone.
   *
   * @param making whether it was a file that could not be made
   */
  Lack lack(boolean making) {
    boolean fewInodes = inodes.orElse(Long.MAX_VALUE) < bytes / BYTES_OF_A_FILE;
    return lack().orElse(making && fewInodes ? Lack.INODES : Lack.SPACE);
  }

  /** What there is next to nothing left of. */
  Optional<Lack> lack() {
    if (bytes < Math.min(allBytes / LITTLE_PART, LITTLE_BYTES)) {
      return Optional.of(Lack.SPACE);
    }
    return inodes.orElse(Long.MAX_VALUE) < Math.min(allInodes / LITTLE_PART, LITTLE_INODES)
        ? Optional.of(Lack.INODES)
        : Optional.empty();
  }

  /** For people. */
  @Override
  public String toString() {
    return bytes
        + " bytes"
        + (inodes.isPresent() ? " and " + inodes.getAsLong() + " inodes" : "")
        + " are left";
  }
}
