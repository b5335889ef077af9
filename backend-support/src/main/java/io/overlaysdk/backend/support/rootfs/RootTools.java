package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Probe.Absent;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.spi.Probe.Tool;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.RootMapping;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The programs that every merged root needs, and whether this machine lets them do their work. */
public final class RootTools {
  /** What an overlay of the kernel is mounted with. */
  public static final String MOUNT = "mount";

  /** What runs the constant scripts. */
  public static final String SHELL = "sh";

  /** What makes namespaces. */
  public static final String UNSHARE = "unshare";

  /** What takes capabilities away; not on every machine. */
  static final String SETPRIV = "setpriv";

  private static final String NEWUIDMAP = "newuidmap";
  private static final String NEWGIDMAP = "newgidmap";

  static final String FUSE2FS = "fuse2fs";
  static final String SQUASHFUSE = "squashfuse";

  /** The fact that says why fakeroot does not work; absent where it does. */
  static final String NO_FAKEROOT = "fakeroot is not possible";

  /** The fact that says why nothing can be mounted by a program; absent where that works. */
  static final String NO_FUSE = "FUSE is not possible";

  /** The fact that squashfuse cannot say that all files are the user's. */
  static final String NO_OWNER = "squashfuse does not know the option uid";

  /** The fact that names the formats that root mounts from a file without FUSE. */
  static final String LOOP = "loop mounts";

  private static final String TRY = Scripts.read("try.sh");
  private static final Path FUSE = Path.of("/dev/fuse");
  private static final Path FILE_SYSTEMS = Path.of("/proc/filesystems");

  /** Several print the versions of libfuse and of the kernel's protocol before their own. */
  private static final Pattern VERSION =
      Pattern.compile("(?:fuse-overlayfs: version|fuse2fs|squashfuse|util-linux) (\\d\\S*)");

  private final Host host;
  private final Map<String, Tool> tools = new LinkedHashMap<>();
  private final Map<String, String> facts = new LinkedHashMap<>();
  private boolean givesOwner = true;

  private RootTools(Host host) {
    this.host = host;
  }

  /** Looks for the programs and tries the namespaces; {@code merger} is what merges the layers. */
  public static Probe probe(Host host, String merger, String mergerPackage) {
    RootTools all = new RootTools(host);
    return all.lacking(List.of(Map.entry(merger, mergerPackage)))
        .or(all::noMounter)
        .or(() -> all.impossible(List.of()))
        .orElseGet(all::present);
  }

  /** The same for layers that the kernel merges: only what every system has is asked for. */
  public static Probe probeKernel(Host host) {
    RootTools all = new RootTools(host);
    return all.lacking(List.of())
        .or(() -> all.impossible(List.of(options(host.identity().isRoot()))))
        .orElseGet(all::presentForKernel);
  }

  /**
   * The options with which the kernel merges, beside those that name layers; each with a comma
   * before it. Without userxattr a plain user's overlay has no opaque directories (EIO). Root's
   * must not depend on how the kernel is configured.
   */
  public static String options(boolean root) {
    return root ? ",redirect_dir=off,metacopy=off,index=off" : ",userxattr";
  }

  /** Where the probe of {@code request} found {@code tool}. */
  public static Path path(Request request, String tool) {
    return request.tool().tool(tool).orElseThrow().path();
  }

  /** What the probe of {@code request} found to become root with. */
  static RootMapping rootMapping(Request request) {
    return new RootMapping(
        path(request, UNSHARE),
        request
            .tool()
            .tool(NEWUIDMAP)
            .map(
                users ->
                    new RootMapping.Helpers(
                        path(request, SHELL), users.path(), path(request, NEWGIDMAP))));
  }

  private Probe present() {
    return new Present(tools, facts);
  }

  private Probe presentForKernel() {
    if (noMounter().isPresent() && !facts.containsKey(NO_FUSE)) {
      facts.put(NO_FUSE, SQUASHFUSE + " is not installed");
    }
    if (host.identity().isRoot()) {
      findLoop();
    } else if (!givesOwner) {
      facts.put(NO_OWNER, path(SQUASHFUSE));
    }
    return present();
  }

