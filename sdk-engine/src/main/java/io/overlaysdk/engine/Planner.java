package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.BaseMismatchException;
import io.overlaysdk.Bind;
import io.overlaysdk.Configuration;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.PolicyException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Step;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns a spec into all that is needed to open it, without changing anything. */
final class Planner {
  private static final ContainerPath ROOT = ContainerPath.of("/");
  private static final ContainerPath TMP = ContainerPath.of("/tmp");

  private final Configuration configuration;
  private final Environment environment;
  private final Host host;
  private final Backends backends;
  private final LinkFinder links;
  private final UnpackedImages images;
  private final PolicyCheck policy;
  private final Ephemeral ephemeral;

  Planner(
      Configuration configuration,
      Environment environment,
      Host host,
      Backends backends,
      LinkFinder links,
      UnpackedImages images,
      PolicyCheck policy) {
    this.configuration = configuration;
    this.environment = environment;
    this.host = host;
    this.backends = backends;
    this.links = links;
    this.images = images;
    this.policy = policy;
    this.ephemeral = new Ephemeral(host);
  }

  /**
   * A session that can be opened.
   *
   * @param admission what a policy says to it
   * @param image as the plan sees it
   * @param unpacked what makes it that, where the image of the spec is a file that nothing mounts
   * @param overlays as the plan sees them
   * @param conversions what brings overlays into the form in which the plan sees them
   * @param separations what keeps linked files below the overlays apart
   * @param steps what the engine itself prepares, before the plan's own steps
   * @param shared what of the host is in it, for people
   * @param variables what every command of it has in its environment
   * @param start where its commands start
   * @param binds all that is bound into it
   */
  record Planned(
      Admission admission,
      SessionSpec spec,
      ImageFacts image,
      Optional<UnpackedImages.Unpacked> unpacked,
      List<OverlayFacts> overlays,
      List<Conversion> conversions,
      List<Separation> separations,
      Backends.Choice choice,
      List<Step> steps,
      List<String> shared,
      Map<String, String> variables,
      ContainerPath start,
      List<Bind> binds) {
    /** The image of the spec. */
    ImageFacts base() {
      return unpacked.map(UnpackedImages.Unpacked::from).orElse(image);
    }

    /** The overlays as they lie there, before any conversion. */
    List<OverlayFacts> originals() {
      List<OverlayFacts> originals = new ArrayList<>(overlays);
      conversions.forEach(conversion -> originals.set(conversion.index(), conversion.from()));
      return originals;
    }

    boolean isWritable() {
      return overlays.stream().anyMatch(OverlayFacts::isWritable);
    }
  }

  /**
   * @throws InvalidSpecException where something named in the spec is missing or cannot be used
   * @throws PolicyException where a policy does not allow it
   * @throws BaseMismatchException where an overlay was made on another image
   * @throws NoBackendException where no backend can run it
   */
  Planned plan(SessionSpec spec, Path scratch, Facts facts) {
    Set<Share> shares = shares(spec);
    Map<String, String> variables = variables(spec, shares);
    policy.session(spec, shares, host.identity());
    List<Bind> shared = policy.binds(shared(spec, shares));
    ImageFacts image = image(spec, scratch, facts);
    Admission admission = policy.image(image);
    List<OverlayFacts> overlays =
        spec.overlays().stream().map(overlay -> of(overlay, spec, scratch, facts)).toList();
    // What is made only later can be nothing else that is there.
    Overlaps.check(
        image, overlays.stream().filter(overlay -> Files.exists(overlay.path())).toList());
    List<Bind> binds = new ArrayList<>(own(scratch, shares));
    binds.addAll(shared);
    requireBases(spec, image, overlays);
    Attempt attempt = choose(new Session(spec, image, binds, scratch), overlays);
    Session session = attempt.session();
    Backends.Choice choice = attempt.choice();
    List<Separation> separations =
        links.separations(
            choice.plan(),
            session.image(),
            overlays,
            Owning.of(spec.isFakeroot(), host.identity()),
            scratch);
    Plan plan = choice.plan();
    if (!separations.isEmpty()) {
      List<OverlayFacts> all = Separation.among(choice.overlays(), separations);
      plan = choose(session, Optional.of(choice.backend().name()), all).plan();
    }
    return new Planned(
        admission,
        spec,
        session.image(),
        attempt.unpacked(),
        choice.overlays(),
        Conversion.between(overlays, choice.overlays()),
        separations,
        choice.with(plan),
        steps(spec, scratch, shares),
        describe(shared, shares),
        variables,
        start(spec, shares),
        binds);
  }

