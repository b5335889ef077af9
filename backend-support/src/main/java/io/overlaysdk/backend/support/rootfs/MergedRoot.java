package io.overlaysdk.backend.support.rootfs;

import static io.overlaysdk.backend.support.rootfs.Operations.End.AWAIT;
import static io.overlaysdk.backend.support.rootfs.Operations.End.LEAVE;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Network;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Plans a session in a root that is merged from layers and entered with unshare. */
public final class MergedRoot implements Plan {
  private static final String SCRIPT = Scripts.read("merged-root.sh");
  private static final String INSIDE = Scripts.read("inside.sh");
  private static final String IN_CONTAINER = Scripts.read("in-container.sh");
  private static final Pattern PLAIN = Pattern.compile("/[A-Za-z0-9/._-]+");
  private static final String RESOLVER = "/etc/resolv.conf";

  private final Request request;
  private final Merge merge;
  private final Mode mode;
  private final Optional<HostRoot> host;
  private final Path directory;
  private final List<String> outside;
  private final List<String> inside;

  private MergedRoot(Request request, Merge merge) {
    this.request = request;
    this.merge = merge;
    this.mode = Mode.of(request);
    this.host = HostRoot.of(request);
    this.directory = request.scratch().resolve("root");
    Operations layers = new Operations();
    Stack stack = Layers.add(request, mode, merge, layers);
    this.outside = outside(stack, layers);
    this.inside = inside(stack);
  }

  /**
   * The plan for {@code request}.
   *
   * @throws UnsupportedException where a merged root cannot express it
   */
  public static Plan of(Request request, Merge merge) {
    Limits.check(request, merge);
    return new MergedRoot(request, merge);
  }

  @Override
  public String reason() {
    return merge.reason();
  }

  @Override
  public Set<Dialect> reads() {
    return merge.reads();
  }

  @Override
  public Optional<Dialect> writes() {
    boolean writable = request.overlays().stream().anyMatch(OverlayFacts::isWritable);
    return writable ? Optional.of(merge.writes()) : Optional.empty();
  }

  @Override
  public List<Step> prepare() {
    return List.of(new Step.MakeDirectory(directory));
  }

  /** What shells use for a failure before the command. */
  @Override
  public int failureStatus() {
    return 125;
  }

  @Override
  public Invocation enter(Command command, Stdio stdio) {
    String unshare = tool(RootTools.UNSHARE);
    List<String> words = mode.words(RootTools.rootMapping(request), request.identity());
    words.addAll(List.of(tool(RootTools.SHELL), "-c", SCRIPT, "overlay-sdk", directory.toString()));
    words.addAll(outside);
    words.addAll(List.of("enter", unshare));
    words.addAll(List.of("--mount", "--pid", "--fork", "--kill-child"));
    if (request.spec().network() == Network.NONE) {
      words.add("--net");
    }
    words.addAll(List.of(tool(RootTools.SHELL), "-c", INSIDE, "overlay-sdk"));
    if (stdio == Stdio.TERMINAL) {
      words.add("console");
    }
    words.addAll(inside);
    words.addAll(List.of("enter", unshare, mode == Mode.USER ? "self" : "as-is"));
    words.add(request.spec().dropsCapabilities() ? tool(RootTools.SETPRIV) : "keep");
    words.add(home());
    words.add(command.directory().map(ContainerPath::text).orElse("/"));
    words.addAll(List.of("/bin/sh", "-c", IN_CONTAINER, "overlay-sdk"));
    words.add(Integer.toString(command.variables().size()));
    words.addAll(command.variables().keySet());
    words.addAll(command.words());
    return new Invocation(
        Path.of(words.get(0)), words.subList(1, words.size()), values(command.variables()));
  }

  /** Values travel in the environment, because every user of the machine can read words. */
  private static Map<String, String> values(Map<String, String> variables) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String value : variables.values()) {
      values.put("OVERLAYSDK_VALUE_" + values.size(), value);
    }
    return values;
  }

  private List<String> outside(Stack stack, Operations all) {
    addPoints(all);
    host.ifPresent(root -> root.addFrames(stack, all));
    if (host.filter(HostRoot::isTree).isPresent()) {
      all.add("tree");
    } else {
      boolean awaited = stack.upper().isPresent() && !merge.isByKernel();
      all.attach(Stack.MERGED, awaited ? AWAIT : LEAVE, merge.words(stack));
    }
    host.ifPresent(root -> root.addPlaces(stack, tool(RootTools.MOUNT), all));
    return all.words();
  }

  private List<String> inside(Stack stack) {
    Operations all = new Operations();
    // the places of the machine's own root that nobody may write to are read-only by themselves
    if (stack.upper().isEmpty() && host.isEmpty()) {
      all.add("seal");
    }
    all.add("devices").add("processes", mode == Mode.ROOT ? "guarded" : "").add("system");
    addAccount(all);
    if (hasResolver()) {
      all.offer("ro", RESOLVER, RESOLVER);
    }
    addBinds(all);
    return all.words();
  }

  /** Of the mount points those of which it is plain what they are: one program makes them all. */
  private List<String> known() {
    List<String> known = new ArrayList<>(List.of("points/dev", "points/proc", "points/sys"));
    if (hasResolver()) {
      known.add("points/etc");
    }
    for (Bind bind : request.binds()) {
      String target = bind.target().text();
      if (bind.source().startsWith(request.scratch()) && isPlain(target)) {
        known.add("points" + target);
      }
    }
    return known;
  }

  /** Whether no shell, no option and no table can take the path for anything else. */
  static boolean isPlain(String path) {
    return PLAIN.matcher(path).matches();
  }

  private boolean hasResolver() {
    return request.spec().network() == Network.HOST && host.isEmpty();
  }

  private void addPoints(Operations all) {
    all.add("make", String.join(" ", known()));
    for (String target : List.of("/dev", "/proc", "/sys")) {
      all.point("/", target);
    }
    if (hasResolver()) {
      all.point(RESOLVER, RESOLVER);
    }
    for (Bind bind : request.binds()) {
      all.point(bind.source().toString(), bind.target().text());
    }
  }

  /** Root is in every image's files, and what root changes in them belongs into the overlay. */
  private void addAccount(Operations all) {
    if (mode == Mode.USER) {
      Identity identity = request.identity();
      String user = identity.user() + ":x:" + identity.uid() + ":";
      String home = identity.gid() + "::" + identity.home() + ":/bin/sh";
      all.account("passwd", identity.uid(), user + home);
      all.account("group", identity.gid(), identity.user() + ":x:" + identity.gid() + ":");
    }
  }

  private void addBinds(Operations all) {
    List<String> earlier = new ArrayList<>(List.of("/dev", "/proc", "/sys"));
    for (Bind bind : request.binds()) {
      String access = bind.access() == Access.READ_ONLY ? "ro" : "rw";
      String source = bind.source().toString();
      String target = bind.target().text();
      if (earlier.stream().anyMatch(above -> target.startsWith(above + "/"))) {
        all.within(access, source, target);
      } else {
        all.place(access, source, target);
      }
      earlier.add(target);
    }
  }

  private String home() {
    return mode == Mode.USER ? request.identity().home().toString() : "/root";
  }

  private String tool(String name) {
    return RootTools.path(request, name).toString();
  }
}
