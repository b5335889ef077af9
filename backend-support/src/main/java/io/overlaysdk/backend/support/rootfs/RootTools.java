package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Probe.Absent;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.spi.Probe.Tool;
import io.overlaysdk.spi.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The programs that every merged root needs, and whether this machine lets them do their work. */
public final class RootTools {
  static final String BWRAP = "bwrap";
  static final String FUSE2FS = "fuse2fs";
  static final String SHELL = "sh";
  static final String SQUASHFUSE = "squashfuse";
  static final String UNSHARE = "unshare";

  /** The fact that says why fakeroot does not work; absent where it does. */
  static final String NO_FAKEROOT = "fakeroot is not possible";

  private static final Path FUSE = Path.of("/dev/fuse");

  /** Several print the versions of libfuse and of the kernel's protocol before their own. */
  private static final Pattern VERSION =
      Pattern.compile(
          "(?:fuse-overlayfs: version|fuse2fs|squashfuse|bubblewrap|util-linux) (\\d\\S*)");

  private final Host host;
  private final Map<String, Tool> tools = new LinkedHashMap<>();

  private RootTools(Host host) {
    this.host = host;
  }

  /** Looks for the programs and tries the namespaces; {@code merger} is what merges the layers. */
  public static Probe probe(Host host, String merger, String mergerPackage) {
    return new RootTools(host).probe(merger, mergerPackage);
  }

  /** Where the probe of {@code request} found {@code tool}. */
  public static Path path(Request request, String tool) {
    return request.tool().tool(tool).orElseThrow().path();
  }

  private Probe probe(String merger, String mergerPackage) {
    if (!host.os().equals("Linux")) {
      return new Absent(
          "a merged root needs Linux, this is " + host.os(), "Run this on a Linux machine.");
    }
    Map<String, String> packages = new LinkedHashMap<>();
    packages.put(merger, mergerPackage);
    packages.put(BWRAP, "bubblewrap");
    packages.put(UNSHARE, "util-linux");
    packages.put(SHELL, "dash");
    for (Map.Entry<String, String> needed : packages.entrySet()) {
      if (!find(needed.getKey(), needed.getKey())) {
        return missing(needed.getKey(), needed.getValue());
      }
    }
    // the low-level variant is faster; since the owners come from the merge, its age does not
    // matter
    if (!find(SQUASHFUSE, "squashfuse_ll") && !find(SQUASHFUSE, SQUASHFUSE)) {
      return missing(SQUASHFUSE, SQUASHFUSE);
    }
    find(FUSE2FS, FUSE2FS);
    if (!host.isWritable(FUSE)) {
      return new Absent(
          FUSE + " cannot be opened for reading and writing",
          "Load the kernel module fuse and allow users to open " + FUSE + " (mode 0666).");
    }
    return tryNamespaces();
  }

  private boolean find(String name, String program) {
    Optional<Path> path = host.find(program);
    path.ifPresent(found -> tools.put(name, new Tool(found, version(name, found))));
    return path.isPresent();
  }

  private static Absent missing(String program, String debianPackage) {
    return new Absent(
        program + " is not installed",
        "Install the package " + debianPackage + ", or say in the configuration where it is.");
  }

  private String version(String name, Path program) {
    String option =
        switch (name) {
          case FUSE2FS -> "-V";
          case SQUASHFUSE -> "--help";
          case SHELL -> null;
          default -> "--version";
        };
    if (option == null) {
      return "";
    }
    return host.ask(List.of(program.toString(), option))
        .map(answer -> version(answer.stdout() + "\n" + answer.stderr()))
        .orElse("");
  }

  private static String version(String text) {
    Matcher version = VERSION.matcher(text);
    return version.find() ? version.group(1) : "";
  }

  private Probe tryNamespaces() {
    boolean root = host.identity().isRoot();
    List<String> words = unshare(root ? Mode.ROOT : Mode.USER);
    if (!root) {
      words.addAll(List.of(path(UNSHARE), "--user", "--map-current-user"));
    }
    words.addAll(List.of(path(BWRAP), "--unshare-pid", "--ro-bind", "/", "/"));
    words.addAll(List.of("--dev", "/dev", "--proc", "/proc", path(SHELL), "-c", ":"));
    Optional<String> problem = problem(words);
    if (problem.isPresent()) {
      return new Absent(
          "namespaces cannot be made: " + problem.get(),
          "Allow user namespaces (sysctl user.max_user_namespaces,"
              + " kernel.apparmor_restrict_unprivileged_userns; in a container, its seccomp profile"
              + " and masked /proc), with util-linux 2.36 and bubblewrap 0.5 or newer.");
    }
    Map<String, String> facts = new LinkedHashMap<>();
    if (!root && host.identity().subordinate().isPresent()) {
      List<String> fakeroot = unshare(Mode.FAKEROOT);
      fakeroot.addAll(List.of(path(SHELL), "-c", ":"));
      problem(fakeroot).ifPresent(reason -> facts.put(NO_FAKEROOT, reason));
    }
    return new Present(tools, facts);
  }

  private List<String> unshare(Mode mode) {
    List<String> words = new ArrayList<>(List.of(path(UNSHARE)));
    words.addAll(mode.namespaces());
    return words;
  }

  private String path(String tool) {
    return tools.get(tool).path().toString();
  }

  private Optional<String> problem(List<String> words) {
    Optional<Answer> answer = host.ask(words);
    if (answer.isEmpty()) {
      return Optional.of(words.get(0) + " could not be started or did not end");
    }
    if (answer.get().status() == 0) {
      return Optional.empty();
    }
    String said = answer.get().stderr().strip();
    return Optional.of(said.isEmpty() ? "unshare ended with " + answer.get().status() : said);
  }
}