  /**
   * Refuses what {@link #plan} refuses because of a policy, before anything is done for it.
   *
   * @throws PolicyException where a policy does not allow it
   */
  void requireAllowed(SessionSpec spec, Path scratch, Facts facts) {
    Set<Share> shares = shares(spec);
    policy.session(spec, shares, host.identity());
    policy.binds(shared(spec, shares));
    policy.image(image(spec, scratch, facts));
  }

  private Set<Share> shares(SessionSpec spec) {
    Set<Share> shares = EnumSet.noneOf(Share.class);
    shares.addAll(configuration.shares());
    shares.addAll(spec.shares());
    return shares;
  }

  private ImageFacts image(SessionSpec spec, Path scratch, Facts facts) {
    ImageFacts image = facts.of(spec.image());
    return image.kind() == ImageFacts.Kind.HOST
        ? image.with(HostPlaces.of(host.identity(), scratch))
        : image;
  }

  /** What is the same for every backend that is asked. */
  private record Session(SessionSpec spec, ImageFacts image, List<Bind> binds, Path scratch) {}

  private record Attempt(
      Session session, Optional<UnpackedImages.Unpacked> unpacked, Backends.Choice choice) {}

  /** With the image as it is; where no backend takes that, with the image unpacked. */
  private Attempt choose(Session session, List<OverlayFacts> overlays) {
    Optional<String> named = session.spec().backend();
    try {
      return new Attempt(session, Optional.empty(), choose(session, named, overlays));
    } catch (NoBackendException e) {
      Optional<UnpackedImages.Unpacked> unpacked = images.of(session.image());
      if (unpacked.isEmpty()) {
        throw e;
      }
      ImageFacts directory = unpacked.get().directory();
      Session other = new Session(session.spec(), directory, session.binds(), session.scratch());
      try {
        return new Attempt(other, unpacked, choose(other, named, overlays));
      } catch (NoBackendException again) {
        e.addSuppressed(again);
        throw e;
      }
    }
  }

  private Backends.Choice choose(
      Session session, Optional<String> backend, List<OverlayFacts> overlays) {
    return backends.choose(
        backend,
        overlays,
        (tool, readable) ->
            new Request(
                session.spec(),
                tool,
                session.image(),
                readable,
                session.binds(),
                host.identity(),
                host.architecture(),
                session.scratch()),
        overlay -> Conversion.result(overlay, overlays.indexOf(overlay), session.scratch(), host));
  }

  /** Also asked where overlays are only read or rewritten: their marks were made on one base. */
  static void requireBases(SessionSpec spec, ImageFacts image, List<OverlayFacts> overlays) {
    if (!spec.allowsOtherBase()) {
      overlays.forEach(overlay -> requireBase(image, overlay));
    }
  }

  private static void requireBase(ImageFacts image, OverlayFacts overlay) {
    Optional<BaseIdentity> made =
        ManifestFile.of(overlay).flatMap(ManifestFile::read).flatMap(Manifest::base);
    Optional<BaseIdentity> asked = made.isEmpty() ? Optional.empty() : BaseIdentity.of(image);
    if (asked.isPresent()
        && !made.get().isSame(asked.get())
        && !DirectoryOverlay.isUntouched(overlay)) {
      throw new BaseMismatchException(
          overlay.path(), made.get().location(), asked.get().location());
    }
  }

  private OverlayFacts of(Overlay overlay, SessionSpec spec, Path scratch, Facts facts) {
    return overlay.isEphemeral()
        ? ephemeral.facts(overlay, scratch)
        : facts.of(overlay, spec.isFakeroot());
  }

