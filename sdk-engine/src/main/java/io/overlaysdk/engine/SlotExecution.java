package io.overlaysdk.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command in a slot of a resident container. */
final class SlotExecution implements Execution {
  private static final Logger LOG = LoggerFactory.getLogger(SlotExecution.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int MARK_BYTES = 24;

  /** What fits into a pipe of which the kernel gives little, so that sending it never waits. */
  private static final int SHORT_REQUEST = 4096;

  /** What the ends of a command's streams may come after its own, before somebody looks why. */
  private static final long STREAMS_END_MILLIS = 20;

  /** What shells say of programs that they cannot run. */
  private static final int NOT_RUNNABLE = 126;

  private static final int NOT_FOUND = 127;

  /** What a container may take to end after the process has that served a slot. */
  private static final long CONTAINER_END_SECONDS = 2;

  private static final String NO_PROCESS = "cannot fork: the container's shell said so and ended";

  /** What a command may take from its request to the program itself. */
  private static final long BEGINNING_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Resident resident;
  private final Slot slot;
  private final boolean certain;
  private final CommandTree tree;
  private final CompletableFuture<Void> begun = new CompletableFuture<>();
  private final CompletableFuture<End> ended = new CompletableFuture<>();
  private final CommandOutput stdout;
  private final CommandOutput stderr;
  private final Optional<Input> input;

  private SlotExecution(Resident resident, Slot slot, String mark, boolean reads)
      throws IOException {
    this.resident = resident;
    this.slot = slot;
    this.certain = slot.isReady();
    this.tree = new CommandTree(resident.running().tree(), mark);
    this.stdout = new CommandOutput(slot.out(), begun, () -> drain("out"));
    this.stderr = new CommandOutput(slot.err(), begun, () -> drain("err"));
    this.input = reads ? Optional.of(new Input(slot)) : Optional.empty();
  }

  /**
   * Has a command run.
   *
   * @param mark the value of {@link CommandTree#MARK} in its environment
   * @param reads whether it gets an input
   */
  static SlotExecution begin(Resident resident, String mark, byte[] request, boolean reads)
      throws IOException {
    Slot slot = resident.take();
    try {
      SlotExecution execution = new SlotExecution(resident, slot, mark, reads);
      Threads.POOL.execute(execution::follow);
      if (request.length <= SHORT_REQUEST) {
        slot.send(request);
      } else {
        Threads.POOL.execute(() -> execution.send(request));
      }
      return execution;
    } catch (IOException e) {
      resident.drop(slot);
      throw e;
    }
  }

  /** Whether a worker was there for it from the start. */
  boolean isCertain() {
    return certain;
  }

  private void send(byte[] request) {
    try {
      slot.send(request);
    } catch (IOException e) {
      LOG.debug("the container ended before it had the request", e);
    }
  }

  /** Hears how the command fares, from its beginning to its end. */
  private void follow() {
    try {
      if (!slot.awaitWorker()) {
        lost(Kind.NOT_STARTED);
        return;
      }
      resident.proven();
      begun.complete(null);
      hear();
    } catch (RuntimeException e) {
      ended.completeExceptionally(e);
      begun.complete(null);
    }
  }

  private void hear() {
    boolean directory = true;
    while (true) {
      Optional<String> line = slot.tidings().next();
      if (line.isEmpty()) {
        lost(Kind.UNCERTAIN);
        return;
      }
      Optional<Integer> status = Tidings.status(line.get());
      if (status.isPresent()) {
        input.ifPresent(Input::over);
        over(directory ? Kind.EXITED : Kind.NO_DIRECTORY, status.get());
        return;
      }
      if (line.get().equals("input")) {
        input.ifPresent(Input::taken);
      } else if (line.get().equals("directory")) {
        directory = false;
      }
    }
  }

  /**
   * Frees the slot when all is read that the command and what it left have written. Where a program
   * could not be started, it may be that nothing can be any more, because what served the root has
   * been killed: that is found out before anything is said.
   */
  private void over(Kind kind, int status) {
    boolean doubtful = kind == Kind.EXITED && (status == NOT_RUNNABLE || status == NOT_FOUND);
    if (!doubtful) {
      ended.complete(new End(kind, status, ""));
    }
    boolean healthy = true;
    if (awaitDrained()) {
      healthy = free();
    } else {
      drained().thenRunAsync(this::free, Threads.POOL);
    }
    ended.complete(new End(healthy ? kind : Kind.UNCERTAIN, status, ""));
  }

  /**
   * Whether nothing is left in the pipes; where something holds them, the streams end at a mark.
   */
  private boolean awaitDrained() {
    try {
      drained().get(STREAMS_END_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      mark(stdout, "out");
      mark(stderr, "err");
      return false;
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private CompletableFuture<Void> drained() {
    return CompletableFuture.allOf(stdout.drained(), stderr.drained());
  }

  /**
   * Whether the slot can serve another command, or could not for another reason than its container.
   */
  private boolean free() {
    if (input.isPresent() && slot.inputIsHeld()) {
      resident.drop(slot);
      return true;
    }
    return resident.give(slot);
  }

  /** The process that served the slot is gone, and with it most likely the container. */
  private void lost(Kind kind) {
    int status = 128 + 9;
    String messages = "";
    try {
      if (slot.isLost()) {
        messages = NO_PROCESS;
      } else {
        status = resident.running().ended().get(CONTAINER_END_SECONDS, TimeUnit.SECONDS);
        messages = resident.running().messages();
      }
    } catch (TimeoutException | IOException e) {
      LOG.debug("a slot of a container was killed, and the container not", e);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException("threads of the pool are never interrupted", e);
    }
    input.ifPresent(Input::over);
    ended.complete(new End(kind, status, messages));
    begun.complete(null);
    if (awaitDrained()) {
      resident.drop(slot);
    } else {
      drained().thenRunAsync(() -> resident.drop(slot), Threads.POOL);
    }
  }

  private void mark(CommandOutput output, String pipe) {
    if (!output.drained().isDone()) {
      byte[] mark = new byte[MARK_BYTES];
      RANDOM.nextBytes(mark);
      output.endAt(mark);
      Threads.POOL.execute(
          () -> {
            try (FileChannel writing = slot.output(pipe)) {
              writing.write(ByteBuffer.wrap(mark));
            } catch (IOException e) {
              LOG.debug("a pipe of a command that has ended", e);
            }
          });
    }
  }

  private void drain(String pipe) {
    CommandOutput output = pipe.equals("out") ? stdout : stderr;
    if (output.drained().isDone()) {
      return;
    }
    Threads.POOL.execute(
        () -> {
          try {
            output.drain();
          } catch (IOException e) {
            // whoever read was interrupted, which closes the pipe for good
            resident.drop(slot);
          }
        });
  }

  @Override
  public OutputStream stdin() {
    return input.map(in -> (OutputStream) in).orElseGet(OutputStream::nullOutputStream);
  }

  @Override
  public InputStream stdout() {
    return stdout;
  }

  @Override
  public InputStream stderr() {
    return stderr;
  }

  @Override
  public CompletableFuture<Void> begun() {
    return begun;
  }

  @Override
  public CompletableFuture<End> ended() {
    return ended;
  }

  @Override
  public void signal(String name) {
    // a command that has just been started is not there yet
    boolean interrupted = Thread.interrupted();
    long deadline = System.nanoTime() + BEGINNING_NANOS;
    Optional<Long> group = tree.group();
    while (group.isEmpty() && !ended.isDone() && System.nanoTime() < deadline) {
      interrupted |= pause();
      group = tree.group();
    }
    group.ifPresent(found -> resident.signal(name, found));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void end(Duration grace) {
    boolean interrupted = Thread.interrupted();
    long deadline = System.nanoTime() + BEGINNING_NANOS;
    while (!ended.isDone() && System.nanoTime() < deadline) {
      tree.end(grace);
      interrupted |= pause();
    }
    if (!ended.isDone()) {
      resident.end();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether an interrupt came. */
  private boolean pause() {
    try {
      ended.get(10, TimeUnit.MILLISECONDS);
      return false;
    } catch (InterruptedException e) {
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    }
  }

  @Override
  public void release() {
    drain("out");
    drain("err");
  }

  /**
   * The pipe that the command reads. The engine holds both sides until the command has its own, so
   * that what is written before is not lost, and the other side alone afterwards, so that a command
   * that reads no more is noticed.
   */
  private static final class Input extends OutputStream {
    private final FileChannel bothSides;
    private final OutputStream pipe;
    private final CompletableFuture<Void> taken = new CompletableFuture<>();

    Input(Slot slot) throws IOException {
      bothSides = slot.input(READ, WRITE);
      pipe = Channels.newOutputStream(slot.input(WRITE));
    }

    /** The command has its side. */
    void taken() {
      letGo(bothSides);
      taken.complete(null);
    }

    /** Nobody will read any more. */
    void over() {
      taken();
      letGo(pipe);
    }

    private static void letGo(Closeable side) {
      try {
        side.close();
      } catch (IOException e) {
        LOG.debug("a pipe of a command that has ended", e);
      }
    }

    @Override
    public void write(int b) throws IOException {
      pipe.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      pipe.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      taken.join();
      pipe.close();
    }
  }
}
