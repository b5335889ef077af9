package io.overlaysdk.cli;

import io.overlaysdk.Command;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Connects this process's own streams with those of a command. */
final class Relay {
  private Relay() {}

  /** Runs a command to its end. */
  static Result run(Session session, Command command) {
    try (RunningCommand running = session.start(command)) {
      Thread out = carry(running.stdout(), new FileOutputStream(FileDescriptor.out), false);
      Thread err = carry(running.stderr(), new FileOutputStream(FileDescriptor.err), false);
      // whoever reads from a terminal cannot be told to stop, so nobody waits for this one
      carry(new FileInputStream(FileDescriptor.in), running.stdin(), true);
      Result result = running.await();
      join(out);
      join(err);
      return result;
    }
  }

  private static Thread carry(InputStream from, OutputStream to, boolean closing) {
    Thread thread =
        new Thread(
            () -> {
              try {
                byte[] piece = new byte[1 << 16];
                for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
                  to.write(piece, 0, n);
                }
              } catch (IOException e) {
                // the other side reads no more: a command that has ended, or whoever read this one
                return;
              } finally {
                if (closing) {
                  close(to);
                }
              }
            },
            "overlay-relay");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void close(OutputStream to) {
    try {
      to.close();
    } catch (IOException e) {
      // the command has ended before it had read all
      return;
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
