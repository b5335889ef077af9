package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What cannot be used is refused with an error that names it and says what to do, before any
 * process starts, and nothing is left behind.
 */
@ExtendWith(Images.Shared.class)
class BadInputIT {
  @TempDir private Path temp;

  @OnEachBackend
  void refusesImages(String backend, Images images) throws Exception {
    byte[] sif = Files.readAllBytes(images.tutorialFile());
    try (Trap trap = new Trap(backend, temp)) {
      Path missing = temp.resolve("missing.sif");
      trap.refuses(InvalidSpecException.class, on(missing), missing, "correct the path");

      Path text = Files.writeString(temp.resolve("text.sif"), "no image\n".repeat(1000));
      trap.refuses(InvalidSpecException.class, on(text), text, "give a SIF");
      Path empty = Files.createFile(temp.resolve("empty.sif"));
      trap.refuses(InvalidSpecException.class, on(empty), empty, "give a SIF");

      for (int length : new int[] {60, 100, 4000, sif.length / 2, sif.length - 1}) {
        Path truncated = temp.resolve("truncated-" + length + ".sif");
        Files.write(truncated, Arrays.copyOf(sif, length));
        trap.refuses(CorruptOverlayException.class, on(truncated), truncated, "");
      }
      // the number, the place and the size of the descriptors, in the header of a SIF
      for (int field : new int[] {88, 96, 104}) {
        Path lying = temp.resolve("lying-" + field + ".sif");
        Files.write(lying, withNumber(sif, field, 1L << 60));
        trap.refuses(CorruptOverlayException.class, on(lying), lying, "");
      }
    }
  }

