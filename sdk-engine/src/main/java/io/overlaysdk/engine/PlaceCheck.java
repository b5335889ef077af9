package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.ExhaustedException;
import io.overlaysdk.Finding;
import io.overlaysdk.Finding.Level;
import io.overlaysdk.Lack;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Looks at a directory that sessions write to: what its file system allows, tried in a directory of
 * its own that is taken away again, and how much room it has.
 */
final class PlaceCheck {
  /** Below this nothing but the smallest session can be opened. */
  static final long LEAST_BYTES = 16L << 20;

  static final long LEAST_INODES = 100;

  /** What the kernel or a tool does not take as an upper directory (overlay-facts §4.6). */
  private static final Map<String, String> RULED_OUT =
      Map.of(
          "nfs", "no overlay directory can lie on NFS; an ext3 image can, with care for its lock",
          "nfs4", "no overlay directory can lie on NFS; an ext3 image can, with care for its lock",
          "lustre", "no overlay directory and no image directory can lie on Lustre",
          "gpfs", "no overlay directory and no image directory can lie on GPFS",
          "panfs", "no overlay directory and no image directory can lie on PanFS",
          "ecryptfs", "no overlay directory can lie on eCryptfs",
          "overlay", "the kernel takes no upper directory on another overlay",
          "fuse", "the kernel takes no upper directory behind FUSE");

  private static final String LEASES =
      "lease files keep those of this SDK apart there; whoever uses an ext3 image with a bare tool"
          + " notices nobody";

  private final String subject;
  private final Path directory;
  private final boolean needed;
  private final Host host;
  private final List<Finding> findings = new ArrayList<>();

  private PlaceCheck(String subject, Path directory, boolean needed, Host host) {
    this.subject = subject;
    this.directory = directory;
    this.needed = needed;
    this.host = host;
  }

  /**
   * @param subject what the directory is for
   * @param directory where something is to be made, now or later
   * @param needed whether no session can do without it
   */
  static List<Finding> of(String subject, Path directory, boolean needed, Host host) {
    Path existing = directory;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    PlaceCheck check = new PlaceCheck(subject, existing, needed, host);
    if (check.canWrite()) {
      check.fileSystem();
      check.room();
    }
    return List.copyOf(check.findings);
  }

  private boolean canWrite() {
    try {
      Path trial = Files.createTempDirectory(directory, ".overlay-sdk-doctor");
      try {
        tryIn(trial);
      } finally {
        Deletion.tree(trial);
      }
      return true;
    } catch (IOException e) {
      findings.add(
          new Finding(
              subject,
              needed ? Level.PROBLEM : Level.WARNING,
              "made a directory in " + directory,
              e.toString(),
              needed ? "no session can be opened" : "no overlay can be kept in it",
              needed
                  ? "Configure another directory, or make room and give yourself the permission"
                  : "Keep overlays elsewhere"));
      return false;
    }
  }

  private void tryIn(Path trial) throws IOException {
    Path file = Files.write(trial.resolve("file"), new byte[] {1});
    attributes(file);
    locks(file);
    overlay(trial);
  }

  private void attributes(Path file) {
    String tried = "set the attribute user.overlay-sdk in " + directory;
    try {
      UserDefinedFileAttributeView view =
          Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
      view.write("overlay-sdk", ByteBuffer.wrap("1".getBytes(UTF_8)));
      add(Finding.fine(subject + ": attributes", tried, "it is kept"));
    } catch (IOException | UnsupportedOperationException e) {
      add(
          new Finding(
              subject + ": attributes",
              Level.WARNING,
              tried,
              e.toString(),
              "a plain user's overlay directory on it cannot hide what a directory had before",
              "Keep overlays in a directory of ext4, xfs or btrfs"));
    }
  }

