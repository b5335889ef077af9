package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Progress;
import io.overlaysdk.SdkListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ListenersTest {
  private final Listeners listeners = new Listeners();
  private final List<Progress> told = new ArrayList<>();

  ListenersTest() {
    listeners.add(
        new SdkListener() {
          @Override
          public void progress(Progress progress) {
            told.add(progress);
          }
        });
  }

  private static Progress progress(long bytes, boolean done) {
    return new Progress("work", bytes, OptionalLong.empty(), done);
  }

  @Test
  void tellsHowLargeAFileHasBecome(@TempDir Path directory) {
    Path file = directory.resolve("file");
    listeners.during(
        "work",
        Listeners.sizeOf(file),
        () -> {
          try {
            return Files.write(file, new byte[1000]);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertEquals(List.of(progress(0, false), progress(1000, true)), told);
  }

  @Test
  void countsNoBytesOfADirectory(@TempDir Path directory) {
    assertEquals(0, Listeners.sizeOf(directory).getAsLong());
  }

  @Test
  void tellsOfTheEndOfWorkThatFails() {
    assertThrows(
        IllegalStateException.class,
        () ->
            listeners.during(
                "work",
                () -> {
                  throw new IllegalStateException();
                }));
    assertEquals(progress(0, true), told.get(told.size() - 1));
  }
}
