package io.overlaysdk.backend.support.sif;

import io.overlaysdk.backend.support.sif.Dialect.UserMounts;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Probe.Absent;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.spi.Probe.Tool;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds a tool, which product it is, and what the machine lets it do. */
final class ToolProbe {
  private static final Pattern VERSION = Pattern.compile("(\\S+) version (\\S+)");
  private static final List<String> HELPERS =
      List.of("squashfuse_ll", "squashfuse", "fuse-overlayfs", "fuse2fs", "newuidmap");

  private final Host host;
  private final String program;
  private final List<Dialect> dialects;
  private final Map<String, Tool> tools = new LinkedHashMap<>();
  private final Map<String, String> facts = new LinkedHashMap<>();

  private ToolProbe(Host host, String program, List<Dialect> dialects) {
    this.host = host;
    this.program = program;
    this.dialects = dialects;
  }

  static Probe probe(Host host, String program, List<Dialect> dialects) {
    return new ToolProbe(host, program, dialects).probe();
  }

  private Probe probe() {
    if (!host.os().equals("Linux")) {
      return new Absent(
          program + " runs on Linux only, and this is " + host.os(),
          "Run this on a Linux machine.");
    }
    Optional<Path> path = host.find(program);
    if (path.isEmpty()) {
      return new Absent("there is no program \"" + program + "\" on PATH", install());
    }
    Optional<Answer> answer = host.ask(List.of(path.get().toString(), "--version"));
    if (answer.isEmpty() || answer.get().status() != 0) {
      return new Absent(
          path.get() + " does not say its version" + answer.map(this::complaint).orElse(""),
          "Run \"" + path.get() + " --version\" to see why.");
    }
    return known(path.get(), answer.get().stdout().strip());
  }

  private String complaint(Answer answer) {
    return " but " + answer.stderr().strip();
  }

  private Probe known(Path path, String said) {
    Matcher words = VERSION.matcher(said);
    Optional<Dialect> dialect =
        words.matches()
            ? dialects.stream().filter(d -> d.answer().equals(words.group(1))).findFirst()
            : Optional.empty();
    if (dialect.isEmpty()) {
      return new Absent(
          path + " is none of " + products() + ": it says \"" + said + "\"", install());
    }
    Optional<Version> version = Version.parse(words.group(2));
    if (version.isEmpty() || version.get().isBefore(dialect.get().minimum())) {
      return new Absent(tooOld(path, words.group(2), dialect.get()), install());
    }
    tools.put(program, new Tool(path, words.group(2)));
    look(path, dialect.get());
    return new Present(tools, facts);
  }

  private static String tooOld(Path path, String version, Dialect dialect) {
    return String.format("%s is %s %s, which %s", path, dialect.product(), version, dialect.why());
  }

  private String install() {
    return "Install "
        + dialects.stream()
            .map(dialect -> dialect.product() + " " + dialect.minimum() + " or newer")
            .collect(Collectors.joining(", or "))
        + ", or name its place in the configuration.";
  }

  private String products() {
    return dialects.stream().map(Dialect::product).collect(Collectors.joining(" and "));
  }

  private void look(Path path, Dialect dialect) {
    facts.put(Facts.PRODUCT, dialect.product());
    Conf build = asked(List.of(path.toString(), "buildcfg"));
    build
        .value(dialect.setuidKey())
        .ifPresent(value -> facts.put(Facts.SETUID, value.equals("0") ? "no" : "yes"));
    build.value(dialect.confKey()).ifPresent(file -> readConfiguration(file, dialect));
    HELPERS.forEach(helper -> findHelper(helper, build.value("LIBEXECDIR")));
    host.read(Path.of("/proc/sys/kernel/osrelease"))
        .ifPresent(release -> facts.put(Facts.KERNEL, release.strip()));
    if (host.identity().isRoot() && !host.identity().capable()) {
      Capabilities.withheld(host).ifPresent(names -> facts.put(Facts.WITHHELD, names));
    }
    device("/dev/nvidiactl", Facts.NVIDIA);
    device("/dev/kfd", Facts.AMD);
  }

  private Conf asked(List<String> words) {
    return Conf.parse(
        host.ask(words).filter(answer -> answer.status() == 0).map(Answer::stdout).orElse(""));
  }

  private void readConfiguration(String file, Dialect dialect) {
    if (!file.startsWith("/") || file.indexOf('\0') >= 0) {
      return;
    }
    facts.put(Facts.CONFIGURATION, file);
    Optional<String> text = host.read(Path.of(file));
    if (dialect.userMounts() == UserMounts.FUSE && !host.identity().isRoot()) {
      text.ifPresent(site -> facts.put(Facts.SITE, Conf.essence(site)));
    }
    Conf conf = Conf.parse(text.orElse(""));
    Facts.DIRECTIVES.forEach(name -> conf.value(name).ifPresent(value -> facts.put(name, value)));
    Facts.PROMISED.forEach(
        name ->
            conf.value(name)
                .filter(value -> value.equals("no"))
                .ifPresent(value -> facts.put(name, value)));
  }

  /** On PATH, or beside the tool, where its packages put the programs that they bring along. */
  private void findHelper(String name, Optional<String> libexec) {
    Optional<Path> onPath = host.find(name);
    if (onPath.isPresent()) {
      tools.put(name, new Tool(onPath.get(), ""));
      return;
    }
    libexec
        .filter(folder -> folder.startsWith("/") && folder.indexOf('\0') < 0)
        .map(folder -> Path.of(folder, "apptainer", "bin", name))
        .filter(path -> host.ask(List.of(path.toString(), "--version")).isPresent())
        .ifPresent(path -> tools.put(name, new Tool(path, "")));
  }

  private void device(String path, String fact) {
    if (host.isWritable(Path.of(path))) {
      facts.put(fact, path);
    }
  }
}
