package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ExhaustedException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Lack;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExhaustionTest {
  private static final String ENOSPC = "No space left on device";

  @TempDir private Path state;
  private Path overlay;

  @BeforeEach
  void makePlaces() throws IOException {
    overlay = Files.createDirectory(state.resolve("overlay"));
  }

  /** Where stat(1) says this of some places: block size, blocks, free ones, inodes, free ones. */
  private Exhaustion where(String says, Path... places) {
    List<String> words = new ArrayList<>(List.of("/usr/bin/stat", "-f", "-c", "%S %b %a %c %d"));
    words.add("--");
    List.of(places).forEach(place -> words.add(place.toString()));
    FakeHost host =
        FakeHost.linux()
            .program("stat", "/usr/bin/stat")
            .answer(says, words.toArray(String[]::new));
    return new Exhaustion(host, List.of(state));
  }

  private static OverlayException failed(Throwable cause) {
    return new OverlayException("cannot write: " + cause, cause);
  }

  @Test
  void namesTheFileSystemThatTheSystemNamed() {
    IOException cause = new FileSystemException(overlay.resolve("x").toString(), null, ENOSPC);
    OverlayException thrown = failed(cause);

    ExhaustedException e =
        (ExhaustedException)
            where("4096 100 2 50 40", overlay).explained(thrown, List.of(Path.of("/else")));

    assertEquals(Lack.SPACE, e.lack());
    assertEquals(Optional.of(overlay), e.place());
    assertEquals(OptionalLong.of(8192), e.freeBytes());
    assertEquals(OptionalLong.of(40), e.freeInodes());
    assertSame(thrown, e.getCause());
    assertTrue(
        e.getMessage()
            .endsWith(
                "the file system of "
                    + overlay
                    + " is full: now 8192 bytes and 40 inodes are left; make room there, or use"
                    + " another place"),
        e.getMessage());
  }

  @Test
  void tellsTheFullestOfAllPlacesWhereNobodyNamesOne() {
    OverlayException thrown =
        new LaunchException("cannot", List.of("mkfifo"), "mkfifo: cannot create fifo: " + ENOSPC);

    ExhaustedException e =
        (ExhaustedException)
            where("4096 900 800 0 0\n4096 900 900 90 1", overlay, state)
                .explained(thrown, List.of(overlay));

    assertEquals(Optional.of(state), e.place());
    assertEquals(Lack.INODES, e.lack());
    assertTrue(e.getMessage().contains("no room for so many files"), e.getMessage());
  }

  @Test
  void readsWhatAnotherProcessOfTheEngineHasSaid() {
    OverlayException thrown = new OverlayException("cannot make x: Disk quota exceeded");

    OverlayException e =
        where("4096 100 90 0 0\n4096 100 90 0 0", overlay, state)
            .explained(thrown, List.of(overlay));

    assertEquals(Lack.QUOTA, ((ExhaustedException) e).lack());
  }

  @ParameterizedTest
  @CsvSource({
    "x: Too many open files, DESCRIPTORS",
    "'Cannot run program: error=24, Too many open files', DESCRIPTORS",
    "'Cannot run program: error=11, Resource temporarily unavailable', PROCESSES",
    "'posix_spawn failed, error: 11 (Resource temporarily unavailable)', PROCESSES",
  })
  void knowsWhatTheSystemCountsElse(String said, Lack lack) {
    OverlayException e = where("").explained(failed(new IOException(said)), List.of());

    assertEquals(lack, ((ExhaustedException) e).lack());
    assertEquals(Optional.empty(), ((ExhaustedException) e).place());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sh: 1: Cannot fork",
        "fork/exec /bin/x: resource temporarily unavailable",
        "runtime: failed to create new OS thread (have 5 already; errno=11)"
      })
  void knowsWhatToolsSayWithoutProcesses(String said) {
    OverlayException thrown = new LaunchException("cannot", List.of("x"), said);

    OverlayException e = where("").explained(thrown, List.of());

    assertEquals(Lack.PROCESSES, ((ExhaustedException) e).lack());
  }

  @Test
  void leavesEverythingElseAsItIs() {
    Exhaustion exhaustion = where("4096 100 2 50 40", overlay, state);
    List<OverlayException> others =
        List.of(
            new LaunchException(
                "x", List.of("unshare"), "unshare: unshare failed: No space left on device"),
            new InvalidSpecException("there is nothing at /" + ENOSPC),
            failed(new IOException("Permission denied")),
            // a program inside has met a read-only root, say, and no place is read-only
            new LaunchException("x", List.of("x"), "mkdir: /y: Read-only file system"),
            new ExhaustedException("known", Lack.SPACE, failed(new IOException(ENOSPC))));

    for (OverlayException other : others) {
      assertSame(other, exhaustion.explained(other, List.of(overlay)));
    }
  }

  @Test
  void isSureOfTheLackWhereTheRoomCannotBeAsked() {
    OverlayException thrown = failed(new IOException(ENOSPC));

    OverlayException e = where("", overlay, state).explained(thrown, List.of(overlay));

    assertEquals(Lack.SPACE, ((ExhaustedException) e).lack());
    assertEquals(OptionalLong.empty(), ((ExhaustedException) e).freeInodes());
  }
}