  private Optional<Probe> lacking(List<Map.Entry<String, String>> mergers) {
    if (!host.os().equals("Linux")) {
      return Optional.of(
          new Absent(
              "a merged root needs Linux, this is " + host.os(), "Run this on a Linux machine."));
    }
    List<Map.Entry<String, String>> packages = new ArrayList<>(mergers);
    packages.add(Map.entry(UNSHARE, "util-linux"));
    packages.add(Map.entry(MOUNT, MOUNT));
    packages.add(Map.entry(SHELL, "dash"));
    find(SETPRIV, SETPRIV);
    return packages.stream()
        .filter(needed -> !find(needed.getKey(), needed.getKey()))
        .findFirst()
        .map(needed -> missing(needed.getKey(), needed.getValue()));
  }

  /** Why nothing that lies in a file can be mounted by a program, where that is so. */
  private Optional<Probe> noMounter() {
    if (!host.isWritable(FUSE)) {
      facts.put(NO_FUSE, FUSE + " cannot be opened for reading and writing");
      return Optional.of(
          new Absent(
              facts.get(NO_FUSE),
              "Load the kernel module fuse and allow users to open " + FUSE + " (mode 0666)."));
    }
    find(FUSE2FS, FUSE2FS);
    // the low-level variant is faster
    if (!find(SQUASHFUSE, "squashfuse_ll") && !find(SQUASHFUSE, SQUASHFUSE)) {
      return Optional.of(missing(SQUASHFUSE, SQUASHFUSE));
    }
    return Optional.empty();
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
          case SHELL, SETPRIV -> null;
          default -> "--version";
        };
    if (option == null) {
      return "";
    }
    String said =
        host.ask(List.of(program.toString(), option))
            .map(answer -> answer.stdout() + "\n" + answer.stderr())
            .orElse("");
    if (name.equals(SQUASHFUSE)) {
      givesOwner = said.contains("uid=");
    }
    Matcher version = VERSION.matcher(said);
    return version.find() ? version.group(1) : "";
  }

  private void findLoop() {
    Optional<Path> losetup = host.find("losetup");
    boolean free =
        losetup
            .flatMap(program -> host.ask(List.of(program.toString(), "--find")))
            .filter(answer -> answer.status() == 0)
            .isPresent();
    String known = host.read(FILE_SYSTEMS).orElse("");
    List<String> formats =
        Stream.of("squashfs", "ext3").filter(name -> known.contains("\t" + name + "\n")).toList();
    if (free && !formats.isEmpty()) {
      facts.put(LOOP, String.join(" ", formats));
    }
  }

  /** Why a merged root cannot be mounted and entered here, where that is so. */
  private Optional<Probe> impossible(List<String> options) {
    boolean root = host.identity().isRoot();
    Optional<String> problem = failure(trial(root ? Mode.ROOT : Mode.USER, unmapped(), options));
    if (problem.isPresent()) {
      return Optional.of(
          new Absent(
              "namespaces cannot be made: " + problem.get(),
              "Allow user namespaces (sysctl user.max_user_namespaces,"
                  + " kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns;"
                  + " in a container, its seccomp profile and masked /proc), with util-linux 2.36"
                  + (options.isEmpty() ? "" : " and Linux 5.11")
                  + " or newer."));
    }
    if (!root && host.identity().subordinate().isPresent()) {
      RootMapping mapping = RootMapping.of(host).orElseThrow();
      mapping.helpers().ifPresent(this::add);
      failure(trial(Mode.FAKEROOT, mapping, options)).ifPresent(why -> facts.put(NO_FAKEROOT, why));
    }
    return Optional.empty();
  }

  private void add(RootMapping.Helpers helpers) {
    tools.put(NEWUIDMAP, new Tool(helpers.users(), ""));
    tools.put(NEWGIDMAP, new Tool(helpers.groups(), ""));
  }

  /** For those who map no subordinate ids, so that nobody has to be asked how. */
  private RootMapping unmapped() {
    return new RootMapping(tool(UNSHARE).path(), Optional.empty());
  }

  private List<String> trial(Mode mode, RootMapping mapping, List<String> options) {
    List<String> words = mode.words(mapping, host.identity());
    words.addAll(List.of(path(SHELL), "-c", TRY, "overlay-sdk", path(UNSHARE)));
    words.add(mode == Mode.USER ? "self" : "as-is");
    words.addAll(options);
    return words;
  }

  private String path(String tool) {
    return tool(tool).path().toString();
  }

  private Tool tool(String name) {
    return Objects.requireNonNull(tools.get(name), name);
  }

  private Optional<String> failure(List<String> words) {
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
