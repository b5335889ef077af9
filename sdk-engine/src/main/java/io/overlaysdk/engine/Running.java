package io.overlaysdk.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A program that runs and is not awaited; see {@link Launcher#begin}. */
abstract class Running {
  /** As much as a pipe holds. */
  private static final int LONGEST_MESSAGES = 1 << 16;

  private final ProcessTree tree;
  private final Duration grace;
  private final CompletableFuture<Integer> ended;
  private @Nullable String messages;

  private Running(ProcessTree tree, Duration grace, CompletableFuture<Integer> ended) {
    this.tree = tree;
    this.grace = grace;
    this.ended = ended;
  }

  /** One that writes its messages to a file, and may outlive this JVM. */
  static Running detached(
      ProcessTree tree, Duration grace, CompletableFuture<Integer> ended, Path messages) {
    return new Running(tree, grace, ended) {
      @Override
      String read() throws IOException {
        try (InputStream in = Files.newInputStream(messages, LinkOption.NOFOLLOW_LINKS)) {
          return new String(in.readNBytes(LONGEST_MESSAGES), StandardCharsets.UTF_8);
        }
      }
    };
  }

  /** One whose streams are pipes to this JVM. */
  static final class Piped extends Running {
    private final Process process;

    Piped(Process process, ProcessTree tree, Duration grace, CompletableFuture<Integer> ended) {
      super(tree, grace, ended);
      this.process = process;
    }

    OutputStream stdin() {
      return process.getOutputStream();
    }

    InputStream stdout() {
      return process.getInputStream();
    }

    InputStream stderr() {
      return process.getErrorStream();
    }

    @Override
    String read() throws IOException {
      return new String(stderr().readAllBytes(), StandardCharsets.UTF_8)
          + new String(stdout().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  ProcessTree tree() {
    return tree;
  }

  /** Completes with its status when it has ended and nothing is left of what it had started. */
  CompletableFuture<Integer> ended() {
    return ended;
  }

  /** What it wrote to both streams, after its end; no more than a pipe holds. */
  synchronized String messages() throws IOException {
    if (messages == null) {
      messages = read();
    }
    return messages;
  }

  /** Reads them: a pipe gives them once. */
  abstract String read() throws IOException;

  /** Ends it with all its children, and waits for that. */
  void end() {
    tree.end(grace);
  }
}
