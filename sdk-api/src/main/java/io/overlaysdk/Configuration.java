package io.overlaysdk;

import io.overlaysdk.spi.ConfigurationReader;
import java.nio.file.Files;
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

/**
 * What a site decides for all sessions: which backends come first, where their programs are, where
 * scratch files go, what every session sees of the host, and limits. Immutable.
 */
public final class Configuration {
  private static final Configuration DEFAULTS = new Builder().build();

  private record Parts(
      List<String> backends,
      Map<String, Path> executables,
      Map<String, Path> templates,
      Optional<Path> scratch,
      Optional<Path> state,
      List<Bind> binds,
      Set<Share> shares,
      Map<String, String> variables,
      Optional<Duration> timeLimit,
      Duration grace,
      int outputLimit,
      Policy policy) {}

  private final Parts parts;

  private Configuration(Parts parts) {
    this.parts = parts;
  }

  /** What holds where a site says nothing. */
  public static Configuration defaults() {
    return DEFAULTS;
  }

  /** Starts from {@link #defaults()}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The site's configuration: the file that the environment variable {@code OVERLAYSDK_CONFIG}
   * names; else {@code $XDG_CONFIG_HOME/overlay-sdk/config.yaml}, where {@code XDG_CONFIG_HOME} is
   * {@code ~/.config} unless set; else {@code /etc/overlay-sdk/config.yaml}; else {@link
   * #defaults()}. The first that is there is read, and no other; one that cannot be looked at is
   * not passed over. The site's policy is read besides ({@link Policy#ofSite()}) when the SDK is
   * opened.
   *
   * @throws ConfigException where the file is wrong or out of reach, where the variable names none,
   *     or where a file is there and overlay-sdk-yaml is not on the class path to read it
   */
  public static Configuration load() {
    return ConfigurationFiles.find(System.getenv(), Path.of(System.getProperty("user.home")))
        .map(Configuration::read)
        .orElse(DEFAULTS);
  }

