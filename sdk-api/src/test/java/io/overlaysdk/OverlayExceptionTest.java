package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayExceptionTest {

  @Test
  void aFailedCommandSaysHowItEndedAndWhatItPrinted() {
    Result result = result(Termination.EXITED, 3, "  no such file\n");
    CommandFailedException e = new CommandFailedException(result);
    assertSame(result, e.result());
    assertEquals("the command [ls, /x] exited with 3\n  it printed: no such file", e.getMessage());
  }

  @Test
  void aFailedCommandThatPrintedNothingSaysOnlyHowItEnded() {
    assertEquals(
        "the command [ls, /x] was ended at its time limit, after 1500 ms",
        new CommandFailedException(result(Termination.TIMED_OUT, 124, " \n")).getMessage());
    assertEquals(
        "the command [ls, /x] ended with 255, which may be the container tool's own failure",
        new CommandFailedException(result(Termination.UNCERTAIN, 255, "")).getMessage());
  }

  @Test
  void aFailedCommandSaysWhatTheOverlayLacks() {
    Result result = result(Termination.EXITED, 1, "").with(Lack.INODES);
    assertEquals(Optional.of(Lack.INODES), result.lack());
    String message = new CommandFailedException(result).getMessage();
    assertTrue(message.contains("has no inodes left: delete something"), message);
  }

  @Test
  void whatIsExhaustedSaysWhereAndHowMuchIsLeft() {
    Throwable cause = new IOException("No space left on device");
    ExhaustedException e =
        new ExhaustedException(
            "a", Lack.SPACE, Path.of("/x"), OptionalLong.of(7), OptionalLong.empty(), cause);
    assertEquals(Lack.SPACE, e.lack());
    assertEquals(Optional.of(Path.of("/x")), e.place());
    assertEquals(OptionalLong.of(7), e.freeBytes());
    assertEquals(OptionalLong.empty(), e.freeInodes());
    assertSame(cause, e.getCause());
    assertEquals(Optional.empty(), new ExhaustedException("a", Lack.PROCESSES, cause).place());
  }

  @Test
  void aFailedCommandShowsTheEndOfALongOutputAndSaysThatItIsTheEnd() {
    String message =
        new CommandFailedException(result(Termination.EXITED, 1, "a".repeat(3000) + "end"))
            .getMessage();
    assertTrue(message.contains("it printed: ...aaa"), message);
    assertTrue(message.endsWith("aend"), message);
    assertTrue(message.length() < 2100, message);
  }

  @Test
  void aConfigurationErrorNamesThePlace() {
    ConfigException e =
        new ConfigException(Path.of("/c.yaml"), 3, 7, "steps[2].run", "unknown key \"imgae\"");
    assertEquals("/c.yaml:3:7: steps[2].run: unknown key \"imgae\"", e.getMessage());
    assertEquals(Path.of("/c.yaml"), e.file());
    assertEquals(3, e.line());
    assertEquals(7, e.column());
    assertEquals("steps[2].run", e.keyPath());
  }

  @Test
  void aConfigurationErrorOfTheWholeFileNamesTheFile() {
    Throwable cause = new IOException("broken");
    ConfigException e = new ConfigException(Path.of("/c.yaml"), 0, 0, "", "too large", cause);
    assertEquals("/c.yaml: too large", e.getMessage());
    assertSame(cause, e.getCause());
  }

  @Test
  void noBackendGivesTheReasonOfEachInOrder() {
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("singularity", "not on PATH");
    reasons.put("apptainer", "too old");
    NoBackendException e = new NoBackendException("no backend runs base.sif", reasons);
    assertEquals(
        "no backend runs base.sif\n  singularity: not on PATH\n  apptainer: too old",
        e.getMessage());
    reasons.clear();
    assertEquals(List.of("singularity", "apptainer"), List.copyOf(e.reasons().keySet()));
    assertThrows(UnsupportedOperationException.class, () -> e.reasons().clear());
  }

  @Test
  void noBackendAtAllNamesTheMissingDependency() {
    assertTrue(
        new NoBackendException("x", Map.of())
            .getMessage()
            .contains("io.overlaysdk:overlay-sdk-backend-apptainer"));
  }

  @Test
  void aFailedLaunchShowsWhatRanAndWhatTheToolSaid() {
    List<String> words = new ArrayList<>(List.of("/bin/apptainer", "exec"));
    LaunchException e = new LaunchException("cannot start", words, " FATAL: no\n");
    words.clear();
    assertEquals(
        "cannot start\n  ran: /bin/apptainer exec\n  it printed: FATAL: no", e.getMessage());
    assertEquals(List.of("/bin/apptainer", "exec"), e.invocation());
    assertEquals(" FATAL: no\n", e.toolOutput());
    assertEquals("a\n  ran: b", new LaunchException("a", List.of("b"), " ").getMessage());
  }

  @Test
  void aLaunchShowsTheStartOfAWordThatIsAScript() {
    String script = "# does this\nexec \"$@\"\n";
    List<String> words = List.of("/bin/sh", "-c", script, "", "x".repeat(201));
    LaunchException e = new LaunchException("cannot start", words, "");
    assertEquals(
        "cannot start\n  ran: /bin/sh -c # does this...  " + "x".repeat(200) + "...",
        e.getMessage());
    assertEquals(words, e.invocation());
  }

  @Test
  void aLaunchThatTheSystemRefusedShowsWhy() {
    Throwable cause = new IOException();
    LaunchException e = new LaunchException("a", List.of("b"), cause);
    assertEquals("a\n  ran: b\n  java.io.IOException", e.getMessage());
    assertSame(cause, e.getCause());
    assertEquals("", e.toolOutput());
  }

  @Test
  void aBusyOverlayNamesItsHolder() {
    OverlayBusyException e = new OverlayBusyException(Path.of("/o"), "process 7");
    assertEquals(
        "the overlay /o is in use by process 7; wait until it is released, or use another overlay",
        e.getMessage());
    assertEquals(Path.of("/o"), e.overlay());
    assertEquals("process 7", e.holder());
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        CancelledException.class,
        CommandFailedException.class,
        ConfigException.class,
        CorruptOverlayException.class,
        ExhaustedException.class,
        InvalidSpecException.class,
        LaunchException.class,
        NoBackendException.class,
        OverlayBusyException.class,
        UnsupportedException.class,
      })
  void everyErrorIsAFinalOverlayException(Class<?> type) {
    assertEquals(OverlayException.class, type.getSuperclass());
    assertTrue(Modifier.isFinal(type.getModifiers()));
  }

  @Test
  void isWrittenWithoutItsFactsRatherThanReadWithNulls() throws Exception {
    LaunchException written =
        new LaunchException("a", List.of("b"), new IllegalStateException("cause"));
    written.addSuppressed(new OverlayBusyException(Path.of("/o"), "x"));
    Throwable read = (Throwable) copy(written);
    assertEquals(OverlayException.class, read.getClass());
    assertEquals(written.getMessage(), read.getMessage());
    assertEquals("cause", read.getCause().getMessage());
    assertArrayEquals(written.getStackTrace(), read.getStackTrace());
    assertEquals(OverlayException.class, read.getSuppressed()[0].getClass());
  }

  @Test
  void onePlainErrorIsReadAsItWasWritten() throws Exception {
    Throwable read = (Throwable) copy(new OverlayException("a", new IOException("b")));
    assertEquals("a", read.getMessage());
    assertEquals("b", read.getCause().getMessage());
  }

  private static Object copy(Object object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }

  private static Result result(Termination termination, int status, String stderr) {
    return new Result(
        Command.of("ls", "/x"),
        termination,
        status,
        new byte[0],
        stderr.getBytes(UTF_8),
        false,
        Duration.ofMillis(1500));
  }
}
