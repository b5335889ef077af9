package io.overlaysdk.engine;

import io.overlaysdk.ExhaustedException;
import io.overlaysdk.Lack;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that wait for pipes and processes: as many as there is to wait for, and no more. */
final class Threads {
  /** Nothing in here keeps a JVM from ending, and none of its threads is ever interrupted. */
  static final ExecutorService POOL = pool();

  /** Tells when a time limit is over. */
  static final ScheduledThreadPoolExecutor CLOCK = clock();

  private Threads() {}

  /**
   * Starts a thread.
   *
   * @throws ExhaustedException where there can be no more of them, which Java calls a lack of
   *     memory
   */
  static void start(Thread thread) {
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      throw exhausted(e);
    }
  }

  /** Work on a file. */
  interface FileWork {
    void run() throws IOException;
  }

  /**
   * Something short that an interrupt must not break off: it would close the channel of a file, and
   * drop the locks on that.
   */
  static void uninterrupted(FileWork work) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      work.run();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static ExhaustedException exhausted(OutOfMemoryError e) {
    return new ExhaustedException(
        "cannot start a thread: no more processes may run; end some, or raise the limit (ulimit"
            + " -u, pids.max)",
        Lack.PROCESSES,
        e);
  }

  /** One of a pool, which starts it. */
  private static final class Worker extends Thread {
    Worker(Runnable work, String name, long stack) {
      super(null, work, name, stack);
    }

    @Override
    public synchronized void start() {
      try {
        super.start();
      } catch (OutOfMemoryError e) {
        throw exhausted(e);
      }
    }
  }

  private static ScheduledThreadPoolExecutor clock() {
    ScheduledThreadPoolExecutor clock =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Worker(work, "overlay-sdk clock", 0);
              thread.setDaemon(true);
              return thread;
            });
    clock.setRemoveOnCancelPolicy(true);
    clock.setKeepAliveTime(10, TimeUnit.SECONDS);
    clock.allowCoreThreadTimeOut(true);
    return clock;
  }

  private static ExecutorService pool() {
    AtomicInteger last = new AtomicInteger();
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        10,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        work -> {
          Thread thread = new Worker(work, "overlay-sdk " + last.incrementAndGet(), 1 << 18);
          thread.setDaemon(true);
          return thread;
        });
  }
}
