package io.overlaysdk.yaml;

import io.overlaysdk.Bind;
import io.overlaysdk.Configuration;
import java.util.List;

/** Reads what a site decides for all sessions. */
final class ConfigurationFile {
  static final List<String> KEYS =
      List.of(
          "version",
          "backends",
          "executables",
          "templates",
          "scratch",
          "state",
          "binds",
          "share",
          "environment",
          "time-limit",
          "grace",
          "output-limit",
          "policy");

  private ConfigurationFile() {}

  static Configuration read(Node root) {
    Section file = Section.of(root, KEYS);
    Values.requireVersion(file);
    Configuration.Builder site = Configuration.builder();
    file.items("backends").forEach(node -> site.backend(Values.name(node)));
    file.entries("executables").forEach((name, entry) -> executable(site, name, entry.value()));
    file.entries("templates").forEach((name, entry) -> template(site, name, entry.value()));
    file.ifPresent("scratch", node -> node.place().check(() -> site.scratch(Values.path(node))));
    file.ifPresent("state", node -> node.place().check(() -> site.state(Values.path(node))));
    file.items("binds").forEach(node -> site.bind(bind(node)));
    file.items("share").forEach(node -> site.share(HostParts.share(node)));
    file.entries("environment").forEach((name, entry) -> variable(site, name, entry));
    limits(file, site);
    file.ifPresent("policy", node -> site.policy(PolicyReader.read(node)));
    return site.build();
  }

  private static void limits(Section file, Configuration.Builder site) {
    file.ifPresent(
        "time-limit", node -> node.place().check(() -> site.timeLimit(Values.duration(node))));
    file.ifPresent("grace", node -> node.place().check(() -> site.grace(Values.duration(node))));
    file.ifPresent("output-limit", node -> site.outputLimit(outputLimit(node)));
  }

  private static void template(Configuration.Builder site, String name, Node path) {
    path.place().check(() -> site.template(name, Values.path(path)));
  }

  private static void executable(Configuration.Builder site, String name, Node path) {
    path.place().check(() -> site.executable(name, Values.path(path)));
  }

  private static void variable(Configuration.Builder site, String name, Node.Entry entry) {
    String value = entry.value().text();
    entry.key().check(() -> site.variable(name, value));
  }

  /** Relative to what, a site could not say: its sessions start in any directory. */
  private static Bind bind(Node node) {
    Bind bind = HostParts.bind(node);
    if (!bind.source().isAbsolute()) {
      throw node.place()
          .error("what a site binds must be an absolute path: \"" + bind.source() + "\"");
    }
    return bind;
  }

  private static int outputLimit(Node node) {
    long size = Values.size(node);
    if (size > Integer.MAX_VALUE) {
      throw node.place().error("at most 2147483647 bytes of output can be kept, not " + size);
    }
    return (int) size;
  }
}
