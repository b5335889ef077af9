package io.overlaysdk.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.UnsupportedException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A command in a container of its own, whose tool has the command's streams. */
final class ProcessExecution implements Execution {
  private final Running.Piped running;
  private final CompletableFuture<End> ended;

  private ProcessExecution(Running.Piped running, CompletableFuture<End> ended) {
    this.running = running;
    this.ended = ended;
  }

  /** One of which the tool's status is all that there is to know. */
  static ProcessExecution bare(Running.Piped running, int failureStatus) {
    return new ProcessExecution(
        running, running.ended().thenApply(status -> bareEnd(status, failureStatus)));
  }

  /** What the status of a tool tells of the command, where nothing else does. */
  static End bareEnd(int status, int failureStatus) {
    return new End(status == failureStatus ? Kind.UNCERTAIN : Kind.EXITED, status, "");
  }

  /** One that reports through {@code report}. */
  static ProcessExecution reported(Running.Piped running, Report report) {
    return new ProcessExecution(running, running.ended().thenApplyAsync(report::end, Threads.POOL));
  }

  /** The pipe through which the script around a command tells how it ended (command.sh). */
  static final class Report {
    private final ControlDirectory control;
    private final String name;
    private final FileChannel bothSides;
    private final Tidings tidings;

    /** Lays a request out for a command that {@link Scripts#COMMAND} is given the name of. */
    Report(ControlDirectory control, String name, byte[] request) throws IOException {
      this.control = control;
      this.name = name;
      control.makePipes(List.of(name + ".end"));
      control.write(name + ".request", request);
      bothSides = control.open(name + ".end", READ, WRITE);
      tidings = new Tidings(control.open(name + ".end", READ));
    }

    /** What was told until the tool ended with this status. */
    End end(int toolStatus) {
      try (tidings) {
        bothSides.close();
        Optional<String> first = tidings.next();
        if (first.equals(Optional.of("directory"))) {
          return new End(Kind.NO_DIRECTORY, toolStatus, "");
        }
        if (first.isEmpty()) {
          return new End(Kind.NOT_STARTED, toolStatus, "");
        }
        return tidings
            .next()
            .flatMap(Tidings::status)
            .map(status -> new End(Kind.EXITED, status, ""))
            // the shell around the command was killed with it, before it could report
            .orElse(new End(Kind.UNCERTAIN, toolStatus, ""));
      } catch (IOException e) {
        return new End(Kind.UNCERTAIN, toolStatus, "");
      } finally {
        control.delete(name + ".request");
        control.delete(name + ".end");
      }
    }
  }

  @Override
  public OutputStream stdin() {
    return running.stdin();
  }

  @Override
  public InputStream stdout() {
    return running.stdout();
  }

  @Override
  public InputStream stderr() {
    return running.stderr();
  }

  @Override
  public CompletableFuture<Void> begun() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<End> ended() {
    return ended;
  }

  @Override
  public void signal(String name) {
    throw new UnsupportedException(
        "cannot send "
            + name
            + " to a command that has a container of its own: only a resident container (see"
            + " CommandMode) passes signals on");
  }

  @Override
  public void end(Duration grace) {
    running.end();
  }

  @Override
  public void release() {
    for (Closeable stream : new Closeable[] {stdin(), stdout(), stderr()}) {
      try {
        stream.close();
      } catch (IOException e) {
        // it was closed with the process
        continue;
      }
    }
  }
}
