package io.overlaysdk.engine;

import io.overlaysdk.ExhaustedException;
import io.overlaysdk.Lack;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Host;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tells what the machine had no more of when something failed. The one place that does: what fails
 * throws what it always throws, and that passes through here on its way to the caller.
 */
final class Exhaustion {
  /** As the C library, Go and the shells put it. */
  private static final Map<Lack, Pattern> SAID =
      Map.of(
          Lack.SPACE, Pattern.compile("(?i)no space left on device"),
          Lack.QUOTA, Pattern.compile("(?i)disk quota exceeded"),
          Lack.WRITE_ACCESS, Pattern.compile("(?i)read-only file system"),
          Lack.DESCRIPTORS, Pattern.compile("(?i)too many open files"),
          Lack.PROCESSES,
              Pattern.compile(
                  "(?i)(fork|clone|exec|spawn|thread).*resource temporarily unavailable"
                      + "|native thread|error(=|: )11\\b|cannot fork|failed to create (new OS )?thread"));

  /**
   * Of namespaces, which are counted too, and of what lies in an image, as much is said as of
   * disks.
   */
  private static final Pattern NO_DISK =
      Pattern.compile("unshare failed|user_namespaces|resize2fs: ");

  /** Only what makes a file needs an inode; Java names the file then. */
  private static final Pattern MAKING =
      Pattern.compile("(?i)(creat|mak)(e|ing)|mkdir|mkfifo|mknod|symlink");

  /** More causes than any error has. */
  private static final int DEEPEST = 20;

  private final Host host;
  private final List<Path> places;

  /**
   * @param places where everything writes to: scratch, state and cache directories
   */
  Exhaustion(Host host, List<Path> places) {
    this.host = host;
    this.places = List.copyOf(places);
  }

