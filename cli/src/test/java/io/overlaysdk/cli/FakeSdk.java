package io.overlaysdk.cli;

import io.overlaysdk.BackendReport;
import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.CheckReport;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Explanation;
import io.overlaysdk.Finding;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OutputListener;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.RebaseReport;
import io.overlaysdk.Recovered;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionReport;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.Termination;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Writes down what it is asked for, in {@link #calls}, and answers what a test has set. */
final class FakeSdk implements OverlaySdk {
  final List<Object> calls = new ArrayList<>();
  List<BackendReport> reports = List.of();
  List<Finding> findings = List.of();
  List<Recovered> recovered = List.of();
  List<StepReport> steps = List.of();
  List<Change> changes = List.of();
  LayerReport report = new LayerReport(4, 300, 2, 1, List.of(), List.of());
  Optional<String> base = Optional.empty();
  RuntimeException refusal;
  OverlayException closing;
  int status;
  Termination termination = Termination.EXITED;

  @Override
  public List<Finding> examine() {
    return findings;
  }

  @Override
  public List<BackendReport> probe() {
    return reports;
  }

  @Override
  public Overlay createOverlay(Path directory) {
    calls.add("create " + directory);
    try {
      Files.createDirectories(directory.resolve("upper"));
      Files.createDirectories(directory.resolve("work"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Overlay.at(directory);
  }

  @Override
  public Overlay createOverlay(Path file, ImageSize size) {
    String inodes = size.inodes().isPresent() ? ", inodes " + size.inodes().getAsLong() : "";
    calls.add("create " + file + " of " + size.bytes() + inodes + (size.full() ? ", full" : ""));
    return Overlay.at(file);
  }

  @Override
  public Snapshot snapshot(Path overlay, String message) {
    calls.add("snapshot " + overlay + (message.isEmpty() ? "" : ": " + message));
    return SnapshotCommandsTest.FIRST;
  }

  @Override
  public Overlay fork(Path overlay, Path target) {
    calls.add("fork " + overlay + " to " + target);
    return Overlay.at(target);
  }

  @Override
  public Overlay fork(Path overlay, String snapshot, Path target) {
    calls.add("fork " + overlay + " at " + snapshot + " to " + target);
    return Overlay.at(target);
  }

  @Override
  public void rollback(Path overlay, String snapshot, boolean discard) {
    calls.add("rollback " + overlay + " to " + snapshot + (discard ? ", discard" : ""));
  }

  @Override
  public Snapshot flatten(SessionSpec spec) {
    calls.add("flatten " + spec.overlays() + " on " + spec.image());
    return SnapshotCommandsTest.FIRST;
  }

  @Override
  public RebaseReport rebase(SessionSpec spec, Image onto, Path target, boolean force) {
    calls.add(
        "rebase "
            + spec.overlays()
            + " from "
            + spec.image()
            + " onto "
            + onto
            + " to "
            + target
            + (force ? ", force" : ""));
    ContainerPath path = ContainerPath.of("/etc/motd");
    return new RebaseReport(
        List.of(
            new RebaseReport.Conflict(
                path, Change.Kind.MODIFIED, Change.of(Change.Kind.DELETED, path))),
        force ? Optional.of(Overlay.at(target)) : Optional.empty());
  }

  @Override
  public boolean adopt(SessionSpec spec) {
    calls.add("adopt " + spec.overlays() + " on " + spec.image());
    return true;
  }

  @Override
  public void discard(Path overlay) {
    calls.add("discard " + overlay);
  }

  @Override
  public List<Snapshot> log(Path overlay) {
    calls.add("log " + overlay);
    return SnapshotCommandsTest.ALL;
  }

  @Override
  public void deleteOverlay(Path overlay) {
    calls.add("delete " + overlay);
  }

  @Override
  public Overlay createOverlayFrom(String template, Path file) {
    calls.add("create " + file + " from " + template);
    return Overlay.at(file);
  }

  @Override
  public CheckReport check(Path overlay, boolean repair) {
    calls.add("check " + overlay + (repair ? ", repair" : ""));
    return new CheckReport(overlay, CheckReport.State.DIRTY, "said\n");
  }

  @Override
  public void resizeOverlay(Path overlay, ImageSize size) {
    calls.add(
        "resize "
            + overlay
            + " to "
            + size.bytes()
            + (size.inodes().isPresent() ? ", inodes " + size.inodes().getAsLong() : ""));
  }

  @Override
  public OverlayInfo info(Path overlay) {
    OptionalLong none = OptionalLong.empty();
    return new OverlayInfo(
        overlay,
        "directory",
        none,
        none,
        none,
        none,
        base,
        List.of(),
        Optional.empty(),
        0,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  public Image build(Path definition, Path target) {
    refuse();
    calls.add("build " + definition + " " + target);
    return Image.at(target);
  }

  @Override
  public Session start(SessionSpec spec) {
    refuse();
    calls.add(spec);
    return new FakeSession(spec);
  }

  @Override
  public Explanation explain(SessionSpec spec, Command command) {
    calls.add(spec);
    calls.add(command);
    return new Explanation("run " + command, List.of("because"));
  }

  @Override
  public Changes changes(SessionSpec spec, Changes.Detail detail) {
    refuse();
    calls.add(spec);
    calls.add(detail);
    return new Changes() {
      @Override
      public Iterator<Change> iterator() {
        return changes.iterator();
      }

      @Override
      public void close() {
        calls.add("close changes");
      }
    };
  }

  @Override
  public boolean convert(SessionSpec spec) {
    refuse();
    calls.add("convert");
    calls.add(spec);
    return true;
  }

  @Override
  public CommitReport commit(SessionSpec spec, Path target, CommitMode mode) {
    refuse();
    calls.add(spec);
    calls.add("commit to " + target + " " + mode);
    return new CommitReport(
        mode, "ab12", 4, 300, 2, List.of(ContainerPath.of("/run/socket")), List.of("take care"));
  }

  @Override
  public LayerReport exportLayer(SessionSpec spec, Path target) {
    refuse();
    calls.add(spec);
    calls.add("export " + target);
    return report;
  }

  @Override
  public LayerReport importLayer(Path layer, SessionSpec spec) {
    refuse();
    calls.add("import " + layer);
    calls.add(spec);
    return report;
  }

  @Override
  public LayerReport freeze(SessionSpec spec, Path target) {
    refuse();
    calls.add(spec);
    calls.add("freeze " + target);
    return report;
  }

  @Override
  public Overlay thaw(Path frozen, Path target) {
    refuse();
    calls.add("thaw " + frozen + " " + target);
    return Overlay.at(target);
  }

  @Override
  public void pack(Path overlay, Path target) {
    refuse();
    calls.add("pack " + overlay + " " + target);
  }

  @Override
  public Overlay unpack(Path file, Path target) {
    refuse();
    calls.add("unpack " + file + " " + target);
    return Overlay.at(target);
  }

  @Override
  public boolean run(Workflow workflow, Consumer<StepReport> listener) {
    refuse();
    calls.add(workflow);
    steps.forEach(listener);
    return steps.stream().allMatch(StepReport::succeeded);
  }

  @Override
  public List<Explanation> explain(Workflow workflow) {
    refuse();
    calls.add(workflow);
    return workflow.steps().stream()
        .map(step -> new Explanation(step.title(), List.of("because")))
        .toList();
  }

  @Override
  public List<OverlayHolder> breakLeases(Path overlay) {
    return List.of(OverlayHolder.inWords("the user of " + overlay));
  }

  @Override
  public List<Recovered> recover() {
    return recovered;
  }

  @Override
  public void close() {
    calls.add("close sdk");
    if (closing != null) {
      throw closing;
    }
  }

  private void refuse() {
    if (refusal != null) {
      throw refusal;
    }
  }

  @Override
  public Session start(String name, SessionSpec spec) {
    calls.add("start " + name);
    return start(spec);
  }

  @Override
  public Session join(String name) {
    throw new InvalidSpecException("nothing asks for it");
  }

  @Override
  public void listen(SdkListener listener) {
    // nothing happens here that would be told
  }

  @Override
  public List<SessionReport> sessions() {
    return List.of();
  }

  @Override
  public void stop(String name) {
    calls.add("stop " + name);
  }

  private final class FakeSession implements Session {
    private final SessionSpec spec;

    FakeSession(SessionSpec spec) {
      this.spec = spec;
    }

    @Override
    public Result run(Command command) {
      calls.add(command);
      return new Result(
          command, termination, status, new byte[0], new byte[0], false, Duration.ofMillis(1500));
    }

    @Override
    public Result run(Command command, OutputListener listener) {
      throw new InvalidSpecException("nothing asks for it");
    }

    @Override
    public RunningCommand start(Command command) {
      throw new InvalidSpecException("nothing asks for it");
    }

    @Override
    public CommandMode commandMode() {
      return CommandMode.RESIDENT;
    }

    @Override
    public Result shell() {
      calls.add("shell");
      return run(Command.of("sh"));
    }

    @Override
    public Changes changes() {
      throw new InvalidSpecException("nothing asks for it");
    }

    @Override
    public void sync() {
      throw new InvalidSpecException("nothing asks for it");
    }

    @Override
    public SessionSpec spec() {
      return spec;
    }

    @Override
    public String backend() {
      throw new InvalidSpecException("nothing asks for it");
    }

    @Override
    public void close() {
      calls.add("close session");
    }
  }
}
