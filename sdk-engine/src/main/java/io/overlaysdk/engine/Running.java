package io.overlaysdk.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A program that has been started and is not awaited; see {@link Launcher#begin}. */
final class Running {
  private final Process process;
  private final ProcessTree tree;
  private final Duration grace;
  private final CompletableFuture<Integer> ended;

  Running(Process process, ProcessTree tree, Duration grace, CompletableFuture<Integer> ended) {
    this.process = process;
    this.tree = tree;
    this.grace = grace;
    this.ended = ended;
  }

  ProcessTree tree() {
    return tree;
  }

  /** Completes with its status when it has ended and nothing is left of what it had started. */
  CompletableFuture<Integer> ended() {
    return ended;
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

  /** What it wrote to both streams, after its end; at most what a pipe holds. */
  String messages() {
    try {
      return new String(stderr().readAllBytes(), StandardCharsets.UTF_8)
          + new String(stdout().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** Ends it with all its children, and waits for that. */
  void end() {
    tree.end(grace);
  }
}