  /** The SDK, with each error of a call told apart. */
  OverlaySdk around(OverlaySdk sdk) {
    return (OverlaySdk)
        Proxy.newProxyInstance(
            OverlaySdk.class.getClassLoader(),
            new Class<?>[] {OverlaySdk.class},
            (proxy, method, arguments) -> {
              try {
                return method.invoke(sdk, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause() instanceof OverlayException thrown
                    ? explained(thrown, named(arguments))
                    : e.getCause();
              }
            });
  }

  /** The places that a call is about. */
  private static List<Path> named(Object[] arguments) {
    List<Path> named = new ArrayList<>();
    for (Object argument : arguments == null ? new Object[0] : arguments) {
      if (argument instanceof Path path) {
        named.add(path);
      } else if (argument instanceof SessionSpec spec) {
        spec.overlays().forEach(overlay -> overlay.path().ifPresent(named::add));
      }
    }
    return named;
  }

  /**
   * What to throw in place of an error.
   *
   * @param own what was written to, beside what everything writes to
   */
  OverlayException explained(OverlayException thrown, List<Path> own) {
    if (thrown instanceof ExhaustedException) {
      return thrown;
    }
    List<Path> involved =
        causes(thrown)
            .filter(FileSystemException.class::isInstance)
            .map(cause -> ((FileSystemException) cause).getFile())
            .filter(Objects::nonNull)
            .map(Path::of)
            .collect(Collectors.toCollection(ArrayList::new));
    String all = allSaid(thrown);
    boolean making = !involved.isEmpty() || MAKING.matcher(all).find();
    if (involved.isEmpty()) {
      involved.addAll(own);
      involved.addAll(places);
    }
    return lack(all)
        .flatMap(found -> explained(thrown, found, involved, making))
        .or(() -> thrown instanceof LaunchException ? found(thrown, own) : Optional.empty())
        .orElse(thrown);
  }

  /**
   * Whether something was not tried for want of descriptors or processes: that must not be taken
   * for an answer.
   */
  static boolean isNoAnswer(Throwable thrown) {
    String said = allSaid(thrown);
    // the JDK's own helper cannot say what it lacked
    return said.contains("exec spawn helper")
        || lack(said)
            .filter(lack -> lack == Lack.DESCRIPTORS || lack == Lack.PROCESSES)
            .isPresent();
  }

  private static String allSaid(Throwable thrown) {
    return causes(thrown).map(Exhaustion::said).collect(Collectors.joining("\n"));
  }

  private static Stream<Throwable> causes(Throwable thrown) {
    return Stream.iterate(thrown, Objects::nonNull, Throwable::getCause).limit(DEEPEST);
  }

  /** What a system or tool has said; the rest of a message may hold anything, such as paths. */
  private static String said(Throwable thrown) {
    if (thrown instanceof FileSystemException e) {
      return String.valueOf(e.getReason());
    }
    if (thrown instanceof LaunchException e) {
      return e.toolOutput();
    }
    // one that came from a process of the engine's has its cause in its text
    boolean plain = thrown.getClass() == OverlayException.class && thrown.getCause() == null;
    boolean told = thrown instanceof IOException || thrown instanceof OutOfMemoryError;
    return plain || told ? String.valueOf(thrown.getMessage()) : "";
  }

  private static Optional<Lack> lack(String said) {
    return SAID.entrySet().stream()
        .filter(known -> known.getValue().matcher(said).find())
        .filter(known -> known.getKey() != Lack.SPACE || !NO_DISK.matcher(said).find())
        .map(Map.Entry::getKey)
        .min(Comparator.naturalOrder());
  }

  private Optional<OverlayException> explained(
      OverlayException thrown, Lack lack, List<Path> involved, boolean making) {
    return switch (lack) {
      case DESCRIPTORS ->
          Optional.of(
              nothing(
                  thrown,
                  lack,
                  "no more files may be open; close sessions, or raise the limit (ulimit -n)"));
      case PROCESSES ->
          Optional.of(
              nothing(
                  thrown,
                  lack,
                  "no more processes may run; end some, or raise the limit (ulimit -u, pids.max)"));
      case WRITE_ACCESS ->
          involved.stream()
              .filter(Exhaustion::isReadOnly)
              .findFirst()
              .map(place -> unwritable(message(thrown), place, thrown));
      default ->
          Optional.of(
              Room.of(host, List.of(), involved).stream()
                  .min(Comparator.comparingLong(Room::files))
                  .map(room -> full(thrown, lack == Lack.SPACE ? room.lack(making) : lack, room))
                  .orElseGet(() -> somewhere(thrown, lack, involved)));
    };
  }

  private static ExhaustedException nothing(OverlayException thrown, Lack lack, String remedy) {
    return new ExhaustedException(message(thrown) + "\n  " + remedy, lack, thrown);
  }

  private static ExhaustedException full(OverlayException thrown, Lack lack, Room room) {
    String what =
        switch (lack) {
          case INODES -> "has no room for so many files";
          case QUOTA -> "gives this user no more (quota)";
          default -> "is full";
        };
    return new ExhaustedException(
        message(thrown)
            + "\n  the file system of "
            + room.place()
            + " "
            + what
            + ": now "
            + room
            + "; make room there, or use another place",
        lack,
        room.place(),
        OptionalLong.of(room.bytes()),
        room.inodes(),
        thrown);
  }

  /** Not every tool says why it has failed: fuse-overlayfs does not of its work directory. */
  private Optional<OverlayException> found(OverlayException thrown, List<Path> own) {
    return Room.of(host, List.of(), own).stream()
        .filter(room -> room.lack().isPresent())
        .findFirst()
        .map(room -> full(thrown, room.lack().orElseThrow(), room));
  }

  /** Where nobody tells how much is left, and so which of several places it was. */
  private static ExhaustedException somewhere(
      OverlayException thrown, Lack lack, List<Path> involved) {
    return new ExhaustedException(
        message(thrown) + "\n  make room, at one of " + involved,
        lack,
        involved.get(0),
        OptionalLong.empty(),
        OptionalLong.empty(),
        thrown);
  }

  private static ExhaustedException unwritable(
      String asked, Path place, @Nullable Throwable cause) {
    return new ExhaustedException(
        asked
            + "\n  the file system of "
            + place
            + " is mounted read-only; use another place, or have it mounted for writing",
        Lack.WRITE_ACCESS,
        place,
        OptionalLong.of(0),
        OptionalLong.empty(),
        cause);
  }

  private static String message(OverlayException thrown) {
    return String.valueOf(thrown.getMessage()).strip();
  }

  private static boolean isReadOnly(Path place) {
    try {
      Path at = place.toAbsolutePath();
      while (!Files.exists(at) && at.getParent() != null) {
        at = at.getParent();
      }
      return Files.getFileStore(at).isReadOnly();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Refuses a directory that nobody can write to; nothing where there is none.
   *
   * @throws ExhaustedException where its file system is mounted read-only
   */
  static void requireWritable(String asked, @Nullable Path directory) {
    if (directory != null && Files.exists(directory) && isReadOnly(directory)) {
      throw unwritable(asked, directory, null);
    }
  }
}
