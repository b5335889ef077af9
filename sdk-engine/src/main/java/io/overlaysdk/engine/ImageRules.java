package io.overlaysdk.engine;

import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.Secrets;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a policy says about the image of a session. */
final class ImageRules {

  private final DigestMemory digests;
  private final Signatures signatures;

  ImageRules(DigestMemory digests, Signatures signatures) {
    this.digests = digests;
    this.signatures = signatures;
  }

  /** Whether it has any. */
  static boolean areIn(Policy policy) {
    return policy.restrictsImages() || policy.remoteImages().isPresent();
  }

  /** The machine itself, and what a tool fetches. What an earlier step builds is asked for then. */
  void checkElsewhere(Policy policy, ImageFacts image) {
    if (image.kind() == ImageFacts.Kind.HOST && !policy.allowsHostImage()) {
      throw refused(policy, "images.host", "the machine itself is the image; use another image");
    }
    if (image.kind() == ImageFacts.Kind.REMOTE && !policy.allows(URI.create(image.location()))) {
      throw refused(
          policy,
          "images.remote",
          "the image is fetched from "
              + Secrets.masked(image.location())
              + "; allowed are "
              + policy.remoteImages().orElse(List.of())
              + ": use one of those, or one in a file");
    }
  }

  /**
   * @param image in a file or a directory
   * @param state in which it is now
   */
  void check(Policy policy, ImageFacts image, String state) {
    policy.imagePaths().ifPresent(paths -> requirePath(policy, image.path(), paths));
    policy.imageOwners().ifPresent(owners -> requireOwner(policy, image.path(), owners));
    policy.imageDigests().ifPresent(allowed -> requireDigest(policy, image, allowed));
    policy.signatureKeys().ifPresent(keys -> requireSignature(policy, image, keys, state));
  }

  /** Its location had no links in it, but that may have changed. */
  private static void requirePath(Policy policy, Path image, List<Path> paths) {
    Path there = real(image);
    if (paths.stream().noneMatch(path -> there.startsWith(real(path)))) {
      throw refused(
          policy,
          "images.paths",
          "the image " + there + " lies below none of " + paths + "; use one that does");
    }
  }

  private static void requireOwner(Policy policy, Path image, List<String> owners) {
    try {
      String id = Files.getAttribute(image, "unix:uid").toString();
      String name = Files.getOwner(image).getName();
      // a name of digits could be meant for another user's id
      boolean allowed =
          owners.contains(id)
              || owners.contains(name) && !name.chars().allMatch(Character::isDigit);
      if (!allowed) {
        throw refused(
            policy,
            "images.owners",
            "the image "
                + image
                + " belongs to "
                + name
                + " (user id "
                + id
                + ") and to none of "
                + owners
                + "; use one that does");
      }
    } catch (IOException e) {
      throw refused(policy, "images.owners", "cannot tell whom " + image + " belongs to: " + e);
    }
  }

  private void requireDigest(Policy policy, ImageFacts image, List<String> allowed) {
    if (image.kind() == ImageFacts.Kind.DIRECTORY) {
      throw refused(
          policy,
          "images.digests",
          "the image "
              + image.path()
              + " is a directory, which has no digest; use an image in a file");
    }
    String found = digests.ofImage(image.path());
    if (!allowed.contains(found)) {
      throw refused(
          policy,
          "images.digests",
          "the image "
              + image.path()
              + " has the SHA-256 "
              + found
              + ", which is not listed; use one that is");
    }
  }

  private void requireSignature(Policy policy, ImageFacts image, List<Path> keys, String state) {
    if (image.kind() != ImageFacts.Kind.SIF) {
      throw refused(
          policy,
          "images.verified",
          "the image "
              + image.path()
              + " has no signature, because it is no SIF; use a signed SIF");
    }
    signatures
        .problem(image.path(), keys, policy.verifier(), state)
        .ifPresent(
            problem -> {
              throw refused(
                  policy,
                  "images.verified",
                  "the signatures of " + image.path() + " cannot be verified: " + problem);
            });
  }

  /** Where nothing is, nothing lies either. */
  static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize();
    }
  }

  static PolicyException refused(Policy policy, String rule, String problem) {
    return new PolicyException(rule, policy.source(), problem);
  }
}
