package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Finding;
import io.overlaysdk.Image;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Refuses what one of the policies that hold here does not allow. */
final class PolicyCheck {
  private static final Path DEVICES = Path.of("/dev");

  private final List<Policy> policies;
  private final ImageRules images;

  /**
   * @param policies of which each has to be kept
   */
  PolicyCheck(List<Policy> policies, DigestMemory digests, Signatures signatures) {
    this.policies =
        policies.stream().distinct().filter(policy -> !policy.rules().isEmpty()).toList();
    this.images = new ImageRules(digests, signatures);
  }

  /** For people: which policies hold. */
  List<String> lines() {
    return policies.stream()
        .map(policy -> "policy " + origin(policy) + ": " + String.join(", ", policy.rules()))
        .toList();
  }

  List<Finding> findings() {
    if (policies.isEmpty()) {
      return List.of(
          Finding.fine(
              "policy", "looked for /etc/overlay-sdk/config.yaml", "none: everything is allowed"));
    }
    return policies.stream()
        .map(
            policy ->
                Finding.fine(
                    "policy",
                    "read the policy " + origin(policy),
                    String.join(", ", policy.rules())))
        .toList();
  }

  /** Which policy refuses an overlay whose file system has no locks. */
  Optional<Policy> demandsLocks() {
    return policies.stream().filter(Policy::requiresLocks).findFirst();
  }

  private static String origin(Policy policy) {
    return policy.source().map(file -> "in " + file).orElse("of this program");
  }

  /** What reads an image, and runs nothing in it, is refused the same images. */
  void image(Image image) {
    if (!policies.isEmpty()) {
      image(new ImageReader().read(image));
    }
  }

  /**
   * @return what has to stay as it is while it is used
   * @throws PolicyException where an image may not be used, for whatever
   */
  Admission image(ImageFacts image) {
    boolean here =
        switch (image.kind()) {
          case SIF, SQUASHFS, EXT3, DIRECTORY -> true;
          case REMOTE, HOST, PENDING -> false;
        };
    if (!here || policies.stream().noneMatch(Policy::restrictsImages)) {
      policies.forEach(policy -> images.checkElsewhere(policy, image));
      return new Admission(Optional.empty(), "", lines());
    }
    Admission admission = Admission.of(image, lines());
    policies.forEach(policy -> images.check(policy, image, admission.state()));
    admission.requireUnchanged();
    return admission;
  }

  /**
   * What a session asks for besides its image and its binds.
   *
   * @param shares what it shares with the host, whoever said so
   * @param user who runs it
   * @throws PolicyException where it may not
   */
  void session(SessionSpec spec, Set<Share> shares, Identity user) {
    for (Policy policy : policies) {
      if (!policy.allowsNetwork() && spec.network() != Network.NONE) {
        throw ImageRules.refused(
            policy,
            "network",
            "the session sees the host's network; ask for none (--network none)");
      }
      boolean capable = (user.isRoot() || spec.isFakeroot()) && !spec.dropsCapabilities();
      if (!policy.allowsCapabilities() && capable) {
        throw ImageRules.refused(
            policy,
            "capabilities",
            "the session's commands have those of root; drop them (--drop-caps)");
      }
      if (!policy.allowsDevices() && spec.gpu().isPresent()) {
        throw ImageRules.refused(
            policy, "devices", "the session has graphics processors; leave them out (--gpu)");
      }
      if (!policy.allowsFakeroot() && spec.isFakeroot()) {
        throw ImageRules.refused(
            policy, "fakeroot", "the session appears to run as root; leave --fakeroot out");
      }
      policy
          .shares()
          .ifPresent(
              allowed ->
                  shares.stream()
                      .filter(share -> !allowed.contains(share))
                      .forEach(share -> refuseShare(policy, share, allowed)));
      spec.overlays().forEach(overlay -> ephemeral(policy, overlay));
    }
  }

  private static void refuseShare(Policy policy, Share share, Set<Share> allowed) {
    throw ImageRules.refused(
        policy,
        "share",
        "the session shares "
            + share.word()
            + " with the host; allowed are "
            + allowed.stream().map(Share::word).toList()
            + ": leave it out of --share and of the configuration");
  }

  private static void ephemeral(Policy policy, Overlay overlay) {
    OptionalLong most = policy.ephemeralBytes();
    if (!overlay.isEphemeral() || most.isEmpty()) {
      return;
    }
    if (overlay.size().isEmpty() || overlay.size().getAsLong() > most.getAsLong()) {
      throw ImageRules.refused(
          policy,
          "create.ephemeral",
          "the ephemeral overlay "
              + (overlay.size().isEmpty()
                  ? "has no limit"
                  : "has " + overlay.size().getAsLong() + " bytes")
              + "; give it a size (--ephemeral=SIZE) of "
              + most.getAsLong()
              + " bytes at most");
    }
  }

