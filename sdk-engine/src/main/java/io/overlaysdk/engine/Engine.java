package io.overlaysdk.engine;

import io.overlaysdk.BackendReport;
import io.overlaysdk.CancelledException;
import io.overlaysdk.Changes;
import io.overlaysdk.CheckReport;
import io.overlaysdk.Command;
import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.Configuration;
import io.overlaysdk.Explanation;
import io.overlaysdk.Finding;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.RebaseReport;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionReport;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The one door: each thing it does is done by a class of its own. */
final class Engine implements OverlaySdk {
  /** What a probe may take: a tool that does not answer in that time is not to be used. */
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);

  /** How often an overlay is asked for that is in use. */
  private static final long BUSY_MILLIS = 50;

  /** What preparing a session may take: formatting a large image on a slow file system. */
  private static final Duration STEP_LIMIT = Duration.ofMinutes(10);

  private final Configuration configuration;
  private final Environment environment;
  private final Host host;
  private final Guard guard;
  private final Launcher launcher;
  private final Backends backends;
  private final Builders builders;
  private final LinkFinder links;
  private final DigestMemory digests;
  private final UnpackedImages images;
  private final Planner planner;
  private final Journal journal;
  private final Ledger ledger;
  private final Lines lines;
  private final Listeners listeners = new Listeners();
  private final Set<ContainerSession> open = ConcurrentHashMap.newKeySet();
  private final Set<JoinedSession> joined = ConcurrentHashMap.newKeySet();
  private final Set<HeldChanges> read = ConcurrentHashMap.newKeySet();

  private Engine(
      Configuration configuration,
      Environment environment,
      Host host,
      Providers<Backend> backends,
      Providers<ImageBuilder> builders) {
    this.configuration = configuration;
    this.environment = environment;
    this.host = host;
    this.guard = Guard.of(environment, host, configuration.grace());
    this.launcher = newLauncher();
    this.backends = new Backends(backends, configuration.backends(), host);
    this.builders = new Builders(builders, host);
    this.links =
        new LinkFinder(
            host,
            configuration,
            launcher,
            this::newScratch,
            new LinkMemory(cacheDirectory().resolve("links")));
    this.digests = new DigestMemory(cacheDirectory().resolve("digests"));
    this.images =
        new UnpackedImages(host, cacheDirectory().resolve("images"), digests, this::newScratch);
    this.planner = new Planner(configuration, environment, host, this.backends, links, images);
    this.journal = new Journal(stateDirectory());
    this.ledger = new Ledger(host, Clock.systemUTC());
    this.lines =
        new Lines(
            host,
            new Removal(host, launcher),
            ledger,
            new EmptyImages(host, launcher, this::newScratch));
  }

  static Engine open(
      Configuration configuration, ClassLoader classLoader, Map<String, String> variables) {
    Environment environment = new Environment(variables);
    Launcher probing =
        new Launcher(
            environment,
            Guard.none(),
            Optional.empty(),
            configuration.grace(),
            configuration.outputLimit());
    Host host =
        new HostMachine(configuration.executables(), variables, words -> ask(probing, words));
    return new Engine(
        configuration,
        environment,
        host,
        Providers.of(ServiceLoader.load(Backend.class, classLoader)),
        Providers.of(ServiceLoader.load(ImageBuilder.class, classLoader)));
  }

  private static Optional<Host.Answer> ask(Launcher launcher, List<String> words) {
    Launcher.Outcome outcome =
        launcher.run(Invocation.of(words), Launcher.Terms.within(PROBE_LIMIT));
    return outcome.timedOut()
        ? Optional.empty()
        : Optional.of(new Host.Answer(outcome.status(), outcome.outputText(), outcome.errorText()));
  }

  @Override
  public List<BackendReport> probe() {
    return new Doctor(backends, host).reports();
  }

  @Override
  public List<Finding> examine() {
    List<Finding> findings = new ArrayList<>(MachineCheck.of(host));
    if (host.os().equals("Linux")) {
      findings.addAll(PlaceCheck.of("scratch directory", newScratchPath().getParent(), true, host));
      findings.addAll(PlaceCheck.of("state directory", stateDirectory(), true, host));
      findings.addAll(
          PlaceCheck.of("working directory", Path.of("").toAbsolutePath(), false, host));
    }
    return findings;
  }

  @Override
  public Overlay createOverlay(Path directory) {
    return new OverlayMaker(host, ledger, this::newScratch).directory(directory);
  }

  @Override
  public Overlay createOverlay(Path file, ImageSize size) {
    return new OverlayMaker(host, ledger, this::newScratch).image(file, size);
  }

  @Override
  public Overlay createOverlayFrom(String template, Path file) {
    Path path = configuration.templates().getOrDefault(template, Path.of(template));
    lines.requireAlone(path);
    OverlayMaker maker = new OverlayMaker(host, ledger, this::newScratch);
    return listeners.during("create " + file, () -> maker.image(file, Template.at(path)));
  }

  @Override
  public CheckReport check(Path overlay, boolean repair) {
    return listeners.during(
        "check of " + overlay,
        () -> new ImageCare(host, launcher, this::newScratch).check(overlay, repair));
  }

  @Override
  public void resizeOverlay(Path overlay, ImageSize size) {
    listeners.during(
        "resize of " + overlay,
        () -> {
          new ImageCare(host, launcher, this::newScratch).resize(overlay, size);
          return overlay;
        });
  }

  @Override
  public OverlayInfo info(Path overlay) {
    return InfoReader.read(overlay);
  }

  @Override
  public Snapshot snapshot(Path overlay, String message) {
    if (lines.isFull(overlay)) {
      ownBase(overlay).ifPresent(this::flatten);
    }
    return lines.snapshot(overlay, message);
  }

  /** A session on the overlay as those before were, as far as that is remembered. */
  private static Optional<SessionSpec> ownBase(Path overlay) {
    return ManifestFile.ofOverlay(overlay)
        .read()
        .flatMap(
            manifest ->
                manifest
                    .base()
                    .map(base -> Path.of(base.location()))
                    .filter(base -> base.isAbsolute() && Files.exists(base))
                    .map(Image::at)
                    .map(image -> SessionSpec.on(image).overlay(Overlay.at(overlay)))
                    .map(
                        spec ->
                            manifest.writer().filter(Manifest.Writer::fakeroot).isPresent()
                                ? spec.fakeroot()
                                : spec));
  }

  @Override
  public Snapshot flatten(SessionSpec spec) {
    List<Overlay> overlays = spec.overlays();
    if (overlays.size() != 1 || overlays.get(0).isEphemeral()) {
      throw new InvalidSpecException(
          "one overlay that is kept is flattened, on the image that it lies on; not " + overlays);
    }
    return listeners.during(
        "flattening of " + overlays.get(0),
        () ->
            lines.flatten(
                overlays.get(0).path().orElseThrow(),
                (layers, target) -> archive().merge(layers, spec, target)));
  }

  @Override
  public Overlay fork(Path overlay, Path target) {
    return lines.fork(overlay, Optional.empty(), target);
  }

  @Override
  public Overlay fork(Path overlay, String snapshot, Path target) {
    return lines.fork(overlay, Optional.of(snapshot), target);
  }

  @Override
  public void rollback(Path overlay, String snapshot, boolean discard) {
    lines.rollback(overlay, Optional.of(snapshot), discard);
  }

  @Override
  public void discard(Path overlay) {
    lines.rollback(overlay, Optional.empty(), true);
  }

  @Override
  public List<Snapshot> log(Path overlay) {
    return lines.log(overlay);
  }

  @Override
  public RebaseReport rebase(SessionSpec spec, Image onto, Path target, boolean force) {
    LayerReading reading = new LayerReading(host, configuration, images);
    Rebase rebase =
        new Rebase(reading, archive(), launcher, new Removal(host, launcher), this::newScratch);
    return listeners.during(
        "rebase to " + target, () -> rebase.run(lines.expand(spec), onto, target, force));
  }

  @Override
  public boolean adopt(SessionSpec spec) {
    return listeners.during(
        "adoption of " + spec.overlays(), () -> converter().adopt(lines.expand(spec)));
  }

  @Override
  public void deleteOverlay(Path overlay) {
    lines.delete(overlay);
  }

  @Override
  public Image build(Path definition, Path target) {
    ImageBuild build = new ImageBuild(builders, this::newScratch, definition, target);
    return listeners.during(
        "build " + target,
        build::bytes,
        () -> {
          build.run();
          return Image.at(target);
        });
  }

  @Override
  public Session start(SessionSpec spec) {
    return open(spec, entry -> {});
  }

  @Override
  public Session start(String name, SessionSpec spec) {
    NamedSessions named = named();
    ContainerSession session = open(spec, entry -> named.claim(name, entry));
    try {
      session.stay();
    } catch (RuntimeException e) {
      closeAfter(e, session);
      throw e;
    }
    open.remove(session);
    return join(name);
  }

  @Override
  public Session join(String name) {
    JoinedSession session = named().join(name, limits(), listeners, joined::remove);
    joined.add(session);
    return session;
  }

  @Override
  public void listen(SdkListener listener) {
    listeners.add(Objects.requireNonNull(listener, "listener"));
  }

  @Override
  public List<SessionReport> sessions() {
    return named().list();
  }

  @Override
  public void stop(String name) {
    named().stop(name);
  }

  private NamedSessions named() {
    return new NamedSessions(journal, recovery(), host, launcher, configuration.grace());
  }

  private ContainerSession.Limits limits() {
    return new ContainerSession.Limits(
        configuration.timeLimit(), configuration.grace(), configuration.outputLimit());
  }

  /**
   * @param begun is told of the record before anything is done
   */
  private ContainerSession open(SessionSpec spec, Consumer<Journal.Entry> begun) {
    listeners.tell(listener -> listener.opening(spec));
    Deadline patience = Deadline.of(spec.patience());
    while (true) {
      try {
        return openNow(spec, begun);
      } catch (OverlayBusyException e) {
        if (patience.left().orElse(0L) == 0) {
          throw e;
        }
      }
      pause();
    }
  }

  /** Whoever has an overlay tells nobody when that ends. */
  private static void pause() {
    try {
      Thread.sleep(BUSY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while an overlay was in use", e);
    }
  }

  private ContainerSession openNow(SessionSpec asked, Consumer<Journal.Entry> begun) {
    SessionSpec spec = lines.expand(asked);
    Path directory = newScratchPath();
    Planner.Planned planned = planner.plan(spec, directory, converter().facts());
    PlaceCheck.require("scratch directory", directory);
    planned.overlays().stream()
        .filter(OverlayFacts::isWritable)
        .forEach(overlay -> PlaceCheck.require("overlay", overlay.path().resolve("work")));
    OverlayMaker.complete(planned.overlays());
    Journal.Entry entry = journal.begin(spec.toString());
    try {
      begun.accept(entry);
    } catch (RuntimeException e) {
      entry.delete();
      throw e;
    }
    Launcher own = newLauncher();
    Scratch scratch = new Scratch(directory, entry, own, new Removal(host, own));
    Optional<OverlayLock> lock = Optional.empty();
    try {
      lock = lock(planned, directory, entry);
      scratch.make();
      planned.unpacked().ifPresent(this::unpack);
      converter().perform(planned, scratch);
      links.perform(planned.separations(), Owning.of(spec.isFakeroot(), host.identity()), scratch);
      scratch.perform(planned.steps(), STEP_LIMIT);
      openTmp(directory);
      scratch.perform(planned.choice().plan().prepare(), STEP_LIMIT);
      ledger.writing(planned);
    } catch (RuntimeException e) {
      closeAfter(e, scratch);
      lock.ifPresent(OverlayLock::close);
      throw e;
    }
    ContainerSession session =
        new ContainerSession(
            planned,
            scratch,
            entry,
            lock,
            own,
            host.find("mkfifo"),
            new LayerReading(host, configuration, images),
            limits(),
            listeners,
            open::remove);
    open.add(session);
    listeners.tell(listener -> listener.opened(session));
    InfoReader.nearlyFull(planned)
        .ifPresent(info -> listeners.tell(listener -> listener.nearlyFull(session, info)));
    return session;
  }

  /** What a dead holder has left running would still write. */
  private Optional<OverlayLock> lock(Planner.Planned planned, Path directory, Journal.Entry entry) {
    Optional<OverlayLock> lock =
        planned.overlays().stream()
            .filter(overlay -> overlay.isWritable() && !overlay.path().startsWith(directory))
            .findFirst()
            .map(overlay -> OverlayLock.take(overlay, host, entry.toString()));
    lock.flatMap(OverlayLock::stale)
        .flatMap(holder -> journal.entry(holder.entry()))
        .filter(Recovery::isAbandoned)
        .ifPresent(recovery()::end);
    return lock;
  }

  private void unpack(UnpackedImages.Unpacked image) {
    listeners.during(
        "unpack " + image.from().location(),
        () -> {
          images.perform(image);
          return image;
        });
  }

  /** Programs of other users inside, such as a package manager's, write to /tmp too. */
  private static void openTmp(Path scratch) {
    Modes.set(scratch.resolve("tmp"), 01777);
  }

  private static void closeAfter(RuntimeException failure, AutoCloseable opened) {
    try {
      opened.close();
    } catch (Exception e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public Explanation explain(SessionSpec spec, Command command) {
    Planner.Planned planned =
        planner.plan(lines.expand(spec), newScratchPath(), converter().facts());
    return Explainer.session("run " + command + " on " + spec.image(), planned, List.of(command));
  }

  @Override
  public Changes changes(SessionSpec spec, Changes.Detail detail) {
    HeldChanges changes =
        new LayerReading(host, configuration, images)
            .atRest(lines.expand(spec), detail, launcher, this::newScratch);
    read.add(changes);
    return changes.whenClosed(read::remove);
  }

  @Override
  public LayerReport exportLayer(SessionSpec spec, Path target) {
    return listeners.during(
        "export to " + target,
        Listeners.sizeOf(target),
        () -> archive().export(lines.expand(spec), target, sourceDateEpoch()));
  }

  private Optional<String> sourceDateEpoch() {
    return Optional.ofNullable(environment.caller().get("SOURCE_DATE_EPOCH"))
        .filter(value -> !value.isEmpty());
  }

  @Override
  public CommitReport commit(SessionSpec spec, Path target, CommitMode mode) {
    Commit commit = new Commit(host, configuration, launcher, images, digests, this::newScratch);
    return listeners.during(
        "commit to " + target,
        commit::written,
        () -> commit.run(lines.expand(spec), target, mode, sourceDateEpoch()));
  }

  @Override
  public LayerReport importLayer(Path layer, SessionSpec spec) {
    return listeners.during(
        "import of " + layer, () -> archive().unpack(layer, lines.expand(spec)));
  }

  @Override
  public LayerReport freeze(SessionSpec spec, Path target) {
    NewFile file = NewFile.at(target);
    OptionalLong latest = latest();
    return listeners.during(
        "freeze to " + target,
        Listeners.sizeOf(file.partial()),
        () -> freezer().freeze(lines.expand(spec), file, latest));
  }

  private OptionalLong latest() {
    String value = environment.caller().getOrDefault("SOURCE_DATE_EPOCH", "");
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!value.matches("[0-9]{1,10}") || Long.parseLong(value) > 0xFFFFFFFFL) {
      throw new InvalidSpecException(
          "SOURCE_DATE_EPOCH is the number of seconds since 1970, in 32 bits, not \""
              + value
              + "\"");
    }
    return OptionalLong.of(Long.parseLong(value));
  }

  @Override
  public Overlay thaw(Path frozen, Path target) {
    return listeners.during("thaw of " + frozen, () -> freezer().thaw(frozen, target));
  }

  @Override
  public void pack(Path overlay, Path target) {
    lines.requireAlone(overlay);
    NewFile file = NewFile.at(target);
    OptionalLong latest = latest();
    listeners.during(
        "pack " + overlay,
        Listeners.sizeOf(file.partial()),
        () -> {
          packer().pack(overlay, file, converter().facts(), latest);
          return file;
        });
  }

  @Override
  public Overlay unpack(Path file, Path target) {
    return listeners.during("unpack " + file, () -> packer().unpack(file, target));
  }

  private Packer packer() {
    return new Packer(host, configuration, launcher, ledger, this::newScratch);
  }

  private Freezer freezer() {
    return new Freezer(host, configuration, launcher, ledger, images, this::newScratch);
  }

  private Archive archive() {
    return new Archive(host, configuration, launcher, ledger, images, this::newScratch);
  }

  @Override
  public boolean run(Workflow workflow, Consumer<StepReport> listener) {
    return new WorkflowPlayer(this, new Removal(host, launcher)).play(workflow, listener);
  }

  @Override
  public List<Explanation> explain(Workflow workflow) {
    return new WorkflowExplainer(planner, builders, converter().facts(), this::newScratchPath)
        .explain(workflow);
  }

  @Override
  public List<String> recover() {
    return recovery().run();
  }

  private Recovery recovery() {
    return new Recovery(journal, new Removal(host, launcher), configuration.grace());
  }

  @Override
  public void close() {
    List<Runnable> steps = new ArrayList<>();
    open.forEach(session -> steps.add(session::close));
    joined.forEach(session -> steps.add(session::close));
    read.forEach(changes -> steps.add(changes::close));
    steps.add(launcher::endAll);
    steps.add(guard::close);
    RuntimeException failure = null;
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
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
  }

  @Override
  public boolean convert(SessionSpec spec) {
    return listeners.during(
        "conversion of " + spec.overlays(), () -> converter().convert(lines.expand(spec)));
  }

  private Converter converter() {
    return new Converter(host, configuration, launcher, ledger, images, this::newScratch);
  }

  private Launcher newLauncher() {
    return new Launcher(
        environment,
        guard,
        host.find("setsid"),
        configuration.grace(),
        configuration.outputLimit());
  }

  /** A scratch directory that is made, for work that is no session. */
  private Scratch newScratch(String what) {
    Scratch scratch =
        new Scratch(newScratchPath(), journal.begin(what), launcher, new Removal(host, launcher));
    scratch.make();
    return scratch;
  }

  private Path newScratchPath() {
    String temporary =
        environment.caller().getOrDefault("TMPDIR", System.getProperty("java.io.tmpdir"));
    return configuration
        .scratch()
        .orElse(Path.of(temporary))
        .resolve(Recovery.SCRATCH_PREFIX + UUID.randomUUID());
  }

  private Path stateDirectory() {
    return configuration.state().orElseGet(() -> own("XDG_STATE_HOME", ".local/state"));
  }

  private Path cacheDirectory() {
    return own("XDG_CACHE_HOME", ".cache");
  }

  /** As the XDG base directory specification has it. */
  private Path own(String variable, String inHome) {
    String base = environment.caller().get(variable);
    Path parent =
        base == null || base.isEmpty() ? host.identity().home().resolve(inHome) : Path.of(base);
    return parent.resolve("overlay-sdk");
  }
}
