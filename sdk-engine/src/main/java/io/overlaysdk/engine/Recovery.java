package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.PolicyException;
import io.overlaysdk.Recovered;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends what sessions left whose process is dead, as the journal tells it. */
final class Recovery {
  /**
   * How every scratch directory is named: nothing else is ever deleted on the journal's word, but
   * for what was to become something ({@link NewFile#isPartial}).
   */
  static final String SCRATCH_PREFIX = "overlay-sdk-";

  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  private static final Object ONE_AT_A_TIME = new Object();
  private static final int ATTEMPTS = 3;

  /** What the first line of a record may take to be written, and the clocks of hosts may differ. */
  private static final Duration BEGINNING = Duration.ofMinutes(10);

  private final Journal journal;
  private final Removal removal;
  private final Lines lines;
  private final Duration grace;

  Recovery(Journal journal, Removal removal, Lines lines, Duration grace) {
    this.journal = journal;
    this.removal = removal;
    this.lines = lines;
    this.grace = grace;
  }

  /**
   * All that nobody needs any more.
   *
   * @throws OverlayException where something of it could not be ended or taken away
   */
  List<Recovered> run() {
    List<Recovered> done = new ArrayList<>();
    OverlayException failure = null;
    for (Journal.Entry entry : journal.entries()) {
      Optional<String> why = abandoned(entry);
      try {
        why.ifPresent(reason -> end(entry, reason, done));
      } catch (OverlayException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    return done;
  }

  /** Before something new is begun, which must not fail because of what is old. */
  void runQuietly() {
    try {
      run().forEach(recovered -> LOG.info("{}", recovered));
    } catch (OverlayException e) {
      LOG.warn("something that dead sessions left stays: {}", e.getMessage());
    }
  }

  /**
   * Ends one session, whoever uses it.
   *
   * @throws InvalidSpecException where it may live elsewhere, and could not be ended from here
   */
  void end(Journal.Entry entry) {
    if (!isAbandoned(entry)) {
      requireHere(entry);
    }
    end(entry, "it was told to end", new ArrayList<>());
  }

  private void end(Journal.Entry entry, String why, List<Recovered> done) {
    // of two threads the second finds nothing
    synchronized (ONE_AT_A_TIME) {
      if (entry.written().isEmpty()) {
        return;
      }
      String session = String.join(", ", entry.values("session"));
      if (isOfThisBoot(entry)) {
        endProcesses(entry, why, done);
        endStrays(entry, why, done);
      }
      putManifestsBack(entry, why, done);
      remove(entry, "scratch", Recovery::isScratch, Recovered.Kind.SCRATCH, why, done);
      remove(entry, "partial", NewFile::isPartial, Recovered.Kind.UNFINISHED, why, done);
      removeManifests(entry, why, done);
      boolean swept = sweep(entry, why, done);
      for (String kind : List.of("overlay", "lower")) {
        entry.paths(kind).forEach(path -> OverlayLock.forget(path, entry.toString()));
      }
      if (swept) {
        entry.delete();
        done.add(new Recovered(Recovered.Kind.SESSION, session, why));
      }
    }
  }

  static boolean isAbandoned(Journal.Entry entry) {
    return abandoned(entry).isPresent();
  }

  /**
   * Why nobody needs it. Only what is surely dead: this host, and another start of it or a process
   * that is gone.
   */
  private static Optional<String> abandoned(Journal.Entry record) {
    // before every session all records are looked at
    Journal.Entry entry = record.asItIs();
    Optional<Journal.Written> written = entry.written();
    Optional<Journal.ProcessKey> owner = entry.owner();
    if (written.isEmpty()) {
      return Optional.empty();
    }
    String process =
        owner.map(of -> "process " + of.pid() + " of ").orElse("of ") + written.get().by();
    try {
      String host = Journal.hostName();
      if (entry.values("host").isEmpty()) {
        // begun, and nothing was done for it yet
        return entry.isCutOff() || written.get().at().isBefore(Instant.now().minus(BEGINNING))
            ? Optional.of("it was cut off when it was begun")
            : Optional.empty();
      }
      if (!isOfThisHost(entry)) {
        return Optional.empty();
      }
      if (!isOfThisBoot(entry)) {
        return Optional.of(host + " was started again since its owner ran, " + process);
      }
      if (owner.isEmpty()) {
        // it cannot be read, and may live
        return Optional.empty();
      }
      if (!entry.values("pids").equals(List.of(Journal.pidNamespace()))) {
        // in a container, where the numbers are of other processes, or on the host of one
        return Optional.empty();
      }
      return owner.get().mayLive()
          ? Optional.empty()
          : Optional.of("its owner, " + process + " on " + host + ", is dead");
    } catch (IOException e) {
      throw unknownMachine(e);
    }
  }

  /**
   * Looks whether its processes are among those of this one: the journal may lie in a home that
   * several hosts share, or that a container has bound.
   *
   * @throws InvalidSpecException where they are not
   */
  static void requireHere(Journal.Entry record) {
    Journal.Entry entry = record.asItIs();
    String session =
        Stream.of("name", "session")
            .flatMap(name -> entry.values(name).stream())
            .findFirst()
            .orElse(entry.toString());
    try {
      String host = Journal.hostName();
      if (!isOfThisHost(entry)) {
        String other = String.join(", ", entry.values("host"));
        throw new InvalidSpecException(
            "the session "
                + session
                + " is of the host "
                + other
                + ", and this is "
                + (other.equals(host) ? "another one of that name (/etc/machine-id)" : host)
                + ": join and stop it there");
      }
      if (!isOfThisBoot(entry) || !entry.values("pids").equals(List.of(Journal.pidNamespace()))) {
        throw new InvalidSpecException(
            "the session "
                + session
                + " is of "
                + host
                + ", but of another pid namespace, in a container or outside of one: join and stop"
                + " it there");
      }
    } catch (IOException e) {
      throw unknownMachine(e);
    }
  }

  private static boolean isOfThisHost(Journal.Entry entry) throws IOException {
    return Journal.isHere(
        String.join("", entry.values("host")), String.join("", entry.values("machine")));
  }

  /** Of an earlier start of the machine no process lives, and others have their numbers. */
  private static boolean isOfThisBoot(Journal.Entry entry) {
    try {
      return entry.values("boot").equals(List.of(Journal.bootId()));
    } catch (IOException e) {
      throw unknownMachine(e);
    }
  }

  private static OverlayException unknownMachine(IOException cause) {
    return new OverlayException("cannot tell which sessions are of this machine: " + cause, cause);
  }

  private void endProcesses(Journal.Entry entry, String why, List<Recovered> done) {
    for (Journal.ProcessKey process : entry.processes("process")) {
      if (process.alive().orElse(false) || leftOrphans(process)) {
        new ProcessTree(process.pid(), true).end(grace);
        done.add(new Recovered(Recovered.Kind.PROCESS, Long.toString(process.pid()), why));
      }
    }
  }

  /**
   * Ends what was started and could not be written down any more: what sees the session's control
   * directory, which nothing else has mounted. From the inside out, as {@link ProcessTree} does.
   */
  private void endStrays(Journal.Entry entry, String why, List<Recovered> done) {
    for (Path scratch : entry.paths("scratch")) {
      for (long pid : isScratch(scratch) ? strays(scratch) : List.<Long>of()) {
        if (!ProcStatus.of(pid).zombie()) {
          new ProcessTree(pid, false).end(grace);
          done.add(new Recovered(Recovered.Kind.PROCESS, Long.toString(pid), why));
        }
      }
    }
  }

  private static List<Long> strays(Path scratch) {
    String control = "/" + scratch.getFileName() + "/" + ControlDirectory.NAME;
    return ProcStatus.pids().stream()
        .filter(pid -> !ProcStatus.sharesOurMounts(pid) && MountTable.hasMounted(pid, control))
        .sorted(Comparator.comparing((Long pid) -> -ProcStatus.of(pid).depth()))
        .toList();
  }

  /**
   * Whether the tool was killed and its helpers live on (Apptainer 1.4). They are of its session,
   * whose id the kernel gives to nobody else while they live. As the id may have been used again
   * for a session that is over too, only what is in a mount namespace of its own counts.
   */
  private static boolean leftOrphans(Journal.ProcessKey process) {
    long now = ProcStatus.of(process.pid()).startTicks();
    List<ProcessHandle> members =
        ProcStatus.membersOf(process.pid()).stream()
            .filter(member -> !ProcStatus.of(member.pid()).zombie())
            .toList();
    return (now == process.start() || now < 0)
        && !members.isEmpty()
        && members.stream().noneMatch(member -> ProcStatus.sharesOurMounts(member.pid()));
  }

  private static boolean isScratch(Path path) {
    return String.valueOf(path.getFileName()).startsWith(SCRATCH_PREFIX);
  }

  /** What was written of overlays that did not become what that says. */
  private static void putManifestsBack(Journal.Entry entry, String why, List<Recovered> done) {
    List<Path> manifests = entry.paths("filling");
    List<Path> before = entry.paths("before");
    List<Path> signs = entry.paths("sign");
    for (int i = 0; i < Math.min(manifests.size(), Math.min(before.size(), signs.size())); i++) {
      if (ManifestFile.undo(manifests.get(i), before.get(i), signs.get(i))) {
        done.add(new Recovered(Recovered.Kind.RESTORED, manifests.get(i).toString(), why));
      }
    }
  }

  /**
   * What cannot be swept now goes with the next operation on the overlay, or with the record.
   *
   * @return whether the record is needed no more
   */
  private boolean sweep(Journal.Entry entry, String why, List<Recovered> done) {
    try {
      for (Path path : lines.recover(entry)) {
        done.add(new Recovered(Recovered.Kind.UNFINISHED, path.toString(), why));
      }
      return true;
    } catch (OverlayException e) {
      LOG.warn("what is left of the {} stays: {}", entry.values("session"), e.getMessage());
      return !(e instanceof OverlayBusyException || e instanceof PolicyException);
    }
  }

  private static void removeManifests(Journal.Entry entry, String why, List<Recovered> done) {
    for (Path manifest : entry.paths("manifest")) {
      if (ManifestFile.deleteOrphan(manifest)) {
        done.add(new Recovered(Recovered.Kind.UNFINISHED, manifest.toString(), why));
      }
    }
  }

  private void remove(
      Journal.Entry entry,
      String name,
      Predicate<Path> ours,
      Recovered.Kind kind,
      String why,
      List<Recovered> done) {
    for (Path path : entry.paths(name)) {
      if (ours.test(path) && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        remove(path);
        done.add(new Recovered(kind, path.toString(), why));
      }
    }
  }

  /** Another process may be doing the same: then each finds less than it has just seen. */
  private void remove(Path path) {
    for (int left = ATTEMPTS; ; left--) {
      try {
        removal.removeScratch(path);
        return;
      } catch (OverlayException e) {
        if (left == 1) {
          throw e;
        }
      }
    }
  }
}
