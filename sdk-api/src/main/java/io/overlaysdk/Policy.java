package io.overlaysdk;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What no session may do, whatever its spec says. Immutable. A rule that is not set allows
 * everything; of those that are set each has to be kept, and where there are several policies, the
 * site's and that of a {@link Configuration}, each of them: one can only narrow the other. What is
 * not allowed is refused with {@link PolicyException} before anything starts.
 *
 * <p>It guards users of the SDK against mistakes, and a service that runs sessions for others. It
 * does not hold anybody who may start a container tool, or a program of his own, by hand: that is
 * what the tool's own configuration is for, such as {@code apptainer.conf}.
 */
public final class Policy {
  private static final Policy NONE = new Builder().build();

  private record Parts(
      Optional<Path> source,
      Optional<List<Path>> imagePaths,
      Optional<List<String>> imageOwners,
      Optional<List<String>> imageDigests,
      Optional<List<String>> remoteImages,
      Optional<Boolean> hostImage,
      Optional<List<Path>> signatureKeys,
      Optional<Path> verifier,
      Optional<Map<Path, Access>> binds,
      Optional<Set<Share>> shares,
      boolean builds,
      boolean network,
      boolean devices,
      boolean fakeroot,
      boolean capabilities,
      boolean locks,
      OptionalLong overlayBytes,
      OptionalLong overlayInodes,
      OptionalLong ephemeralBytes) {}

  private final Parts parts;

  private Policy(Parts parts) {
    this.parts = parts;
  }

  /** Allows everything. */
  public static Policy none() {
    return NONE;
  }

  /** Starts from {@link #none()}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The policy of the site: what {@code /etc/overlay-sdk/config.yaml} has under {@code policy}, and
   * {@link #none()} where there is no such file. It holds whichever configuration is used.
   *
   * @throws ConfigException where the file is wrong or out of reach, where somebody else than root
   *     could have written it, or where it is there and overlay-sdk-yaml is not on the class path
   */
  public static Policy ofSite() {
    return ConfigurationFiles.ofSite()
        .map(file -> Configuration.read(file).policy())
        .orElseGet(Policy::none);
  }

  /** The file that it was read from; empty where a program made it. */
  public Optional<Path> source() {
    return parts.source;
  }

  /** Below which directories an image has to lie, links resolved. */
  public Optional<List<Path>> imagePaths() {
    return parts.imagePaths;
  }

  /** To whom an image has to belong: names or ids of users. */
  public Optional<List<String>> imageOwners() {
    return parts.imageOwners;
  }

  /** Which SHA-256 an image has to have, in lower-case hexadecimal digits. */
  public Optional<List<String>> imageDigests() {
    return parts.imageDigests;
  }

  /**
   * Whether an image that a tool fetches by itself is allowed. Where nothing says so it is, unless
   * there are rules about images that nothing is known of before they are fetched.
   */
  public boolean allows(URI image) {
    return parts
        .remoteImages
        .map(all -> all.stream().anyMatch(text -> new UriPrefix(text).covers(image)))
        .orElse(!restrictsImages());
  }

  /**
   * With what the URI of an image that is fetched has to begin: an empty text where all are
   * allowed, nothing where none is.
   */
  public Optional<List<String>> remoteImages() {
    return parts.remoteImages;
  }

  /**
   * Whether the machine itself may be the image. Where nothing says so it may, unless there are
   * rules about images or about what is bound: the machine shows all that the user may read.
   */
  public boolean allowsHostImage() {
    return parts.hostImage.orElse(!restrictsImages() && parts.binds.isEmpty());
  }

  /** Whether there are rules that only an image in a file or a directory can keep. */
  public boolean restrictsImages() {
    return parts.imagePaths.isPresent()
        || parts.imageOwners.isPresent()
        || parts.imageDigests.isPresent()
        || parts.signatureKeys.isPresent();
  }

  /**
   * With which public keys, in PEM files, an image has to be signed; with one that the container
   * tool of the user trusts where the list is empty. No signature is needed where nothing is here.
   */
  public Optional<List<Path>> signatureKeys() {
    return parts.signatureKeys;
  }

  /** The Apptainer or Singularity that checks signatures; else the one on PATH. */
  public Optional<Path> verifier() {
    return parts.verifier;
  }

  /** What of the host may be bound or shared: at or below which paths, links resolved, and how. */
  public Optional<Map<Path, Access>> binds() {
    return parts.binds;
  }

  /** What may be shared with the host. */
  public Optional<Set<Share>> shares() {
    return parts.shares;
  }

  /** Whether images may be built. */
  public boolean allowsBuilds() {
    return parts.builds;
  }

  /** Whether a session may see the host's network. */
  public boolean allowsNetwork() {
    return parts.network;
  }

  /** Whether a session may have graphics processors, or devices bound. */
  public boolean allowsDevices() {
    return parts.devices;
  }

  /** Whether a session may appear to run as root. */
  public boolean allowsFakeroot() {
    return parts.fakeroot;
  }

