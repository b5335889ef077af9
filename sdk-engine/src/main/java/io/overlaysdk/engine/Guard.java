package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what still runs when this JVM dies, of whatever it dies. A small process beside the JVM is
 * told what runs, through a pipe that nobody else can write to: the kernel closes the pipe with the
 * JVM, and then that process ends what it was told of, in the same order as {@link ProcessTree}.
 * What was started a moment before, and was not told of, it knows by a variable in its environment.
 */
final class Guard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
  private static final long LOOK_MILLIS = 100;
  private static final String MARK = "OVERLAYSDK_GUARD";

  private final Environment environment;
  private final Optional<Invocation> invocation;
  private final Map<String, String> marks;
  private final Set<Long> running = new LinkedHashSet<>();
  private final Set<String> joined = new LinkedHashSet<>();
  private @Nullable Process process;

  private Guard(
      Environment environment, Optional<Invocation> invocation, Map<String, String> marks) {
    this.environment = environment;
    this.invocation = invocation;
    this.marks = marks;
  }

  /** One that guards nothing. */
  static Guard none() {
    return new Guard(new Environment(Map.of()), Optional.empty(), Map.of());
  }

  /**
   * One that starts its process when there is something to guard; nothing is guarded on a machine
   * without sh or setsid.
   *
   * @param grace how long each kind of signal is waited for
   */
  static Guard of(Environment environment, Host host, Duration grace) {
    String looks = Long.toString(Math.max(1, TimeUnit.MILLISECONDS.convert(grace) / LOOK_MILLIS));
    Optional<Path> sh = host.find("sh");
    String mark = UUID.randomUUID().toString();
    return new Guard(
        environment,
        host.find("setsid")
            .filter(setsid -> sh.isPresent())
            .map(
                setsid ->
                    Invocation.of(
                        setsid,
                        List.of(
                            sh.get().toString(), "-c", Scripts.GUARD, "overlay-sdk", looks, mark))),
        Map.of(MARK, mark));
  }

  /** Guards what will be started with these variables, from then on. */
  synchronized Map<String, String> starting() {
    if (process == null || !process.isAlive()) {
      begin();
    }
    return marks;
  }

  /** Guards this process and its children from now on. */
  synchronized void started(long pid) {
    running.add(pid);
    tell("+ " + pid + "\n");
  }

  /** Guards this process no longer: it has ended. */
  synchronized void ended(long pid) {
    running.remove(pid);
    tell("- " + pid + "\n");
  }

  /**
   * Guards what has this word in its environment from now on: the command of a container that is
   * not of this JVM.
   */
  synchronized void joined(String mark) {
    joined.add(mark);
    tell("* " + mark + "\n");
  }

  /** Guards it no longer. */
  synchronized void left(String mark) {
    if (joined.remove(mark)) {
      tell("/ " + mark + "\n");
    }
  }

  /** Lets go of the process beside, which ends with that. */
  @Override
  public synchronized void close() {
    if (process != null) {
      if (running.isEmpty() && joined.isEmpty()) {
        say(process, "=\n");
      }
      try {
        process.getOutputStream().close();
      } catch (IOException e) {
        LOG.debug("the guard had ended before", e);
      }
      process = null;
    }
  }

  private void tell(String line) {
    boolean told = process != null && say(process, line);
    if (!told && !(running.isEmpty() && joined.isEmpty())) {
      begin();
    }
  }

  /** Tells a new process all that runs. */
  private void begin() {
    if (invocation.isEmpty()) {
      return;
    }
    try {
      Process begun = Launcher.beside(invocation.get(), environment);
      process = begun;
      StringBuilder lines = new StringBuilder();
      running.forEach(pid -> lines.append("+ ").append(pid).append('\n'));
      joined.forEach(mark -> lines.append("* ").append(mark).append('\n'));
      say(begun, lines.toString());
    } catch (IOException | OutOfMemoryError e) {
      // the JDK starts a thread for each process
      process = null;
      LOG.warn("nothing will end sessions if this JVM is killed: {}", e.toString());
    }
  }

  private static boolean say(Process guard, String lines) {
    try {
      guard.getOutputStream().write(lines.getBytes(US_ASCII));
      guard.getOutputStream().flush();
      return true;
    } catch (IOException e) {
      LOG.debug("the guard has been killed", e);
      return false;
    }
  }
}
