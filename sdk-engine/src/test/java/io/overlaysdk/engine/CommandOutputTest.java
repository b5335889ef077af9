package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class CommandOutputTest {
  private static final byte[] MARK = "the end of it".getBytes(US_ASCII);

  @TempDir private Path directory;

  /** A file stands for the pipe: it ends behind the mark, where a pipe may go on for long. */
  @Test
  void losesNothingThatCameBeforeTheMark() throws Exception {
    byte[] said = new byte[50_000];
    new Random(7).nextBytes(said);
    byte[] all = Arrays.copyOf(said, said.length + MARK.length);
    System.arraycopy(MARK, 0, all, said.length, MARK.length);
    Path file = Files.write(directory.resolve("pipe"), all);
    try (FileChannel pipe = FileChannel.open(file)) {
      CompletableFuture<CommandOutput> itself = new CompletableFuture<>();
      CompletableFuture<Void> drained = new CompletableFuture<>();
      CommandOutput output =
          new CommandOutput(
              pipe,
              CompletableFuture.completedFuture(null),
              () -> Threads.POOL.execute(() -> drain(itself.join(), drained)));
      itself.complete(output);
      output.endAt(MARK);

      ByteArrayOutputStream heard = new ByteArrayOutputStream();
      byte[] little = new byte[4096];
      heard.write(little, 0, output.read(little));
      drained.join();
      output.transferTo(heard);

      assertArrayEquals(said, heard.toByteArray());
      assertTrue(output.drained().isDone());
    }
  }

  private static void drain(CommandOutput output, CompletableFuture<Void> drained) {
    try {
      output.drain();
      drained.complete(null);
    } catch (IOException e) {
      drained.completeExceptionally(e);
    }
  }
}