  /**
   * Whether the commands of a session may have capabilities: root's, or with fakeroot those of its
   * user namespace. Where they may not, such a session has to drop them ({@link
   * SessionSpec#dropCapabilities}).
   */
  public boolean allowsCapabilities() {
    return parts.capabilities;
  }

  /**
   * Whether an overlay is refused where its file system has no locks that all hosts know of. Else
   * lease files beside it keep those of this SDK apart there.
   */
  public boolean requiresLocks() {
    return parts.locks;
  }

  /** How large an overlay in one file may be, in bytes. */
  public OptionalLong overlayBytes() {
    return parts.overlayBytes;
  }

  /** How many inodes an overlay in one file may have. */
  public OptionalLong overlayInodes() {
    return parts.overlayInodes;
  }

  /** How large an ephemeral overlay may be, in bytes; one without a size has no limit. */
  public OptionalLong ephemeralBytes() {
    return parts.ephemeralBytes;
  }

  /** The rules that are set, in the words of the file, for people; empty for {@link #none()}. */
  public List<String> rules() {
    List<String> rules = new ArrayList<>();
    parts.imagePaths.ifPresent(paths -> rules.add("images.paths " + paths));
    parts.imageOwners.ifPresent(owners -> rules.add("images.owners " + owners));
    parts.imageDigests.ifPresent(digests -> rules.add("images.digests " + digests));
    parts.remoteImages.ifPresent(
        prefixes ->
            rules.add(
                "images.remote "
                    + (prefixes.isEmpty() ? "false" : prefixes.contains("") ? "true" : prefixes)));
    parts.hostImage.ifPresent(host -> rules.add("images.host " + host));
    parts.signatureKeys.ifPresent(
        keys -> rules.add("images.verified " + (keys.isEmpty() ? "true" : keys)));
    parts.binds.ifPresent(binds -> rules.add("binds " + binds));
    parts.shares.ifPresent(
        shares -> rules.add("share " + shares.stream().map(Share::word).toList()));
    denied(rules, parts.builds, "build");
    denied(rules, parts.network, "network");
    denied(rules, parts.devices, "devices");
    denied(rules, parts.fakeroot, "fakeroot");
    denied(rules, parts.capabilities, "capabilities");
    if (parts.locks) {
      rules.add("locks required");
    }
    parts.overlayBytes.ifPresent(bytes -> rules.add("create.size " + bytes));
    parts.overlayInodes.ifPresent(inodes -> rules.add("create.inodes " + inodes));
    parts.ephemeralBytes.ifPresent(bytes -> rules.add("create.ephemeral " + bytes));
    return List.copyOf(rules);
  }