  private static byte[] withNumber(byte[] sif, int offset, long number) {
    byte[] copy = sif.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, number);
    return copy;
  }

  @OnEachBackend
  void refusesOverlays(String backend, Images images) throws Exception {
    SessionSpec image = SessionSpec.on(images.tutorial());
    Path ext2 = formatted("ext2");
    Path ext4 = formatted("ext4");
    Path text = Files.writeString(temp.resolve("text.img"), "no overlay\n".repeat(1000));
    Path incomplete = Files.createDirectories(temp.resolve("incomplete/upper")).getParent();
    Path full = Files.createDirectories(temp.resolve("full/something")).getParent();
    Path link = Files.createDirectories(temp.resolve("link/work")).getParent();
    Files.createSymbolicLink(link.resolve("upper"), incomplete);
    Path good = Files.createDirectories(temp.resolve("good/upper")).getParent();
    Files.createDirectory(good.resolve("work"));
    Path alias = Files.createSymbolicLink(temp.resolve("alias"), good);
    try (Trap trap = new Trap(backend, temp)) {
      Path missing = temp.resolve("missing");
      trap.refuses(InvalidSpecException.class, image.overlay(at(missing)), missing, "correct");
      trap.refuses(InvalidSpecException.class, image.overlay(at(text)), text, "overlay create");
      trap.refuses(InvalidSpecException.class, image.overlay(at(ext2)), ext2, "ext3");
      trap.refuses(InvalidSpecException.class, image.overlay(at(ext4)), ext4, "ext3");
      trap.refuses(InvalidSpecException.class, image.overlay(at(incomplete)), incomplete, "mkdir");
      trap.refuses(InvalidSpecException.class, image.overlay(at(full)), full, "add :ro");
      trap.refuses(InvalidSpecException.class, image.overlay(at(link)), link, "symbolic link");
      trap.refuses(
          InvalidSpecException.class,
          image.overlay(at(good.resolve("upper"))),
          good.resolve("upper"),
          "give its parent");
      trap.refuses(
          InvalidSpecException.class,
          image.overlay(at(good).readOnly()).overlay(at(alias)),
          good,
          "given twice");
      trap.refuses(
          UnsupportedException.class,
          image.overlay(at(images.tutorialFile())),
          images.tutorialFile(),
          "SIF");
    }
  }

  @OnEachBackend
  void refusesOverlaysThatTheUserCannotWriteTo(String backend, Images images) throws Exception {
    assumeFalse(System.getProperty("user.name").equals("root"), "root can write to all");
    SessionSpec image = SessionSpec.on(images.tutorial());
    Path directory = Files.createDirectories(temp.resolve("closed/upper")).getParent();
    Files.createDirectory(directory.resolve("work"));
    Files.setPosixFilePermissions(
        directory.resolve("upper"), PosixFilePermissions.fromString("r-xr-xr-x"));
    Path file = formatted("ext3");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    Path hidden = Files.writeString(temp.resolve("hidden.sif"), "");
    Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("---------"));
    try (Trap trap = new Trap(backend, temp)) {
      trap.refuses(InvalidSpecException.class, image.overlay(at(directory)), directory, ":ro");
      trap.refuses(InvalidSpecException.class, image.overlay(at(file)), file, ":ro");
      trap.refuses(InvalidSpecException.class, on(hidden), hidden, "chmod");
    }
  }

  @OnEachBackend
  void refusesBindsAndVariables(String backend, Images images) throws Exception {
    SessionSpec image = SessionSpec.on(images.tutorial());
    try (Trap trap = new Trap(backend, temp)) {
      Path missing = temp.resolve("missing");
      trap.refuses(
          InvalidSpecException.class, image.bind(missing, "/in"), missing, "correct the path");
      trap.refuses(InvalidSpecException.class, image.bind(temp, "/.overlay-sdk"), temp, "another");
      trap.refuses(InvalidSpecException.class, image.variable("PPID", "1"), "PPID", "another name");
    }
  }

  @OnEachBackend
  void refusesASandboxThatAnOverlayLiesIn(String backend, Images images) throws Exception {
    Path root = Files.createDirectories(temp.resolve("root/bin")).getParent();
    Path inside = Files.createDirectories(root.resolve("overlay"));
    try (Trap trap = new Trap(backend, temp)) {
      trap.refuses(InvalidSpecException.class, on(root).overlay(at(inside)), inside, "outside");
      trap.refuses(InvalidSpecException.class, on(root).overlay(at(root)), root, "");
    }
  }

  @OnEachBackend
  void refusesWhatTheMachineCannotDo(String backend, Images images) throws Exception {
    SessionSpec image = SessionSpec.on(images.tutorial());
    Path foreign = temp.resolve("foreign.sif");
    Files.write(foreign, forAnotherArchitecture(Files.readAllBytes(images.tutorialFile())));
    try (Trap trap = new Trap(backend, temp)) {
      if (!backend.equals("overlayfs")) {
        trap.refuses(NoBackendException.class, SessionSpec.on(Image.host()), backend, "image");
      }
      trap.refuses(NoBackendException.class, on(foreign), foreign, "riscv64");
      trap.refuses(NoBackendException.class, image.gpu(Gpu.AMD), backend, "graphics processor");
      trap.runs(image);
    }
  }

  /** In the header of a SIF, and in the descriptor of its partition. */
  private static byte[] forAnotherArchitecture(byte[] sif) {
    byte[] copy = sif.clone();
    byte[] riscv = "12".getBytes(UTF_8);
    System.arraycopy(riscv, 0, copy, 45, riscv.length);
    ByteBuffer header = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    int table = (int) header.getLong(96);
    for (int at = table; at < table + header.getLong(88) * 585; at += 585) {
      if (header.getInt(at) == 0x4004) {
        System.arraycopy(riscv, 0, copy, at + 209, riscv.length);
      }
    }
    return copy;
  }

  private Path formatted(String type) throws IOException {
    Path file = temp.resolve("file." + type);
    String path = "PATH=" + System.getenv("PATH") + ":/usr/sbin:/sbin";
    Programs.run("env", path, "mkfs." + type, "-q", "-F", file.toString(), "8M");
    return file;
  }

  private static SessionSpec on(Path image) {
    return SessionSpec.on(Image.at(image));
  }

  private static Overlay at(Path overlay) {
    return Overlay.at(overlay);
  }
}