  private Map<String, String> variables(SessionSpec spec, Set<Share> shares) {
    Map<String, String> variables = new LinkedHashMap<>();
    if (shares.contains(Share.ENVIRONMENT)) {
      variables.putAll(Variables.shared(environment.caller()));
    }
    variables.putAll(configuration.variables());
    variables.putAll(spec.variables());
    Variables.check(variables);
    return variables;
  }

  /** What the engine itself needs inside, and the private {@code /tmp}. */
  private static List<Bind> own(Path scratch, Set<Share> shares) {
    List<Bind> own = new ArrayList<>();
    if (!shares.contains(Share.TMP)) {
      own.add(new Bind(scratch.resolve("tmp"), TMP, Access.READ_WRITE));
    }
    own.add(
        new Bind(
            scratch.resolve(ControlDirectory.NAME), ControlDirectory.INSIDE, Access.READ_ONLY));
    return own;
  }

  private List<Step> steps(SessionSpec spec, Path scratch, Set<Share> shares) {
    List<Step> steps = new ArrayList<>();
    if (!shares.contains(Share.TMP)) {
      steps.add(new Step.MakeDirectory(scratch.resolve("tmp")));
    }
    steps.add(new Step.MakeDirectory(scratch.resolve(ControlDirectory.NAME)));
    spec.overlays().stream()
        .filter(Overlay::isEphemeral)
        .forEach(overlay -> steps.addAll(ephemeral.steps(overlay, scratch)));
    return steps;
  }

  private List<Bind> shared(SessionSpec spec, Set<Share> shares) {
    List<Bind> shared = new ArrayList<>();
    if (shares.contains(Share.HOME)) {
      shared.add(samePlace(host.identity().home()));
    }
    if (shares.contains(Share.TMP)) {
      shared.add(samePlace(Path.of("/tmp")));
    }
    if (shares.contains(Share.WORKING_DIRECTORY)) {
      shared.add(samePlace(workingDirectory()));
    }
    configuration.binds().forEach(bind -> shared.add(checked(bind)));
    spec.binds().forEach(bind -> shared.add(checked(bind)));
    return shared;
  }

  private static Bind samePlace(Path path) {
    return new Bind(path, ContainerPath.of(path.toString()), Access.READ_WRITE);
  }

  private static Path workingDirectory() {
    return Path.of("").toAbsolutePath();
  }

  private static Bind checked(Bind bind) {
    Path source = bind.source().toAbsolutePath().normalize();
    if (!Files.exists(source)) {
      throw new InvalidSpecException(
          "cannot bind "
              + source
              + " at "
              + bind.target()
              + ": there is nothing at "
              + source
              + "; correct the path, or make it first");
    }
    if (bind.target().equals(ControlDirectory.INSIDE)) {
      throw new InvalidSpecException(
          "cannot bind "
              + source
              + " at "
              + bind.target()
              + ": that place is taken; choose another target");
    }
    return new Bind(source, bind.target(), bind.access());
  }

  private static ContainerPath start(SessionSpec spec, Set<Share> shares) {
    return spec.directory()
        .orElseGet(
            () ->
                shares.contains(Share.WORKING_DIRECTORY) || isThereOnHost(spec)
                    ? ContainerPath.of(workingDirectory().toString())
                    : ROOT);
  }

  /** A command is tried where the caller is, as far as the session has that directory. */
  private static boolean isThereOnHost(SessionSpec spec) {
    return spec.image().isHost() && !HostPlaces.isPrivate(workingDirectory());
  }

  private static List<String> describe(List<Bind> shared, Set<Share> shares) {
    List<String> lines = new ArrayList<>();
    for (Bind bind : shared) {
      lines.add(
          bind.source()
              + " at "
              + bind.target()
              + (bind.access() == Access.READ_ONLY ? ", read-only" : ", writable"));
    }
    if (shares.contains(Share.ENVIRONMENT)) {
      lines.add("the caller's environment");
    }
    return lines;
  }
}