  private static void denied(List<String> rules, boolean allowed, String rule) {
    if (!allowed) {
      rules.add(rule + " false");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Policy policy && parts.equals(policy.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  @Override
  public String toString() {
    return "Policy" + rules();
  }

  /** Puts a policy together; what is not set is allowed. */
  public static final class Builder {
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    private Optional<Path> source = Optional.empty();
    private Optional<List<Path>> imagePaths = Optional.empty();
    private Optional<List<String>> imageOwners = Optional.empty();
    private Optional<List<String>> imageDigests = Optional.empty();
    private Optional<List<String>> remoteImages = Optional.empty();
    private Optional<Boolean> hostImage = Optional.empty();
    private Optional<List<Path>> signatureKeys = Optional.empty();
    private Optional<Path> verifier = Optional.empty();
    private Optional<Map<Path, Access>> binds = Optional.empty();
    private Optional<Set<Share>> shares = Optional.empty();
    private boolean builds = true;
    private boolean network = true;
    private boolean devices = true;
    private boolean fakeroot = true;
    private boolean capabilities = true;
    private boolean locks;
    private OptionalLong overlayBytes = OptionalLong.empty();
    private OptionalLong overlayInodes = OptionalLong.empty();
    private OptionalLong ephemeralBytes = OptionalLong.empty();

    private Builder() {}

    /** The file that it is read from, which refusals name. */
    public Builder source(Path file) {
      source = Optional.of(file);
      return this;
    }

    /**
     * Images have to lie below one of these directories, links resolved.
     *
     * @throws InvalidSpecException where one of them is not absolute
     */
    public Builder imagePaths(Collection<Path> directories) {
      directories.forEach(directory -> requireAbsolute(directory, "where images lie"));
      imagePaths = Optional.of(List.copyOf(directories));
      return this;
    }

    /** Images have to belong to one of these users, given by name or by id. */
    public Builder imageOwners(Collection<String> users) {
      imageOwners = Optional.of(List.copyOf(users));
      return this;
    }

    /**
     * Images have to be files with one of these SHA-256.
     *
     * @throws InvalidSpecException where one is not 64 hexadecimal digits
     */
    public Builder imageDigests(Collection<String> digests) {
      List<String> small = digests.stream().map(text -> text.toLowerCase(Locale.ROOT)).toList();
      for (String digest : small) {
        if (!DIGEST.matcher(digest).matches()) {
          throw new InvalidSpecException(
              "a SHA-256 has 64 hexadecimal digits, not \"" + digest + "\"");
        }
      }
      imageDigests = Optional.of(small);
      return this;
    }

    /**
     * Images that a tool fetches by itself are allowed where their URI is one of these, or goes on
     * behind one of these at the end of a part: {@code docker://registry.example/team} allows
     * {@code docker://registry.example/team/tool:1}, {@code docker://} whatever has that scheme.
     *
     * @throws InvalidSpecException where one has no scheme
     */
    public Builder remoteImages(Collection<String> prefixes) {
      prefixes.forEach(UriPrefix::of);
      remoteImages = Optional.of(List.copyOf(prefixes));
      return this;
    }

    /** Whether images that a tool fetches by itself are allowed, all of them or none. */
    public Builder remoteImages(boolean allowed) {
      remoteImages = Optional.of(allowed ? List.of("") : List.of());
      return this;
    }

    /** Whether the machine itself may be the image. */
    public Builder hostImage(boolean allowed) {
      hostImage = Optional.of(allowed);
      return this;
    }

    /**
     * Images have to be SIFs of which every part is signed, as {@code apptainer verify --all} tells
     * it.
     *
     * @param keys files with public keys in PEM form, one of which verifies all signatures; where
     *     there are none, a key in the key ring of the user, who may put any into it
     * @throws InvalidSpecException where one of them is not absolute
     */
    public Builder verifiedImages(Collection<Path> keys) {
      keys.forEach(key -> requireAbsolute(key, "a key"));
      signatureKeys = Optional.of(List.copyOf(keys));
      return this;
    }

    /**
     * The Apptainer or Singularity that checks signatures, whatever a configuration calls so.
     *
     * @throws InvalidSpecException where it is not absolute
     */
    public Builder verifier(Path program) {
      requireAbsolute(program, "what verifies images");
      verifier = Optional.of(program);
      return this;
    }

    /**
     * Nothing else of the host may be bound or shared but what lies at or below these paths, links
     * resolved; the longest that fits counts.
     *
     * @param sources how each may be bound at most
     * @throws InvalidSpecException where one of them is not absolute
     */
    public Builder binds(Map<Path, Access> sources) {
      sources.keySet().forEach(source -> requireAbsolute(source, "what may be bound"));
      binds = Optional.of(Collections.unmodifiableMap(new LinkedHashMap<>(sources)));
      return this;
    }

    /** Nothing else may be shared. */
    public Builder shares(Collection<Share> allowed) {
      shares = Optional.of(Collections.unmodifiableSet(new TreeSet<>(allowed)));
      return this;
    }

    /** No images may be built. */
    public Builder denyBuilds() {
      builds = false;
      return this;
    }

    /** Sessions have to do without the host's network. */
    public Builder denyNetwork() {
      network = false;
      return this;
    }

    /** No graphics processors, and no devices bound. */
    public Builder denyDevices() {
      devices = false;
      return this;
    }

    /** No session may appear to run as root. */
    public Builder denyFakeroot() {
      fakeroot = false;
      return this;
    }

    /** Commands of root, and those with fakeroot, have to do without capabilities. */
    public Builder denyCapabilities() {
      capabilities = false;
      return this;
    }

    /** No overlays on file systems without locks that all hosts know of. */
    public Builder requireLocks() {
      locks = true;
      return this;
    }

    /**
     * An overlay in one file may have this size at most.
     *
     * @throws InvalidSpecException where it is not positive
     */
    public Builder overlayBytes(long most) {
      overlayBytes = OptionalLong.of(requirePositive(most));
      return this;
    }

    /**
     * An overlay in one file may have so many inodes at most.
     *
     * @throws InvalidSpecException where it is not positive
     */
    public Builder overlayInodes(long most) {
      overlayInodes = OptionalLong.of(requirePositive(most));
      return this;
    }

    /**
     * An ephemeral overlay has to have a size, and this one at most.
     *
     * @throws InvalidSpecException where it is not positive
     */
    public Builder ephemeralBytes(long most) {
      ephemeralBytes = OptionalLong.of(requirePositive(most));
      return this;
    }

    /** The policy as it is now; the builder can be used on. */
    public Policy build() {
      return new Policy(
          new Parts(
              source,
              imagePaths,
              imageOwners,
              imageDigests,
              remoteImages,
              hostImage,
              signatureKeys,
              verifier,
              binds,
              shares,
              builds,
              network,
              devices,
              fakeroot,
              capabilities,
              locks,
              overlayBytes,
              overlayInodes,
              ephemeralBytes));
    }

    private static void requireAbsolute(Path path, String what) {
      if (!Objects.requireNonNull(path, what).isAbsolute()) {
        throw new InvalidSpecException(what + " must be an absolute path: " + path);
      }
    }

    private static long requirePositive(long most) {
      if (most <= 0) {
        throw new InvalidSpecException("a limit must be more than nothing, not " + most);
      }
      return most;
    }
  }
}
