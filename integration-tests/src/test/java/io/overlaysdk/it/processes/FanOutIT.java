package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.CommandFailedException;
import io.overlaysdk.FanOut;
import io.overlaysdk.FanOutException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The same work for many inputs, each in a session of its own. */
@Timeout(120)
class FanOutIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @OnEachBackend
  void resultsComeInTheOrderOfTheInputs(String backend) {
    try (OverlaySdk sdk = site.open()) {
      AtomicInteger last = new AtomicInteger();
      List<String> results =
          FanOut.over(numbers(10))
              .parallelism(4)
              .listener((done, all) -> last.accumulateAndGet(done, Math::max))
              .run(
                  sdk,
                  site.on(backend),
                  (session, number) -> {
                    String script = "echo \"$1\" >>/app/message.txt; tail -n 1 /app/message.txt";
                    return session.run("sh", "-c", script, "sh", "" + number).orThrow().stdout();
                  });
      assertEquals(numbers(10).stream().map(n -> n + "\n").toList(), results);
      assertEquals(10, last.get());
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void theFirstFailureEndsTheOthers(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Set<Integer> begun = Collections.synchronizedSet(new TreeSet<>());
      FanOutException e =
          assertThrows(
              FanOutException.class,
              () ->
                  FanOut.over(numbers(50))
                      .parallelism(2)
                      .run(
                          sdk,
                          site.on(backend),
                          (session, number) -> {
                            begun.add(number);
                            return number == 1
                                ? session.run("sh", "-c", "exit 9").orThrow()
                                : session.run("sleep", "1000");
                          }));
      assertEquals(Set.of(1), e.failures().keySet());
      assertInstanceOf(CommandFailedException.class, e.getCause());
      assertTrue(begun.size() < 5, begun::toString);
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void goesOnAfterAFailureWhereItIsAskedTo(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Path overlays = Files.createDirectory(site.directory().resolve("overlays"));
      for (int number : numbers(6)) {
        sdk.createOverlay(overlays.resolve("" + number));
      }
      FanOutException e =
          assertThrows(
              FanOutException.class,
              () ->
                  FanOut.over(numbers(6))
                      .parallelism(3)
                      .overlay(number -> Overlay.at(overlays.resolve("" + number)))
                      .goOnAfterFailure()
                      .run(
                          sdk,
                          site.on(backend),
                          (session, number) -> {
                            String script = "echo $1 >/app/n; [ $(($1 % 2)) = 0 ]";
                            return session.run("sh", "-c", script, "sh", "" + number).orThrow();
                          }));
      assertEquals(Set.of(1, 3, 5), e.failures().keySet());
      for (int number : numbers(6)) {
        Path written = overlays.resolve(number + "/upper/app/n");
        assertEquals(number + "\n", Files.readString(written));
      }
    }
    site.assertNothingLeft();
  }

  /** Where nothing but the kernel has a part in it; threads are bounded by what runs at once. */
  @Test
  void twoHundredSessionsEndAndLeaveNoThread() throws Exception {
    try (OverlaySdk sdk = site.open()) {
      AtomicInteger most = new AtomicInteger();
      List<Integer> results =
          FanOut.over(numbers(200))
              .parallelism(8)
              .run(
                  sdk,
                  site.on("fuse-overlayfs"),
                  (session, number) -> {
                    most.accumulateAndGet(Thread.activeCount(), Math::max);
                    return session.run("true").orThrow().exitStatus();
                  });
      assertEquals(200, results.size());
      assertTrue(most.get() < 120, most::toString);
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void aListenerIsToldOfASessionFromItsOpeningToItsEnd(String backend) {
    List<String> events = Collections.synchronizedList(new ArrayList<>());
    try (OverlaySdk sdk = site.open()) {
      sdk.listen(new Recorder(events));
      sdk.listen(
          new SdkListener() {
            @Override
            public void opened(Session session) {
              throw new IllegalStateException("this must not disturb anything");
            }
          });
      try (Session session = sdk.start(site.on(backend).overlay(Overlay.ephemeral()))) {
        session.run("sh", "-c", "exit 3");
        session.run("true");
      }
    }
    assertEquals(
        List.of(
            "opening",
            "opened",
            "mounted",
            "started sh",
            "ended sh 3",
            "started true",
            "ended true 0",
            "closing",
            "closed"),
        events);
  }

  private record Recorder(List<String> events) implements SdkListener {
    @Override
    public void opening(SessionSpec spec) {
      events.add("opening");
    }

    @Override
    public void opened(Session session) {
      events.add("opened");
    }

    @Override
    public void mounted(Session session) {
      events.add("mounted");
    }

    @Override
    public void started(Session session, Command command) {
      events.add("started " + command.words().get(0));
    }

    @Override
    public void ended(Session session, Result result) {
      events.add("ended " + result.command().words().get(0) + " " + result.exitStatus());
    }

    @Override
    public void closing(Session session) {
      events.add("closing");
    }

    @Override
    public void closed(Session session) {
      events.add("closed");
    }
  }
}