  private void locks(Path file) {
    String tried = "locked a file in " + directory;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      boolean locked = channel.tryLock() != null;
      boolean seen = LockHolder.of(file, Path.of("/proc")).isPresent();
      if (locked && seen && OpenFile.kernel.asksOthers(file)) {
        add(Finding.fine(subject + ": locks", tried, "the kernel knows of it"));
        return;
      }
      if (locked && seen) {
        addLocks(tried, "no other host is asked for it", LEASES);
        return;
      }
      addLocks(
          tried,
          locked ? "the kernel does not list it" : "it was refused",
          "two sessions on one overlay there may not notice each other");
    } catch (IOException e) {
      addLocks(tried, e.toString(), LEASES);
    }
  }

  private void addLocks(String tried, String found, String meaning) {
    add(
        new Finding(
            subject + ": locks",
            Level.WARNING,
            tried,
            found,
            meaning,
            "Keep overlays elsewhere, or see to it that each has one user"));
  }

  /** The overlay of the kernel, in small. */
  private void overlay(Path trial) {
    Optional<Path> unshare = host.find("unshare");
    Optional<Path> sh = host.find("sh");
    if (unshare.isEmpty() || sh.isEmpty()) {
      return;
    }
    boolean root = host.identity().isRoot();
    List<String> words = new ArrayList<>(List.of(unshare.get().toString()));
    if (!root) {
      words.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
    }
    words.addAll(List.of("--mount", "--propagation", "private", sh.get().toString(), "-c"));
    words.addAll(List.of(Scripts.EXAMINE, "overlay-sdk", trial.toString()));
    words.add(root ? ",redirect_dir=off,metacopy=off,index=off" : ",userxattr");
    Optional<Answer> answer = host.ask(words);
    String tried =
        "had the kernel merge two directories in " + directory + ", and deleted in the result";
    if (answer.isPresent() && answer.get().status() == 0) {
      add(Finding.fine(subject + ": overlay of the kernel", tried, "what is deleted stays away"));
    } else {
      add(
          new Finding(
              subject + ": overlay of the kernel",
              Level.WARNING,
              tried,
              answer.map(said -> said.stderr().strip()).orElse("it did not end"),
              "the backend overlayfs cannot use overlay directories there",
              "Configure a directory of ext4, xfs, btrfs or tmpfs, or use fuse-overlayfs"));
    }
  }

  private void fileSystem() {
    String type = type(directory);
    Optional<String> ruledOut =
        RULED_OUT.entrySet().stream()
            .filter(entry -> type.equals(entry.getKey()) || type.startsWith(entry.getKey() + "."))
            .map(Map.Entry::getValue)
            .findFirst();
    String tried = "looked up the file system of " + directory;
    add(
        ruledOut
            .map(
                meaning ->
                    new Finding(
                        subject + ": file system",
                        Level.WARNING,
                        tried,
                        type,
                        meaning,
                        "Configure a directory on a local file system"))
            .orElseGet(() -> Finding.fine(subject + ": file system", tried, type)));
  }

  private static String type(Path directory) {
    try {
      return MountTable.type(directory.toRealPath(), MountTable.read());
    } catch (IOException e) {
      return "unknown: " + e;
    }
  }

  private void room() {
    String tried = "asked for the room in " + directory;
    Optional<String> lack = lack(directory, host);
    add(
        lack.map(
                found ->
                    new Finding(
                        subject + ": room",
                        needed ? Level.PROBLEM : Level.WARNING,
                        tried,
                        found,
                        "sessions fail in the middle of what they write",
                        "Make room, or configure another directory"))
            .orElseGet(() -> Finding.fine(subject + ": room", tried, "there is enough")));
  }

  /** What there is too little of. */
  private static Optional<String> lack(Path directory, Host host) {
    Optional<String> bytes = lackOfBytes(directory);
    if (bytes.isPresent()) {
      return bytes;
    }
    return Room.of(host, List.of(), List.of(directory)).stream()
        .flatMapToLong(room -> room.inodes().stream())
        .filter(inodes -> inodes < LEAST_INODES)
        .mapToObj(inodes -> inodes + " inodes are free")
        .findFirst();
  }

  private static Optional<String> lackOfBytes(Path directory) {
    try {
      FileStore store = Files.getFileStore(directory);
      long free = store.getUsableSpace();
      return free < LEAST_BYTES ? Optional.of(free + " bytes are free") : Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.toString());
    }
  }

  /**
   * What a session needs of a directory before it is opened there.
   *
   * @throws ExhaustedException where it has no room
   */
  static void require(String subject, Path directory) {
    Path parent = directory.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      return; // whoever makes something there says what is wrong
    }
    Optional<String> lack = lackOfBytes(parent);
    if (lack.isPresent()) {
      throw new ExhaustedException(
          "cannot open a session: in "
              + parent
              + " ("
              + subject
              + ") "
              + lack.get()
              + ", and it needs "
              + LEAST_BYTES
              + "; make room, or configure another directory",
          Lack.SPACE,
          parent,
          OptionalLong.of(parent.toFile().getUsableSpace()),
          OptionalLong.empty(),
          null);
    }
  }

  private void add(Finding finding) {
    findings.add(finding);
  }
}
