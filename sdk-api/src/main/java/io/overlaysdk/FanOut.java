package io.overlaysdk;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The same work for many inputs, each in a session of its own on one image: the image and the
 * read-only overlays are shared, and each input has a writable overlay of its own.
 *
 * <pre>{@code
 * List<String> sums =
 *     FanOut.over(files)
 *         .parallelism(8)
 *         .run(
 *             sdk,
 *             SessionSpec.on(image).bind(data, "/data"),
 *             (session, file) -> session.run("sha256sum", "/data/" + file).orThrow().stdout());
 * }</pre>
 *
 * <p>Immutable: each method returns a new value.
 */
public final class FanOut<T> {
  private final List<T> inputs;
  private final int parallelism;
  private final Function<? super T, Overlay> overlay;
  private final boolean goesOn;
  private final Ended listener;

  /** What is done for one input. */
  public interface Task<T, R> {
    /**
     * @param session open for this input alone, and closed after this
     */
    R run(Session session, T input) throws Exception;
  }

  /** Is told how far it is. */
  public interface Ended {
    /**
     * @param done for how many inputs the work has ended, well or not
     * @param all how many inputs there are
     */
    void told(int done, int all);
  }

  private FanOut(
      List<T> inputs,
      int parallelism,
      Function<? super T, Overlay> overlay,
      boolean goesOn,
      Ended listener) {
    this.inputs = inputs;
    this.parallelism = parallelism;
    this.overlay = overlay;
    this.goesOn = goesOn;
    this.listener = listener;
  }

  /** Work for each of these, as many at once as there are processors, on ephemeral overlays. */
  public static <T> FanOut<T> over(Collection<? extends T> inputs) {
    return new FanOut<>(
        Collections.unmodifiableList(new ArrayList<>(inputs)),
        Runtime.getRuntime().availableProcessors(),
        input -> Overlay.ephemeral(),
        false,
        (done, all) -> {});
  }

  /**
   * With so many sessions at once.
   *
   * @throws InvalidSpecException where it is less than one
   */
  public FanOut<T> parallelism(int sessions) {
    if (sessions < 1) {
      throw new InvalidSpecException("at least one session must run at once, not " + sessions);
    }
    return new FanOut<>(inputs, sessions, overlay, goesOn, listener);
  }

  /** With this overlay for an input, such as one that is kept. */
  public FanOut<T> overlay(Function<? super T, Overlay> overlay) {
    Objects.requireNonNull(overlay, "overlay");
    return new FanOut<>(inputs, parallelism, overlay, goesOn, listener);
  }

  /** All inputs get their turn, even if the work for one failed. */
  public FanOut<T> goOnAfterFailure() {
    return new FanOut<>(inputs, parallelism, overlay, true, listener);
  }

  /** Tells {@code listener} after each input, from the thread that worked on it. */
  public FanOut<T> listener(Ended listener) {
    Objects.requireNonNull(listener, "listener");
    return new FanOut<>(inputs, parallelism, overlay, goesOn, listener);
  }

  /**
   * Does the work and waits for its end.
   *
   * @param spec what all sessions have in common; without a writable overlay
   * @return what {@code task} returned, in the order of the inputs
   * @throws FanOutException where the work for an input failed; unless it goes on, the sessions
   *     that are open then are ended, and no other is opened
   * @throws CancelledException where the calling thread is interrupted; all sessions are ended
   */
  public <R> List<R> run(OverlaySdk sdk, SessionSpec spec, Task<? super T, ? extends R> task) {
    AtomicInteger done = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(parallelism, FanOut::thread);
    CompletionService<R> ended = new ExecutorCompletionService<>(threads);
    List<Future<R>> futures = new ArrayList<>();
    try {
      for (T input : inputs) {
        futures.add(ended.submit(() -> one(sdk, spec, task, input, done)));
      }
      boolean failed = false;
      for (int i = 0; i < inputs.size() && (goesOn || !failed); i++) {
        failed |= failure(ended.take()) != null;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while sessions ran", e);
    } finally {
      futures.forEach(future -> future.cancel(true));
      awaitEnd(threads);
    }
    return results(futures);
  }

  private <R> R one(
      OverlaySdk sdk,
      SessionSpec spec,
      Task<? super T, ? extends R> task,
      T input,
      AtomicInteger done)
      throws Exception {
    try (Session session = sdk.start(spec.overlay(overlay.apply(input)))) {
      return task.run(session, input);
    } finally {
      listener.told(done.incrementAndGet(), inputs.size());
    }
  }

  private <R> List<R> results(List<Future<R>> futures) {
    List<R> results = new ArrayList<>();
    Map<Integer, Throwable> failures = new TreeMap<>();
    for (int i = 0; i < futures.size(); i++) {
      Future<R> future = futures.get(i);
      Throwable failure = failure(future);
      if (failure != null) {
        failures.put(i, failure);
      } else if (!future.isCancelled()) {
        results.add(result(future));
      }
    }
    if (!failures.isEmpty()) {
      throw new FanOutException(inputs, failures);
    }
    return Collections.unmodifiableList(results);
  }

  private static <R> R result(Future<R> future) {
    try {
      return future.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException("it has succeeded", e);
    }
  }

  /** What the work failed with; null where it succeeded, or was ended because other work failed. */
  private static @Nullable Throwable failure(Future<?> future) {
    try {
      future.get();
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (CancellationException e) {
      return null;
    } catch (InterruptedException e) {
      throw new IllegalStateException("it has ended", e);
    }
  }

  /** All sessions are closed when this returns. */
  private static void awaitEnd(ExecutorService threads) {
    threads.shutdown();
    boolean interrupted = Thread.interrupted();
    boolean ended = false;
    while (!ended) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.HOURS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "overlay-sdk fan-out");
    thread.setDaemon(true);
    return thread;
  }
}
