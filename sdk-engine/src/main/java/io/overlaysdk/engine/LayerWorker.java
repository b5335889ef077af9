package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.LayerReport;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Has jobs on layers done where their files can be read: in this process, or, where they belong to
 * the user's subordinate ids, in the user's own user namespace.
 */
final class LayerWorker {
  private final Host host;
  private final OwnNamespace inside;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;

  /**
   * @param launcher of what the jobs are for
   * @param scratch a directory that whoever gave it takes away
   * @param started is told the pids of the processes that are started
   */
  LayerWorker(
      Host host,
      Configuration configuration,
      Launcher launcher,
      Path scratch,
      LongConsumer started) {
    this.host = host;
    this.inside = new OwnNamespace(host, configuration);
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
  }

  /** Changes that hold on to what they are read from until they are closed. */
  HeldChanges changes(Job.ListChanges job) {
    if (job.owning() != Owning.SUBORDINATE) {
      return here().changes(job);
    }
    if (inside.refusal().isPresent()) {
      // most overlays hold nothing that is closed to the user; where one does, that is said
      return here().changes(job);
    }
    OwnNamespace.Answered answered = answered(job);
    return new HeldChanges(new RecordedChanges(answered.reader()), answered::close);
  }

  LayerReport export(Job.Export job) {
    return job.owning() == Owning.SUBORDINATE
        ? report(job, "export what was written with fakeroot")
        : here().export(job);
  }

  LayerReport freeze(Job.Freeze job) {
    return job.owning() == Owning.SUBORDINATE
        ? report(job, "freeze what was written with fakeroot")
        : here().freeze(job);
  }

  Packed pack(Job.Pack job) {
    if (job.owning() != Owning.SUBORDINATE) {
      return here().pack(job);
    }
    requireInside("commit what was written with fakeroot");
    try (OwnNamespace.Answered answered = answered(job)) {
      return Packed.read(answered.reader());
    }
  }

  /** What is not the same. */
  List<String> compare(Job.Compare job) {
    if (job.owning() != Owning.SUBORDINATE) {
      return here().compare(job);
    }
    requireInside("read what was written with fakeroot");
    try (OwnNamespace.Answered answered = answered(job)) {
      return answered.reader().next().stream().map(Records::text).toList();
    }
  }

  LayerReport unpack(Job.Import job) {
    return job.owning() == Owning.SUBORDINATE
        ? report(job, "import for fakeroot")
        : here().unpack(job);
  }

  /** In which dialects the drivers that wrote a layer have marked what it hides. */
  Set<Dialect> dialects(Job.FindDialects job) {
    if (job.owning() != Owning.SUBORDINATE || inside.refusal().isPresent()) {
      return here().dialects(job);
    }
    try (OwnNamespace.Answered answered = answered(job)) {
      Set<Dialect> dialects = EnumSet.noneOf(Dialect.class);
      answered.reader().next().forEach(name -> dialects.add(Dialect.valueOf(Records.text(name))));
      return dialects;
    }
  }

  /** Where a directory is closed to this user, it is open to the one in the user's namespace. */
  List<byte[]> links(Job.FindLinks job) {
    LinkedFiles found = here().links(job);
    if (found.complete() || job.owning() != Owning.SUBORDINATE || inside.refusal().isPresent()) {
      return found.names();
    }
    try (OwnNamespace.Answered answered = answered(job)) {
      return answered.reader().next();
    }
  }

  void separate(Job.Separate job) {
    if (job.owning() != Owning.SUBORDINATE || inside.refusal().isPresent()) {
      here().separate(job);
    } else {
      answered(job).close();
    }
  }

  /** Whether there was something to do. */
  boolean neutral(Job.Neutral job) {
    // a mount of an image gives this user all that is in it; a device can be made there only from
    // outside of the namespace
    if (job.owning() != Owning.SUBORDINATE || job.form() == Job.Form.EXT3) {
      return here().neutral(job);
    }
    requireInside("bring what was written with fakeroot into neutral form");
    try (OwnNamespace.Answered answered = answered(job)) {
      return Boolean.parseBoolean(Records.text(answered.reader().next().get(0)));
    }
  }

  private OwnNamespace.Answered answered(Job job) {
    return inside.run(job.as(Owning.AS_SEEN), launcher, scratch, started);
  }

  private LayerReport report(Job job, String what) {
    requireInside(what);
    try (OwnNamespace.Answered answered = answered(job)) {
      return Reports.read(answered.reader());
    }
  }

  private void requireInside(String what) {
    inside
        .refusal()
        .ifPresent(
            reason -> {
              throw new UnsupportedException(
                  "cannot " + what + " as " + host.identity().user() + ": " + reason);
            });
  }

  private LayerWork here() {
    return new LayerWork(host, launcher, scratch, started);
  }
}
