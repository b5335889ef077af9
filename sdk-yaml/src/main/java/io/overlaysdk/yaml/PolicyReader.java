package io.overlaysdk.yaml;

import io.overlaysdk.Access;
import io.overlaysdk.Policy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/** Reads what no session may do. */
final class PolicyReader {
  static final List<String> KEYS =
      List.of(
          "images",
          "binds",
          "share",
          "build",
          "network",
          "devices",
          "fakeroot",
          "capabilities",
          "locks",
          "create");
  static final List<String> IMAGE_KEYS =
      List.of("paths", "owners", "digests", "remote", "host", "verified", "verifier");
  static final List<String> CREATE_KEYS = List.of("size", "inodes", "ephemeral");

  private final Policy.Builder policy = Policy.builder();

  private PolicyReader() {}

  static Policy read(Node node) {
    PolicyReader reader = new PolicyReader();
    reader.policy.source(node.place().file());
    reader.rules(Section.of(node, KEYS));
    return reader.policy.build();
  }

  private void rules(Section section) {
    section.ifPresent("images", node -> images(Section.of(node, IMAGE_KEYS)));
    section.ifPresent("binds", node -> policy.binds(binds(node)));
    section.ifPresent(
        "share", node -> policy.shares(node.items().stream().map(HostParts::share).toList()));
    ifDenied(section, "build", policy::denyBuilds);
    ifDenied(section, "network", policy::denyNetwork);
    ifDenied(section, "devices", policy::denyDevices);
    ifDenied(section, "fakeroot", policy::denyFakeroot);
    ifDenied(section, "capabilities", policy::denyCapabilities);
    section.ifPresent("locks", this::locks);
    section.ifPresent("create", node -> limits(Section.of(node, CREATE_KEYS)));
  }

  private void images(Section images) {
    images.ifPresent("paths", node -> policy.imagePaths(paths(node)));
    images.ifPresent(
        "owners", node -> policy.imageOwners(node.items().stream().map(Values::name).toList()));
    images.ifPresent(
        "digests",
        node -> policy.imageDigests(each(node, Values::name, Policy.Builder::imageDigests)));
    images.ifPresent(
        "remote",
        node -> {
          if (node instanceof Node.Items) {
            policy.remoteImages(each(node, Values::name, Policy.Builder::remoteImages));
          } else {
            policy.remoteImages(node.truth());
          }
        });
    images.ifPresent("host", node -> policy.hostImage(node.truth()));
    images.ifPresent("verified", this::verified);
    images.ifPresent("verifier", node -> check(node, () -> policy.verifier(Values.path(node))));
  }

  private void locks(Node node) {
    if (!node.text().equals("required")) {
      throw node.place().error("can only be required, not \"" + node.text() + "\"");
    }
    policy.requireLocks();
  }

  private void verified(Node node) {
    if (node instanceof Node.Items keys) {
      if (keys.items().isEmpty()) {
        throw node.place().error("name a key, or write true for those that the user's tool knows");
      }
      policy.verifiedImages(paths(node));
    } else if (node.truth()) {
      policy.verifiedImages(List.of());
    }
  }

  private static Map<Path, Access> binds(Node node) {
    Section section = Section.of(node, HostParts.ACCESS.keySet());
    Map<Path, Access> binds = new LinkedHashMap<>();
    HostParts.ACCESS.forEach(
        (word, access) ->
            section
                .items(word)
                .forEach(
                    item -> {
                      Path path = Values.path(item);
                      check(item, () -> Policy.builder().binds(Map.of(path, access)));
                      if (binds.put(path, access) != null) {
                        throw item.place().error("this path is there already");
                      }
                    }));
    return binds;
  }

  private void limits(Section create) {
    create.ifPresent("size", node -> check(node, () -> policy.overlayBytes(Values.size(node))));
    create.ifPresent("inodes", node -> check(node, () -> policy.overlayInodes(Values.size(node))));
    create.ifPresent(
        "ephemeral", node -> check(node, () -> policy.ephemeralBytes(Values.size(node))));
  }

  private static void ifDenied(Section section, String key, Runnable deny) {
    section.ifPresent(
        key,
        node -> {
          if (!node.truth()) {
            deny.run();
          }
        });
  }

  private static List<Path> paths(Node node) {
    return each(node, Values::path, Policy.Builder::imagePaths);
  }

  /**
   * The items of a list, each of which is refused at its own place.
   *
   * @param rule what refuses it
   */
  private static <T> List<T> each(
      Node list,
      Function<Node, T> reader,
      BiFunction<Policy.Builder, List<T>, Policy.Builder> rule) {
    return list.items().stream()
        .map(
            item -> {
              T value = reader.apply(item);
              check(item, () -> rule.apply(Policy.builder(), List.of(value)));
              return value;
            })
        .toList();
  }

  private static void check(Node node, Supplier<Policy.Builder> rule) {
    node.place().check(rule);
  }
}
