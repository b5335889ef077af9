package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Ends what sessions left whose process is dead, as the journal tells it. */
final class Recovery {
  /**
   * How every scratch directory is named: nothing else is ever deleted on the journal's word, but
   * for what was to become something ({@link NewFile#isPartial}).
   */
  static final String SCRATCH_PREFIX = "overlay-sdk-";

  private final Journal journal;
  private final Removal removal;
  private final Duration grace;

  Recovery(Journal journal, Removal removal, Duration grace) {
    this.journal = journal;
    this.removal = removal;
    this.grace = grace;
  }

  /** A line for each thing that was ended or taken away. */
  List<String> run() {
    List<String> done = new ArrayList<>();
    for (Journal.Entry entry : journal.entries()) {
      if (isAbandoned(entry)) {
        done.addAll(end(entry));
      }
    }
    return done;
  }

  /** Ends one session, with a line for each thing that was ended or taken away. */
  List<String> end(Journal.Entry entry) {
    List<String> done = new ArrayList<>();
    String session = String.join(", ", entry.values("session"));
    endProcesses(entry, done);
    removeScratch(entry, done);
    entry.delete();
    done.add("closed the session " + session);
    return done;
  }

  /** Only what is surely dead: this host, and another start of it or a process that is gone. */
  static boolean isAbandoned(Journal.Entry entry) {
    try {
      if (!entry.values("host").equals(List.of(Journal.hostName()))) {
        return false;
      }
      boolean sameBoot = entry.values("boot").equals(List.of(Journal.bootId()));
      return !sameBoot || entry.owner().filter(owner -> !owner.isAlive()).isPresent();
    } catch (IOException e) {
      throw new OverlayException("cannot tell which sessions are of this machine: " + e, e);
    }
  }

  private void endProcesses(Journal.Entry entry, List<String> done) {
    for (Journal.ProcessKey process : entry.processes()) {
      if (process.isAlive() || leftOrphans(process)) {
        new ProcessTree(process.pid(), true).end(grace);
        done.add("ended the process " + process.pid() + " and its children");
      }
    }
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

  private void removeScratch(Journal.Entry entry, List<String> done) {
    for (Path scratch : entry.paths("scratch")) {
      remove(scratch, String.valueOf(scratch.getFileName()).startsWith(SCRATCH_PREFIX), done);
    }
    for (Path partial : entry.paths("partial")) {
      remove(partial, NewFile.isPartial(partial), done);
    }
  }

  private void remove(Path path, boolean ours, List<String> done) {
    if (ours && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      removal.remove(path);
      done.add("deleted " + path);
    }
  }
}