  /**
   * The binds of a session, with the sources that were looked at: a link that is changed afterwards
   * leads nowhere else.
   *
   * @throws PolicyException where one may not be bound so
   */
  List<Bind> binds(List<Bind> binds) {
    List<Bind> allowed = binds;
    for (Policy policy : policies) {
      allowed = allowed.stream().map(bind -> bind(policy, bind)).toList();
    }
    return allowed;
  }

  private static Bind bind(Policy policy, Bind bind) {
    if (policy.binds().isEmpty() && policy.allowsDevices()) {
      return bind;
    }
    Path real = ImageRules.real(bind.source());
    if (!policy.allowsDevices() && isDevice(real)) {
      throw ImageRules.refused(
          policy, "devices", real + " is bound at " + bind.target() + "; leave it out");
    }
    policy.binds().ifPresent(sources -> require(policy, sources, real, bind));
    return new Bind(real, bind.target(), bind.access());
  }

  /** What holds all devices is one as well. */
  private static boolean isDevice(Path real) {
    boolean special =
        Files.exists(real, LinkOption.NOFOLLOW_LINKS)
            && !Files.isDirectory(real)
            && !Files.isRegularFile(real);
    return real.startsWith(DEVICES) || DEVICES.startsWith(real) || special;
  }

  private static void require(Policy policy, Map<Path, Access> sources, Path real, Bind bind) {
    Optional<Access> most =
        sources.entrySet().stream()
            .filter(source -> real.startsWith(ImageRules.real(source.getKey())))
            .max(
                (one, other) ->
                    ImageRules.real(one.getKey()).getNameCount()
                        - ImageRules.real(other.getKey()).getNameCount())
            .map(Map.Entry::getValue);
    if (most.isEmpty()) {
      throw ImageRules.refused(
          policy,
          "binds",
          real
              + " is bound at "
              + bind.target()
              + ", and lies at or below none of "
              + sources.keySet()
              + "; bind something there");
    }
    if (most.get() == Access.READ_ONLY && bind.access() == Access.READ_WRITE) {
      throw ImageRules.refused(
          policy,
          "binds.read-only",
          real + " is bound writable at " + bind.target() + "; bind it read-only (:ro)");
    }
  }

  /**
   * @param definition a file that can be read
   * @throws PolicyException where no image may be built, or not of what this one begins with
   */
  void build(Path definition) {
    for (Policy policy : policies) {
      if (!policy.allowsBuilds()) {
        throw ImageRules.refused(
            policy, "build", "an image is built from " + definition + "; use one that is there");
      }
    }
    if (policies.stream().anyMatch(ImageRules::areIn)) {
      DefinitionBases.of(definition).forEach(base -> base.check(this));
    }
  }

  /** Refuses what a definition begins with where nothing is known of it. */
  PolicyException unknownBase(Path definition, String base) {
    Policy policy = policies.stream().filter(ImageRules::areIn).findFirst().orElseThrow();
    return ImageRules.refused(
        policy,
        "images",
        definition
            + " begins with "
            + base
            + ", of which no rule can be kept; begin with an image");
  }

  /**
   * @param what what is made, for the message
   * @param inodes where they are known
   * @throws PolicyException where it is too large
   */
  void overlay(Object what, long bytes, OptionalLong inodes) {
    for (Policy policy : policies) {
      atMost(policy, "create.size", what, bytes, policy.overlayBytes(), "bytes (--size)");
      if (inodes.isPresent()) {
        atMost(
            policy,
            "create.inodes",
            what,
            inodes.getAsLong(),
            policy.overlayInodes(),
            "inodes (--inodes)");
      }
    }
  }

  /** The same of an image that is made, or that one is made of. */
  void overlay(Object what, Path image) {
    if (policies.stream().anyMatch(PolicyCheck::limitsOverlays)) {
      try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
        boolean ext = Content.of(file).kind() == Content.Kind.EXT;
        overlay(
            what,
            file.size(),
            ext ? OptionalLong.of(ExtSuperblock.room(file, 0).inodes()) : OptionalLong.empty());
      }
    }
  }

  private static boolean limitsOverlays(Policy policy) {
    return policy.overlayBytes().isPresent() || policy.overlayInodes().isPresent();
  }

  private static void atMost(
      Policy policy, String rule, Object what, long asked, OptionalLong most, String unit) {
    if (most.isPresent() && asked > most.getAsLong()) {
      throw ImageRules.refused(
          policy,
          rule,
          what
              + " would have "
              + asked
              + " "
              + unit
              + "; make one with "
              + most.getAsLong()
              + " at most");
    }
  }
}