  /**
   * Reads a configuration file.
   *
   * @throws ConfigException where the file is wrong or missing, or overlay-sdk-yaml is not on the
   *     class path
   */
  public static Configuration read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ConfigException(
          file, 0, 0, "", "there is no such configuration file, or it cannot be looked at");
    }
    return ConfigurationReader.forFile(file).configuration(file);
  }

  /** The names of the backends to try, the first first; the others come after them. */
  public List<String> backends() {
    return parts.backends;
  }

  /** Where programs are that are not, or not only, on PATH, by the name of the program. */
  public Map<String, Path> executables() {
    return parts.executables;
  }

  /** The ext3 images that overlays are made of, by their names; each may be compressed. */
  public Map<String, Path> templates() {
    return parts.templates;
  }

  /** Under which directory sessions put their scratch files; else the platform's temporary one. */
  public Optional<Path> scratch() {
    return parts.scratch;
  }

  /** Where the journal of sessions is; else {@code $XDG_STATE_HOME/overlay-sdk}. */
  public Optional<Path> state() {
    return parts.state;
  }

  /** What every session has bound, before its own binds. */
  public List<Bind> binds() {
    return parts.binds;
  }

  /** What every session shares with the host. */
  public Set<Share> shares() {
    return parts.shares;
  }

  /** What every session has in its environment; its own variables win. */
  public Map<String, String> variables() {
    return parts.variables;
  }

  /** The time limit of a command that has none, nor its session. */
  public Optional<Duration> timeLimit() {
    return parts.timeLimit;
  }

  /** How long what is told to end may take before it is killed; 5 seconds unless set. */
  public Duration grace() {
    return parts.grace;
  }

  /** How many bytes of each output stream a {@link Result} keeps; 16 MiB unless set. */
  public int outputLimit() {
    return parts.outputLimit;
  }

  /**
   * What no session may do that is opened with this configuration; {@link Policy#none()} unless
   * set. The site's own policy ({@link Policy#ofSite()}) holds besides, whatever this one allows.
   */
  public Policy policy() {
    return parts.policy;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Configuration that && parts.equals(that.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  /** All but the values of variables, which may be secrets. */
  @Override
  public String toString() {
    Parts shown =
        new Parts(
            parts.backends,
            parts.executables,
            parts.templates,
            parts.scratch,
            parts.state,
            parts.binds,
            parts.shares,
            Names.withoutValues(parts.variables),
            parts.timeLimit,
            parts.grace,
            parts.outputLimit,
            parts.policy);
    return "Configuration" + shown.toString().substring("Parts".length());
  }

  /** Puts a configuration together; what is not set is as in {@link #defaults()}. */
  public static final class Builder {
    private final List<String> backends = new ArrayList<>();
    private final Map<String, Path> executables = new LinkedHashMap<>();
    private final Map<String, Path> templates = new LinkedHashMap<>();
    private Optional<Path> scratch = Optional.empty();
    private Optional<Path> state = Optional.empty();
    private final List<Bind> binds = new ArrayList<>();
    private final Set<Share> shares = new TreeSet<>();
    private Map<String, String> variables = Map.of();
    private Optional<Duration> timeLimit = Optional.empty();
    private Duration grace = Duration.ofSeconds(5);
    private int outputLimit = 16 << 20;
    private Optional<Policy> policy = Optional.empty();

    private Builder() {}

    /** Tried after those that were named before. */
    public Builder backend(String name) {
      backends.add(Objects.requireNonNull(name, "name"));
      return this;
    }

    /**
     * Where the program {@code name} is.
     *
     * @throws InvalidSpecException where {@code path} is not absolute
     */
    public Builder executable(String name, Path path) {
      Objects.requireNonNull(name, "name");
      executables.put(name, requireAbsolute(path, "the executable " + name));
      return this;
    }

    /**
     * The ext3 image that overlays are made of which ask for the template {@code name}.
     *
     * @throws InvalidSpecException where {@code path} is not absolute
     */
    public Builder template(String name, Path path) {
      Objects.requireNonNull(name, "name");
      templates.put(name, requireAbsolute(path, "the template " + name));
      return this;
    }

    /**
     * Under which directory sessions put their scratch files.
     *
     * @throws InvalidSpecException where {@code directory} is not absolute
     */
    public Builder scratch(Path directory) {
      scratch = Optional.of(requireAbsolute(directory, "the scratch directory"));
      return this;
    }

    /**
     * Where the journal of sessions is.
     *
     * @throws InvalidSpecException where {@code directory} is not absolute
     */
    public Builder state(Path directory) {
      state = Optional.of(requireAbsolute(directory, "the state directory"));
      return this;
    }

    /** Bound in every session, after those that were given before. */
    public Builder bind(Bind bind) {
      binds.add(Objects.requireNonNull(bind, "bind"));
      return this;
    }

    /** Shared with every session. */
    public Builder share(Share share) {
      shares.add(share);
      return this;
    }

    /**
     * One environment variable more for every session.
     *
     * @throws InvalidSpecException where no shell can export the name, or the value holds a NUL
     */
    public Builder variable(String name, String value) {
      variables = Names.with(variables, name, value);
      return this;
    }

    /**
     * The time limit of a command that has none, nor its session.
     *
     * @throws InvalidSpecException where the limit is not positive
     */
    public Builder timeLimit(Duration limit) {
      timeLimit = Optional.of(Command.requirePositive(limit));
      return this;
    }

    /**
     * How long what is told to end may take before it is killed.
     *
     * @throws InvalidSpecException where the time is not positive
     */
    public Builder grace(Duration time) {
      grace = Command.requirePositive(time);
      return this;
    }

    /**
     * How many bytes of each output stream a {@link Result} keeps.
     *
     * @throws InvalidSpecException where the limit is negative
     */
    public Builder outputLimit(int bytes) {
      if (bytes < 0) {
        throw new InvalidSpecException("the output limit cannot be negative: " + bytes);
      }
      outputLimit = bytes;
      return this;
    }

    /** What no session may do; it can only narrow the site's policy. */
    public Builder policy(Policy rules) {
      policy = Optional.of(rules);
      return this;
    }

    /** The configuration as it is now; the builder can be used on. */
    public Configuration build() {
      return new Configuration(
          new Parts(
              List.copyOf(backends),
              Collections.unmodifiableMap(new LinkedHashMap<>(executables)),
              Collections.unmodifiableMap(new LinkedHashMap<>(templates)),
              scratch,
              state,
              List.copyOf(binds),
              Collections.unmodifiableSet(new TreeSet<>(shares)),
              variables,
              timeLimit,
              grace,
              outputLimit,
              policy.orElseGet(Policy::none)));
    }

    private static Path requireAbsolute(Path path, String what) {
      if (!path.isAbsolute()) {
        throw new InvalidSpecException(what + " must be an absolute path: " + path);
      }
      return path;
    }
  }
}
