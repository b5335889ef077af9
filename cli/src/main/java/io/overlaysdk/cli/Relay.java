package io.overlaysdk.cli;

import io.overlaysdk.Command;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;

/** Connects this process's own streams with those of a command. */
final class Relay {
  private Relay() {}

  /**
   * Runs a command to its end.
   *
   * @param told is told what the exit status leaves open
   * @return the exit status
   */
  static int run(Session session, Command command, PrintWriter told) {
    OwnOutput out = OwnOutput.at(FileDescriptor.out);
    OwnOutput err = OwnOutput.at(FileDescriptor.err);
    try (RunningCommand running = session.start(command)) {
      Thread outThread = start(() -> carry(running, running.stdout(), out));
      Thread errThread = start(() -> carry(running, running.stderr(), err));
      // whoever reads from a terminal cannot be told to stop, so nobody waits for this one
      start(() -> carryInput(running.stdin()));
      Result result = running.await();
      join(outThread);
      join(errThread);
      return err.status(out.status(ExitStatus.of(result, told), told), told);
    }
  }

  private static Thread start(Runnable work) {
    Thread thread = new Thread(work, "overlay-relay");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void carry(RunningCommand running, InputStream from, OwnOutput to) {
    try {
      from.transferTo(to);
    } catch (IOException e) {
      // as it would end that writes there itself; one that does not is read on, or it would block
      running.signal("PIPE");
      drain(from);
    }
  }

  private static void drain(InputStream from) {
    try {
      from.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // closed with the command
      return;
    }
  }

  private static void carryInput(OutputStream to) {
    try (to) {
      System.in.transferTo(to);
    } catch (IOException e) {
      // the command has ended, or reads no more
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
