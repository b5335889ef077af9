package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.LayerReport;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
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
    OwnNamespace.Answered answered = inside.run(job.as(Owning.AS_SEEN), launcher, scratch, started);
    return new HeldChanges(new RecordedChanges(answered.reader()), answered::close);
  }

  LayerReport export(Job.Export job) {
    return job.owning() == Owning.SUBORDINATE
        ? report(job, "export what was written with fakeroot")
        : here().export(job);
  }

  LayerReport unpack(Job.Import job) {
    return job.owning() == Owning.SUBORDINATE
        ? report(job, "import for fakeroot")
        : here().unpack(job);
  }

  private LayerReport report(Job job, String what) {
    inside
        .refusal()
        .ifPresent(
            reason -> {
              throw new UnsupportedException(
                  "cannot " + what + " as " + host.identity().user() + ": " + reason);
            });
    try (OwnNamespace.Answered answered =
        inside.run(job.as(Owning.AS_SEEN), launcher, scratch, started)) {
      return Reports.read(answered.reader());
    }
  }

  private LayerWork here() {
    return new LayerWork(host, launcher, scratch, started);
  }
}
