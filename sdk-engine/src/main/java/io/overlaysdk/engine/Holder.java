package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayHolder;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who writes to an overlay.
 *
 * @param machine which host of that name; empty where that is not known
 * @param boot which start of the host
 * @param pids the namespace in which the number of the process holds
 * @param process with whose end it ends
 * @param entry the name of the record in the journal of that user; empty where there is none
 * @param stays whether it is a container that outlives who took the lock, so that it holds the
 *     overlay without a lock of the file system
 */
record Holder(
    String host,
    String machine,
    String boot,
    String pids,
    Journal.ProcessKey process,
    String user,
    String command,
    Instant since,
    String entry,
    boolean stays) {

  /** This JVM. */
  static Holder self(String user, String entry) {
    ProcessHandle self = ProcessHandle.current();
    return of(self.pid(), user, self.info().command().orElse("java"), entry, false);
  }

  /** A container that stays. */
  static Holder container(long pid, String user, Journal.Entry entry) {
    String name = String.join("", entry.values("name"));
    return of(pid, user, "the session " + name, entry.toString(), true);
  }

  private static Holder of(long pid, String user, String command, String entry, boolean stays) {
    try {
      return new Holder(
          Journal.hostName(),
          Journal.machine(),
          Journal.bootId(),
          Journal.pidNamespace(),
          Journal.ProcessKey.of(pid),
          user,
          command,
          Instant.now().truncatedTo(ChronoUnit.SECONDS),
          entry,
          stays);
    } catch (IOException e) {
      throw new OverlayException("cannot tell what machine this is: " + e, e);
    }
  }

  /** As it stands in the file. */
  String text() {
    return String.join(
        "\n",
        "host " + line(host),
        "machine " + line(machine),
        "boot " + line(boot),
        "pids " + line(pids),
        "process " + process,
        "user " + line(user),
        "command " + line(command),
        "since " + since,
        "entry " + line(entry),
        "stays " + stays,
        "end\n");
  }

  private static String line(String value) {
    return value.replaceAll("[\\p{Cntrl}]", "?");
  }

  /** Empty where the text is none, as after the holder has given it back. */
  static Optional<Holder> parse(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String line : text.split("\n")) {
      String[] parts = line.split(" ", 2);
      fields.put(parts[0], parts.length > 1 ? parts[1] : "");
    }
    if (!fields.containsKey("end")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Holder(
              fields.getOrDefault("host", ""),
              fields.getOrDefault("machine", ""),
              fields.getOrDefault("boot", ""),
              fields.getOrDefault("pids", ""),
              Journal.ProcessKey.parse(fields.getOrDefault("process", "")).orElseThrow(),
              fields.getOrDefault("user", ""),
              fields.getOrDefault("command", ""),
              Instant.parse(fields.getOrDefault("since", "")),
              fields.getOrDefault("entry", ""),
              Boolean.parseBoolean(fields.get("stays"))));
    } catch (RuntimeException e) {
      // written by something else: whoever has the lock is still kept out by the lock
      return Optional.empty();
    }
  }

  /**
   * Empty where nobody here can tell: it is of another host, in a container or outside of one, or
   * of a user whose processes this one does not see.
   */
  private Optional<Boolean> alive() {
    try {
      if (!Journal.isHere(host, machine)) {
        return Optional.empty();
      }
      if (!boot.equals(Journal.bootId())) {
        return Optional.of(false);
      }
      return pids.equals(Journal.pidNamespace()) ? process.alive() : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** False only where it is sure that it is dead. */
  boolean mayLive() {
    return alive().orElse(true);
  }

  /** What others are told of it. */
  OverlayHolder told() {
    return told(Optional.empty());
  }

  /**
   * What others are told of it.
   *
   * @param seen when it last gave a sign of life
   */
  OverlayHolder told(Optional<Instant> seen) {
    return new OverlayHolder(
        command,
        OptionalLong.of(process.pid()),
        Optional.of(user),
        Optional.of(host),
        Optional.of(since),
        alive(),
        seen);
  }

  /** Whether it is sure that it lives. */
  boolean lives() {
    return alive().orElse(false);
  }

  @Override
  public String toString() {
    return told().toString();
  }
}
