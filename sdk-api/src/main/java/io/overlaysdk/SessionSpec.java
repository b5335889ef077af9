package io.overlaysdk;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a session should be: an image, the overlays on it, and what of the host it may see. A value:
 * immutable, comparable, printable; each method returns a new one. Nothing is looked up or started
 * until {@link OverlaySdk#start}.
 *
 * <p>A session sees {@code /dev}, {@code /proc}, {@code /sys}, a private {@code /tmp}, the user's
 * name and the host's resolver, and nothing else of the host unless it is shared or bound here or
 * by the site's configuration.
 */
public final class SessionSpec {
  private record Parts(
      Image image,
      List<Overlay> overlays,
      List<Bind> binds,
      Map<String, String> variables,
      Set<Share> shares,
      Optional<ContainerPath> directory,
      boolean fakeroot,
      boolean dropsCapabilities,
      boolean otherBase,
      boolean separateCommands,
      Optional<Gpu> gpu,
      Network network,
      Optional<Duration> timeLimit,
      Optional<Duration> patience,
      Map<String, String> labels,
      Optional<String> backend) {}

  /** The parts of the next value while one of them is changed; never leaves {@link #with}. */
  private static final class Draft {
    private final Image image;
    private List<Overlay> overlays;
    private List<Bind> binds;
    private Map<String, String> variables;
    private Set<Share> shares;
    private Optional<ContainerPath> directory;
    private boolean fakeroot;
    private boolean dropsCapabilities;
    private boolean otherBase;
    private boolean separateCommands;
    private Optional<Gpu> gpu;
    private Network network;
    private Optional<Duration> timeLimit;
    private Optional<Duration> patience;
    private Map<String, String> labels;
    private Optional<String> backend;

    Draft(Parts parts) {
      image = parts.image;
      overlays = parts.overlays;
      binds = parts.binds;
      variables = parts.variables;
      shares = parts.shares;
      directory = parts.directory;
      fakeroot = parts.fakeroot;
      dropsCapabilities = parts.dropsCapabilities;
      otherBase = parts.otherBase;
      separateCommands = parts.separateCommands;
      gpu = parts.gpu;
      network = parts.network;
      timeLimit = parts.timeLimit;
      patience = parts.patience;
      labels = parts.labels;
      backend = parts.backend;
    }

    Parts parts() {
      return new Parts(
          image,
          overlays,
          binds,
          variables,
          shares,
          directory,
          fakeroot,
          dropsCapabilities,
          otherBase,
          separateCommands,
          gpu,
          network,
          timeLimit,
          patience,
          labels,
          backend);
    }
  }

  private final Parts parts;

  private SessionSpec(Parts parts) {
    this.parts = parts;
  }

  /** A session on {@code image}, read-only until an overlay is added. */
  public static SessionSpec on(Image image) {
    return new SessionSpec(
        new Parts(
            Objects.requireNonNull(image, "image"),
            List.of(),
            List.of(),
            Map.of(),
            Set.of(),
            Optional.empty(),
            false,
            false,
            false,
            false,
            Optional.empty(),
            Network.HOST,
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty()));
  }

  /**
   * With {@code overlay} on top of what is there: overlays are given bottom to top. At most one can
   * be written to, and that one is always on top, because a tool can write to no other layer.
   *
   * @throws InvalidSpecException where there is a writable overlay already
   */
  public SessionSpec overlay(Overlay overlay) {
    List<Overlay> overlays = appended(parts.overlays, overlay);
    for (Overlay below : parts.overlays) {
      if (below.access() == Access.READ_WRITE) {
        throw new InvalidSpecException(
            overlay.access() == Access.READ_WRITE
                ? "two overlays cannot both be written to: "
                    + below
                    + " and "
                    + overlay
                    + "; make one read-only"
                : "the writable overlay must be on top: give " + overlay + " before " + below);
      }
    }
    return with(draft -> draft.overlays = overlays);
  }

  /**
   * With these overlays, bottom to top, instead of those that are there.
   *
   * @throws InvalidSpecException where one below another can be written to
   */
  public SessionSpec overlays(List<Overlay> overlays) {
    SessionSpec changed = with(draft -> draft.overlays = List.of());
    for (Overlay overlay : overlays) {
      changed = changed.overlay(overlay);
    }
    return changed;
  }

  /** With a file or directory of the host inside. */
  public SessionSpec bind(Bind bind) {
    List<Bind> binds = appended(parts.binds, bind);
    return with(draft -> draft.binds = binds);
  }

  /** With {@code source} of the host writable at {@code target}. */
  public SessionSpec bind(Path source, String target) {
    return bind(new Bind(source, ContainerPath.of(target), Access.READ_WRITE));
  }

  /**
   * With one environment variable more, for every command of the session.
   *
   * @throws InvalidSpecException where no shell can export the name, or the value holds a NUL
   */
  public SessionSpec variable(String name, String value) {
    Map<String, String> variables = Names.with(parts.variables, name, value);
    return with(draft -> draft.variables = variables);
  }

  /** With parts of the host visible that are hidden otherwise. */
  public SessionSpec share(Share... shares) {
    Set<Share> all = new TreeSet<>(parts.shares);
    Collections.addAll(all, shares);
    Set<Share> copy = Collections.unmodifiableSet(all);
    return with(draft -> draft.shares = copy);
  }

  /** Commands start in this directory; without this in {@code /}. */
  public SessionSpec directory(ContainerPath directory) {
    return with(draft -> draft.directory = Optional.of(directory));
  }

  /** Commands appear to run as root, and see the owners that a package manager sets. */
  public SessionSpec fakeroot() {
    return with(draft -> draft.fakeroot = true);
  }

  /**
   * Commands have no capabilities (capabilities(7)), those of root neither, and get none by setuid
   * programs: a command that runs as root can then do with files what root may do as their owner,
   * and nothing else. Where a backend enters the root by itself (fuse-overlayfs, overlayfs), {@code
   * CAP_SYS_CHROOT} is left to root. Commands of a plain user have none without this either.
   */
  public SessionSpec dropCapabilities() {
    return with(draft -> draft.dropsCapabilities = true);
  }

  /**
   * The overlays may have been made on another image than this one. Without this such an overlay is
   * refused with {@link BaseMismatchException}: what it hides and what it replaces was said of the
   * files of its own base.
   */
  public SessionSpec allowOtherBase() {
    return with(draft -> draft.otherBase = true);
  }

  /**
   * Each command gets a container of its own over the same overlay, which costs the start of a
   * container each time; see {@link CommandMode}.
   */
  public SessionSpec separateCommands() {
    return with(draft -> draft.separateCommands = true);
  }

  /** With the devices and libraries of the host's graphics processors. */
  public SessionSpec gpu(Gpu gpu) {
    return with(draft -> draft.gpu = Optional.of(gpu));
  }

  /** With this network; without this the host's. */
  public SessionSpec network(Network network) {
    Objects.requireNonNull(network, "network");
    return with(draft -> draft.network = network);
  }

  /**
   * Each command that runs longer than this is ended with all its children.
   *
   * @throws InvalidSpecException where the limit is not positive
   */
  public SessionSpec timeLimit(Duration limit) {
    Command.requirePositive(limit);
    return with(draft -> draft.timeLimit = Optional.of(limit));
  }

  /**
   * Where somebody uses an overlay so that it cannot be used now, opening waits for the end of
   * that, this long at the most; so does whatever else is done with this spec. Without this it
   * fails at once, with {@link OverlayBusyException}.
   *
   * @throws InvalidSpecException where the limit is not positive
   */
  public SessionSpec patience(Duration limit) {
    Command.requirePositive(limit);
    return with(draft -> draft.patience = Optional.of(limit));
  }

  /** With a note of the caller's, which the journal of sessions keeps and nothing else reads. */
  public SessionSpec label(String name, String value) {
    Map<String, String> labels = new LinkedHashMap<>(parts.labels);
    labels.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
    Map<String, String> copy = Collections.unmodifiableMap(labels);
    return with(draft -> draft.labels = copy);
  }

  /** Run by the backend of this name and no other; without this, by the first that fits. */
  public SessionSpec backend(String name) {
    return with(draft -> draft.backend = Optional.of(name));
  }

  private SessionSpec with(Consumer<Draft> change) {
    Draft draft = new Draft(parts);
    change.accept(draft);
    return new SessionSpec(draft.parts());
  }

  private static <T> List<T> appended(List<T> list, T last) {
    List<T> copy = new ArrayList<>(list);
    copy.add(Objects.requireNonNull(last));
    return Collections.unmodifiableList(copy);
  }

  public Image image() {
    return parts.image;
  }

  /** Bottom to top; only the last can be writable. */
  public List<Overlay> overlays() {
    return parts.overlays;
  }

  public List<Bind> binds() {
    return parts.binds;
  }

  /** In the order in which they were given. */
  public Map<String, String> variables() {
    return parts.variables;
  }

  public Set<Share> shares() {
    return parts.shares;
  }

  public Optional<ContainerPath> directory() {
    return parts.directory;
  }

  public boolean isFakeroot() {
    return parts.fakeroot;
  }

  public boolean dropsCapabilities() {
    return parts.dropsCapabilities;
  }

  public boolean allowsOtherBase() {
    return parts.otherBase;
  }

  public boolean hasSeparateCommands() {
    return parts.separateCommands;
  }

  public Optional<Gpu> gpu() {
    return parts.gpu;
  }

  public Network network() {
    return parts.network;
  }

  public Optional<Duration> timeLimit() {
    return parts.timeLimit;
  }

  public Optional<Duration> patience() {
    return parts.patience;
  }

  public Map<String, String> labels() {
    return parts.labels;
  }

  public Optional<String> backend() {
    return parts.backend;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SessionSpec spec && parts.equals(spec.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  /** All but the values of variables, which may be secrets: this text reaches logs and journals. */
  @Override
  public String toString() {
    Draft shown = new Draft(parts);
    shown.variables = Names.withoutValues(parts.variables);
    return "SessionSpec" + shown.parts().toString().substring("Parts".length());
  }
}
