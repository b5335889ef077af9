package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionReport;
import io.overlaysdk.spi.Host;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** The sessions that stay when the process ends that opened them, by their names. */
final class NamedSessions {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** The kernel tells nobody but its parent how a process ended. */
  private static final int STATUS_UNKNOWN = 255;

  private final Journal journal;
  private final Recovery recovery;
  private final Host host;
  private final Launcher launcher;
  private final Guard guard;
  private final Duration grace;

  NamedSessions(
      Journal journal,
      Recovery recovery,
      Host host,
      Launcher launcher,
      Guard guard,
      Duration grace) {
    this.journal = journal;
    this.recovery = recovery;
    this.host = host;
    this.launcher = launcher;
    this.guard = guard;
    this.grace = grace;
  }

  /**
   * Makes the name that of a session which is being opened.
   *
   * @throws InvalidSpecException where it is no name, or that of another session
   */
  void claim(String name, Journal.Entry entry) {
    if (!NAME.matcher(name).matches()) {
      throw new InvalidSpecException(
          "\""
              + name
              + "\" cannot name a session: give up to 64 letters, digits, dots, dashes and"
              + " underscores, a letter or digit first");
    }
    journal.named(name).filter(Recovery::isAbandoned).ifPresent(old -> recovery.end(old));
    if (!entry.claim(name)) {
      throw new InvalidSpecException(
          "there is a session " + name + " already: join it, stop it, or take another name");
    }
  }

  /** Opens the pipes to a session that is there. */
  JoinedSession join(
      String name,
      CommandSession.Limits limits,
      Listeners listeners,
      Consumer<JoinedSession> onClose) {
    Stays stays = Stays.read(entry(name));
    ControlDirectory control =
        new ControlDirectory(
            stays.scratch().resolve(ControlDirectory.NAME), launcher, host.find("mkfifo"));
    ProcessTree tree = new ProcessTree(stays.process().pid(), true);
    CompletableFuture<Integer> ended =
        ProcessHandle.of(stays.process().pid())
            .map(process -> process.onExit().thenApply(gone -> STATUS_UNKNOWN))
            .orElse(CompletableFuture.completedFuture(STATUS_UNKNOWN));
    Running running = Running.detached(tree, grace, ended, control.at(stays.pipe() + ".log"));
    try {
      return new JoinedSession(
          name,
          stays,
          Resident.join(control, stays.pipe(), running),
          guard,
          new Flush(host, launcher),
          limits,
          listeners,
          onClose);
    } catch (IOException e) {
      throw new OverlayException("cannot join the session " + name + ": " + e, e);
    }
  }

  private Journal.Entry entry(String name) {
    Optional<Journal.Entry> entry = journal.named(name);
    if (entry.isEmpty() || !Stays.isIn(entry.get()) || Recovery.isAbandoned(entry.get())) {
      throw new InvalidSpecException(
          "there is no session "
              + name
              + " of this user on this machine"
              + (entry.isPresent() ? " any more" : "")
              + "; overlay session list tells which there are");
    }
    Recovery.requireHere(entry.get());
    return entry.get();
  }

  /** Ends a session, whoever uses it. */
  void stop(String name) {
    recovery.end(entry(name));
  }

  /** What the journal knows of. */
  List<SessionReport> list() {
    List<SessionReport> reports = new ArrayList<>();
    for (Journal.Entry entry : journal.entries()) {
      reports.add(
          new SessionReport(
              first(entry, "name"),
              first(entry, "session").orElse(""),
              first(entry, "backend"),
              first(entry, "host").orElse(""),
              entry.owner().map(Journal.ProcessKey::pid).orElse(0L),
              entry.since(),
              !Recovery.isAbandoned(entry)));
    }
    return reports;
  }

  private static Optional<String> first(Journal.Entry entry, String name) {
    return entry.values(name).stream().findFirst();
  }
}
