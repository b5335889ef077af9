package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.OverlayHolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockHolderTest {
  @TempDir Path dir;
  private Path file;
  private Path proc;
  private String place;

  @BeforeEach
  void makeAProc() throws IOException {
    file = Files.createFile(dir.resolve("overlay.img"));
    proc = Files.createDirectory(dir.resolve("proc"));
    long device = (long) Files.getAttribute(file, "unix:dev");
    // right for small numbers, which all devices of a test machine have
    place =
        String.format(
            "%02x:%02x:%d",
            device >> 8 & 0xfff, device & 0xff, (long) Files.getAttribute(file, "unix:ino"));
  }

  @Test
  void readsTheProcessOfAPosixLock() throws IOException {
    locks("1: POSIX  ADVISORY  WRITE 4711 " + place + " 0 EOF\n");
    process("4711", "apptainer\0exec\0base.sif\0", "");

    assertEquals(Optional.of("process 4711 (apptainer exec base.sif)"), words());
  }

  @Test
  void findsTheProcessOfALockWithoutOneByItsDescriptors() throws IOException {
    // as Apptainer 1.4.5 locks an ext3 overlay
    String lock = "OFDLCK ADVISORY  WRITE -1 " + place + " 0 67108863\n";
    locks("1: " + lock);
    process("1", "init\0", "pos:\t0\n");
    process("4712", "Apptainer runtime parent: base.sif\0", "pos:\t0\nlock:\t1: " + lock);

    assertEquals(Optional.of("process 4712 (Apptainer runtime parent: base.sif)"), words());
  }

  @Test
  void passesOverWaitersOtherFilesAndOtherKindsOfLocks() throws IOException {
    locks(
        "1: FLOCK  ADVISORY  WRITE 1 "
            + place
            + " 0 EOF\n1: -> POSIX  ADVISORY  WRITE 2 "
            + place
            + " 0 EOF\n2: POSIX  ADVISORY  WRITE 3 "
            + place
            + "0 0 EOF\n");

    assertEquals(Optional.empty(), words());
  }

  @Test
  void shortensALongCommand() throws IOException {
    locks("1: POSIX  ADVISORY  WRITE 4711 " + place + " 0 EOF\n");
    process("4711", "x".repeat(81), "");

    assertEquals(Optional.of("process 4711 (" + "x".repeat(80) + "...)"), words());
  }

  @Test
  void namesNobodyWhereTheKernelTellsNothing() {
    assertEquals(Optional.empty(), words());
  }

  @Test
  void tellsReadersFromWriters() throws IOException {
    locks("1: POSIX  ADVISORY  READ 4711 " + place + " 0 EOF\n");
    process("4711", "apptainer\0", "");

    assertEquals(Optional.empty(), LockHolder.writing(file, proc));
    assertEquals(Optional.of("process 4711 (apptainer)"), words());
  }

  private Optional<String> words() {
    return LockHolder.of(file, proc).map(OverlayHolder::toString);
  }

  private void locks(String content) throws IOException {
    Files.writeString(proc.resolve("locks"), content);
  }

  private void process(String pid, String command, String descriptor) throws IOException {
    Path process = Files.createDirectory(proc.resolve(pid));
    Files.writeString(process.resolve("cmdline"), command);
    Files.writeString(Files.createDirectory(process.resolve("fdinfo")).resolve("3"), descriptor);
  }
}
