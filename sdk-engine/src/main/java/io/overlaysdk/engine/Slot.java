package io.overlaysdk.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A place for one command at a time in a resident container: the pipes between the engine and a
 * worker inside (worker.sh). They outlive the command, so that the next one costs no opening.
 *
 * <p>Nothing here waits for the other side: each pipe is first opened to both sides, which the
 * kernel grants at once, and that is let go when the worker has said that it is there.
 */
final class Slot {
  private static final List<String> PIPES = List.of(".go", ".in", ".out", ".err", ".end");

  private final ControlDirectory control;
  private final String name;
  private final List<FileChannel> bothSides = new ArrayList<>();
  private final FileChannel go;
  private final FileChannel out;
  private final FileChannel err;
  private final Tidings tidings;
  private volatile boolean ready;
  private volatile boolean lost;

  /** The names of the pipes of a slot. */
  static List<String> pipes(String slot) {
    return PIPES.stream().map(pipe -> slot + pipe).toList();
  }

  /** Opens the pipes, which are there. */
  Slot(ControlDirectory control, String name) throws IOException {
    this.control = control;
    this.name = name;
    this.go = open(".go", WRITE);
    this.out = open(".out", READ);
    this.err = open(".err", READ);
    this.tidings = new Tidings(open(".end", READ));
    callWorker();
  }

  private FileChannel open(String pipe, StandardOpenOption side) throws IOException {
    bothSides.add(control.open(name + pipe, READ, WRITE));
    return control.open(name + pipe, side);
  }

  String name() {
    return name;
  }

  FileChannel out() {
    return out;
  }

  FileChannel err() {
    return err;
  }

  Tidings tidings() {
    return tidings;
  }

  boolean isReady() {
    return ready;
  }

  /** Waits until the worker is there; false where none will come. */
  boolean awaitWorker() {
    if (!ready) {
      Optional<String> told = tidings.next();
      lost = told.equals(Optional.of("lost"));
      ready = told.equals(Optional.of("ready"));
      if (ready) {
        letGo();
      }
    }
    return ready;
  }

  /** Whether the shell that serves it could start no process: others in the container may go on. */
  boolean isLost() {
    return lost;
  }

  /** Has a worker started for the next command. */
  void callWorker() throws IOException {
    ready = false;
    go.write(Tidings.line(""));
  }

  void send(byte[] request) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(request);
    while (bytes.hasRemaining()) {
      go.write(bytes);
    }
  }

  /** Opens the pipe of the standard input to both sides, or to one. */
  FileChannel input(StandardOpenOption... sides) throws IOException {
    return control.open(name + ".in", sides);
  }

  /** Opens the pipe of an output for writing: "out" or "err". */
  FileChannel output(String which) throws IOException {
    return control.open(name + "." + which, WRITE);
  }

  /** Whether a process that a command has left still reads from the pipe of the input. */
  boolean inputIsHeld() {
    try {
      FileChannel both = input(READ, WRITE);
      FileChannel writing = input(WRITE);
      both.close();
      try (writing) {
        writing.write(Tidings.line(""));
        return true;
      }
    } catch (IOException e) {
      // a broken pipe: nobody reads
      return false;
    }
  }

  /** Ends the waiting for a worker that will not come. */
  void letGo() {
    bothSides.forEach(Slot::close);
    bothSides.clear();
  }

  /** The process inside that serves this slot ends with it. */
  void close() {
    letGo();
    close(go);
    close(out);
    close(err);
    close(tidings);
  }

  private static void close(Closeable pipe) {
    try {
      pipe.close();
    } catch (IOException e) {
      // nothing is lost: what is written to a pipe is not on any disk
      return;
    }
  }
}
