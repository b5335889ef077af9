package io.overlaysdk.engine;

import io.overlaysdk.Access;
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
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Policy;
import io.overlaysdk.RebaseReport;
import io.overlaysdk.Recovered;
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
import java.util.Queue;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one door: each thing it does is done by a class of its own. */
final class Engine implements OverlaySdk {
  /** What a probe may take: a tool that does not answer in that time is not to be used. */
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);

  /** How a program ends that somebody kills. */
  private static final int KILLED = 137;

  /** How often an overlay is asked for that is in use. */
  private static final long BUSY_MILLIS = 50;

  /** What preparing a session may take: formatting a large image on a slow file system. */
  private static final Duration STEP_LIMIT = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

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
  private final PolicyCheck policy;
  private final Locking locking;
  private final Planner planner;
  private final Journal journal;
  private final Ledger ledger;
  private final Lines lines;
  private final Exhaustion exhaustion;
  private final Listeners listeners = new Listeners();
  private final Set<ContainerSession> open = ConcurrentHashMap.newKeySet();
  private final Set<JoinedSession> joined = ConcurrentHashMap.newKeySet();
  private final Queue<AutoCloseable> unclosed = new ConcurrentLinkedQueue<>();
  private final Set<HeldChanges> read = ConcurrentHashMap.newKeySet();

  private Engine(
      Configuration configuration,
      Policy site,
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
    this.backends
        .missing()
        .forEach((name, reason) -> LOG.warn("not used, though configured: {}: {}", name, reason));
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
    this.policy =
        new PolicyCheck(
            List.of(site, configuration.policy()),
            digests,
            new Signatures(onPath(environment), launcher));
    this.locking = new Locking(host, policy.demandsLocks());
    this.planner =
        new Planner(configuration, environment, host, this.backends, links, images, policy);
    this.journal = new Journal(stateDirectory());
    this.ledger = new Ledger(host, Clock.systemUTC());
    this.lines =
        new Lines(
            locking,
            new Removal(host, launcher),
            ledger,
            new EmptyImages(host, launcher, this::newScratch),
            journal,
            unclosed::add);
    this.exhaustion =
        new Exhaustion(
            host, List.of(newScratchPath().getParent(), stateDirectory(), cacheDirectory()));
  }

  /**
   * @param site what holds besides the policy of the configuration
   */
  static Engine open(
      Configuration configuration,
      Policy site,
      ClassLoader classLoader,
      Map<String, String> variables) {
    Environment environment = new Environment(variables);
    Launcher probing =
        new Launcher(
            environment,
            Guard.none(),
            onPath(environment).find("setsid"),
            configuration.grace(),
            configuration.outputLimit());
    Host host =
        new HostMachine(configuration.executables(), variables, words -> ask(probing, words));
    return new Engine(
        configuration,
        site,
        environment,
        host,
        Providers.of(ServiceLoader.load(Backend.class, classLoader), Backends::look),
        Providers.of(ServiceLoader.load(ImageBuilder.class, classLoader), Builders::look));
  }

  /** The machine without what a configuration says of it, which may be a user's. */
  private static Host onPath(Environment environment) {
    return new HostMachine(Map.of(), environment.caller(), words -> Optional.empty());
  }

  /** What any use of a spec is given; a session is looked at more closely when it is planned. */
  private SessionSpec admitted(SessionSpec spec) {
    policy.image(spec.image());
    return lines.expand(spec);
  }

  private OverlayMaker maker() {
    return new OverlayMaker(host, ledger, policy, this::newScratch);
  }

  private ImageCare care() {
    return new ImageCare(locking, launcher, policy, this::newScratch);
  }

  private static Optional<Host.Answer> ask(Launcher launcher, List<String> words) {
    Launcher.Outcome outcome =
        launcher.run(Invocation.of(words), Launcher.Terms.within(PROBE_LIMIT));
    if (outcome.status() == KILLED && !outcome.timedOut()) {
      // says nothing of the tool, and the answer is remembered
      outcome = launcher.run(Invocation.of(words), Launcher.Terms.within(PROBE_LIMIT));
    }
    return outcome.timedOut()
        ? Optional.empty()
        : Optional.of(new Host.Answer(outcome.status(), outcome.outputText(), outcome.errorText()));
  }

  /** Tells what the machine had no more of. */
  Exhaustion exhaustion() {
    return exhaustion;
  }

  @Override
  public List<BackendReport> probe() {
    return new Doctor(backends, host).reports();
  }

  @Override
  public List<Finding> examine() {
    List<Finding> findings = new ArrayList<>(policy.findings());
    findings.addAll(MachineCheck.of(host));
    if (host.os().equals("Linux")) {
      findings.addAll(PlaceCheck.of("scratch directory", scratchDirectory(), true, host));
      findings.addAll(PlaceCheck.of("state directory", stateDirectory(), true, host));
      findings.addAll(
          PlaceCheck.of("working directory", Path.of("").toAbsolutePath(), false, host));
    }
    return findings;
  }

  @Override
  public Overlay createOverlay(Path directory) {
    return maker().directory(directory);
  }

  @Override
  public Overlay createOverlay(Path file, ImageSize size) {
    return maker().image(file, size);
  }

  @Override
  public Overlay createOverlayFrom(String template, Path file) {
    Path path = configuration.templates().getOrDefault(template, Path.of(template));
    lines.requireAlone(path);
    return listeners.during("create " + file, () -> maker().image(file, Template.at(path)));
  }

  @Override
  public CheckReport check(Path overlay, boolean repair) {
    return listeners.during("check of " + overlay, () -> care().check(overlay, repair));
  }

  @Override
  public void resizeOverlay(Path overlay, ImageSize size) {
    listeners.during(
        "resize of " + overlay,
        () -> {
          care().resize(overlay, size);
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
    policy.image(spec.image());
    return listeners.during(
        "flattening of " + overlays.get(0),
        () ->
            patiently(
                spec,
                () -> {
                  try (Scratch scratch = newScratch("flattening of " + overlays.get(0))) {
                    return lines.flatten(
                        overlays.get(0).path().orElseThrow(),
                        (layers, file, empty) ->
                            archive().merge(layers, spec, file, empty, scratch));
                  }
                }));
  }

  @Override
  public Overlay fork(Path overlay, Path target) {
    return fork(overlay, Optional.empty(), target);
  }

  @Override
  public Overlay fork(Path overlay, String snapshot, Path target) {
    return fork(overlay, Optional.of(snapshot), target);
  }

  private Overlay fork(Path overlay, Optional<String> snapshot, Path target) {
    if (Files.isRegularFile(overlay)) {
      policy.overlay(target, overlay);
    }
    return lines.fork(overlay, snapshot, target);
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
    LayerReading reading = new LayerReading(locking, configuration, images);
    Rebase rebase = new Rebase(reading, archive(), launcher, this::newScratch);
    return listeners.during(
        "rebase to " + target,
        () -> {
          policy.image(onto);
          return patiently(spec, () -> rebase.run(admitted(spec), onto, target, force));
        });
  }

  @Override
  public boolean adopt(SessionSpec spec) {
    return listeners.during(
        "adoption of " + spec.overlays(),
        () -> patiently(spec, () -> converter().adopt(admitted(spec))));
  }

  @Override
  public void deleteOverlay(Path overlay) {
    lines.delete(overlay);
  }

  @Override
  public Image build(Path definition, Path target) {
    policy.build(ImageBuild.definition(definition));
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
    } catch (RuntimeException | Error e) {
      closeAfter(e, session);
      throw e;
    }
    open.remove(session);
    try {
      return join(name);
    } catch (RuntimeException | Error e) {
      // whoever asked for it has nothing of it
      try {
        stop(name);
      } catch (RuntimeException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
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
    return new NamedSessions(journal, recovery(), host, launcher, guard, configuration.grace());
  }

  private CommandSession.Limits limits() {
    return new CommandSession.Limits(
        configuration.timeLimit(), configuration.grace(), configuration.outputLimit());
  }

  /**
   * @param begun is told of the record before anything is done
   */
  private ContainerSession open(SessionSpec spec, Consumer<Journal.Entry> begun) {
    listeners.tell(listener -> listener.opening(spec));
    return patiently(spec, () -> openNow(spec, begun));
  }

  /** Does it as soon as nobody uses the overlays of a spec in a way that excludes it. */
  private static <T> T patiently(SessionSpec spec, Supplier<T> work) {
    Deadline patience = Deadline.of(spec.patience());
    while (true) {
      try {
        return work.get();
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
    try {
      closeTheRest();
    } catch (OverlayException e) {
      LOG.warn("{}", e.getMessage());
    }
    // what a dead session has left running would still write, and hold what is asked for
    recovery().runQuietly();
    SessionSpec spec = lines.expand(asked);
    Path directory = newScratchPath();
    List<Path> cutOff =
        spec.overlays().stream()
            .filter(overlay -> overlay.access() == Access.READ_WRITE)
            .flatMap(overlay -> overlay.path().stream())
            .filter(ImageCare::isMarked)
            .toList();
    if (!cutOff.isEmpty()) {
      planner.requireAllowed(spec, directory, converter().facts());
      cutOff.forEach(care()::mendUnlocked);
    }
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
    Optional<OverlayLocks> locks = Optional.empty();
    try {
      locks = Optional.of(lock(planned, directory, entry));
      scratch.make();
      planned.unpacked().ifPresent(this::unpack);
      converter().perform(planned, scratch);
      locks.get().settle(planned.choice().plan().locksImages());
      links.perform(planned.separations(), Owning.of(spec.isFakeroot(), host.identity()), scratch);
      scratch.perform(planned.steps(), STEP_LIMIT);
      openTmp(directory);
      scratch.perform(planned.choice().plan().prepare(), STEP_LIMIT);
      ledger.writing(planned, scratch);
    } catch (RuntimeException | Error e) {
      closeAfter(e, scratch);
      locks.ifPresent(OverlayLocks::close);
      throw e;
    }
    ContainerSession session =
        new ContainerSession(
            planned,
            scratch,
            entry,
            locks.get(),
            own,
            host,
            care(),
            new LayerReading(locking, configuration, images),
            exhaustion,
            new OverlayRoom(host, planned),
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
  private OverlayLocks lock(Planner.Planned planned, Path directory, Journal.Entry entry) {
    List<OverlayFacts> kept =
        planned.originals().stream()
            .filter(overlay -> !overlay.path().startsWith(directory))
            .toList();
    OverlayLocks locks = OverlayLocks.take(kept, locking, entry.toString());
    for (Holder holder : locks.stale()) {
      journal.entry(holder.entry()).filter(Recovery::isAbandoned).ifPresent(recovery()::end);
    }
    return locks;
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

  /** What cannot be closed now is tried again later. */
  private void closeAfter(Throwable failure, AutoCloseable opened) {
    try {
      opened.close();
    } catch (Exception e) {
      failure.addSuppressed(e);
      unclosed.add(opened);
    }
  }

  private void closeTheRest() {
    for (AutoCloseable rest = unclosed.poll(); rest != null; rest = unclosed.poll()) {
      try {
        rest.close();
      } catch (Exception e) {
        unclosed.add(rest);
        throw new OverlayException("something is left of what has failed before: " + e, e);
      }
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
    LayerReading reading = new LayerReading(locking, configuration, images);
    HeldChanges changes =
        patiently(spec, () -> reading.atRest(admitted(spec), detail, launcher, this::newScratch));
    read.add(changes);
    return changes.whenClosed(read::remove);
  }

  @Override
  public LayerReport exportLayer(SessionSpec spec, Path target) {
    return listeners.during(
        "export to " + target,
        Listeners.sizeOf(target),
        () -> patiently(spec, () -> archive().export(admitted(spec), target, sourceDateEpoch())));
  }

  private Optional<String> sourceDateEpoch() {
    return Optional.ofNullable(environment.caller().get("SOURCE_DATE_EPOCH"))
        .filter(value -> !value.isEmpty());
  }

  @Override
  public CommitReport commit(SessionSpec spec, Path target, CommitMode mode) {
    Commit commit = new Commit(locking, configuration, launcher, images, digests, this::newScratch);
    return listeners.during(
        "commit to " + target,
        commit::written,
        () -> patiently(spec, () -> commit.run(admitted(spec), target, mode, sourceDateEpoch())));
  }

  @Override
  public LayerReport importLayer(Path layer, SessionSpec spec) {
    return listeners.during(
        "import of " + layer, () -> patiently(spec, () -> archive().unpack(layer, admitted(spec))));
  }

  @Override
  public LayerReport freeze(SessionSpec spec, Path target) {
    NewFile file = NewFile.at(target);
    OptionalLong latest = latest();
    return listeners.during(
        "freeze to " + target,
        Listeners.sizeOf(file.partial()),
        () -> patiently(spec, () -> freezer().freeze(admitted(spec), file, latest)));
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
    return new Packer(locking, configuration, launcher, ledger, policy, this::newScratch);
  }

  private Freezer freezer() {
    return new Freezer(locking, configuration, launcher, ledger, images, this::newScratch);
  }

  private Archive archive() {
    return new Archive(locking, configuration, launcher, ledger, images, this::newScratch);
  }

  @Override
  public boolean run(Workflow workflow, Consumer<StepReport> listener) {
    return new WorkflowPlayer(this, new Removal(host, launcher)).play(workflow, listener);
  }

  @Override
  public List<Explanation> explain(Workflow workflow) {
    return new WorkflowExplainer(
            planner, builders, policy, converter().facts(), this::newScratchPath)
        .explain(workflow);
  }

  @Override
  public List<Recovered> recover() {
    return recovery().run();
  }

  @Override
  public List<OverlayHolder> breakLeases(Path overlay) {
    return OverlayLock.breakLeases(Found.at(overlay, Subject.OVERLAY).path());
  }

  private Recovery recovery() {
    return new Recovery(journal, new Removal(host, launcher), lines, configuration.grace());
  }

  @Override
  public void close() {
    List<Runnable> steps = new ArrayList<>();
    open.forEach(session -> steps.add(session::close));
    joined.forEach(session -> steps.add(session::close));
    read.forEach(changes -> steps.add(changes::close));
    steps.add(this::closeTheRest);
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
        "conversion of " + spec.overlays(),
        () -> patiently(spec, () -> converter().convert(admitted(spec))));
  }

  private Converter converter() {
    return new Converter(locking, configuration, launcher, ledger, images, this::newScratch);
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
    try {
      scratch.make();
    } catch (RuntimeException e) {
      closeAfter(e, scratch);
      throw e;
    }
    return scratch;
  }

  private Path newScratchPath() {
    return scratchDirectory().resolve(Recovery.SCRATCH_PREFIX + UUID.randomUUID());
  }

  /** Absolute: the journal names it to processes that are in other directories. */
  private Path scratchDirectory() {
    String temporary = environment.caller().getOrDefault("TMPDIR", "");
    return configuration
        .scratch()
        .orElseGet(
            () -> Path.of(temporary.isEmpty() ? System.getProperty("java.io.tmpdir") : temporary))
        .toAbsolutePath();
  }

  private Path stateDirectory() {
    return configuration
        .state()
        .orElseGet(() -> own("XDG_STATE_HOME", ".local/state"))
        .toAbsolutePath();
  }

  private Path cacheDirectory() {
    return own("XDG_CACHE_HOME", ".cache");
  }

  /** As the XDG base directory specification has it, by which relative paths are ignored. */
  private Path own(String variable, String inHome) {
    Path base = Path.of(environment.caller().getOrDefault(variable, ""));
    Path parent = base.isAbsolute() ? base : host.identity().home().resolve(inHome);
    return parent.resolve("overlay-sdk");
  }
}
