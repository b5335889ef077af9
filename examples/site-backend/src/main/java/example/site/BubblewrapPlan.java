package example.site;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Network;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The image over a layer in memory, which has the mount points that the image may lack; bubblewrap
 * makes the two its root. A plan is data: steps that the engine does once, and an invocation for
 * each command, which holds all mounts and ends with them.
 */
record BubblewrapPlan(Request request) implements Plan {
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /**
   * Constant: what differs between sessions comes in as arguments, so that nothing needs quoting.
   * The mount has relative paths, because a comma or colon would end one. Mount points are made
   * beforehand, because a plain user can make none in a directory of root's, not even in an
   * overlay. Nothing is read through a link of the image, which could lead to a file of the host.
   */
  private static final String SCRIPT =
      """
      cd "$1" && user=$2 uid=$3 gid=$4 home=$5 mount=$6 && shift 6 || exit 1
      "$mount" -t tmpfs -o mode=755 tmpfs layer || exit 1
      cd layer && mkdir -p root points/dev points/proc points/sys points/etc || exit 1
      while [ "$1" != -- ]; do # pairs of source and target
        if [ -d "$1" ]; then mkdir -p "points$2"; else mkdir -p "points${2%/*}" && : >"points$2"; fi || exit 1
        shift 2
      done
      shift
      etc=../image/etc
      known() { # in this file of the image, this id, else this line
        [ -f "$etc/$1" ] && [ ! -L "$etc/$1" ] && [ ! -L "$etc" ] || return 0
        grep '' "$etc/$1" >"$1"
        grep -q "^[^:]*:[^:]*:$2:" "$1" || echo "$3" >>"$1"
      }
      known passwd "$uid" "$user:x:$uid:$gid::$home:/bin/sh"
      known group "$gid" "$user:x:$gid:"
      if [ -f /etc/resolv.conf ] && [ ! -L "$etc/resolv.conf" ] && [ ! -L "$etc" ]; then
        cat /etc/resolv.conf >resolv.conf && : >points/etc/resolv.conf
      fi
      "$mount" -t overlay -o lowerdir=../image:points overlay root || exit 1
      exec "$@"
      """;

  /** As Apptainer does before a command, where the image has been built by it. */
  private static final String IMAGE_ENVIRONMENT =
      "for f in /.singularity.d/env/*.sh; do [ ! -f \"$f\" ] || . \"$f\"; done; exec \"$@\"";

  /** Root sees the owners of files as they are; a plain user needs a user namespace to mount. */
  static List<String> namespaces(Identity identity) {
    return identity.isRoot() ? List.of("--mount") : List.of("--user", "--map-root-user", "--mount");
  }

  @Override
  public String reason() {
    return "the image is a directory and nothing is to be written to it";
  }

  /** There are no overlays to be read, and none to be written. */
  @Override
  public Set<Dialect> reads() {
    return Set.of(Dialect.NEUTRAL);
  }

  @Override
  public Optional<Dialect> writes() {
    return Optional.empty();
  }

  /** The engine makes these, and takes them away when the session ends. */
  @Override
  public List<Step> prepare() {
    return List.of(
        new Step.MakeDirectory(scratch("layer")),
        new Step.Link(scratch("image"), request.image().path()),
        new Step.WriteFile(scratch("enter.sh"), SCRIPT));
  }

  @Override
  public Invocation enter(Command command, Stdio stdio) {
    Identity user = request.identity();
    List<String> words = new ArrayList<>(namespaces(user));
    // unshare stays as the parent, because bubblewrap ends with the thread that started it: a
    // thread of the JVM may end before its time
    words.addAll(List.of("--kill-child", "--", tool("sh"), scratch("enter.sh").toString()));
    words.addAll(
        List.of(
            request.scratch().toString(),
            user.user(),
            Integer.toString(user.uid()),
            Integer.toString(user.gid()),
            user.home().toString(),
            tool("mount")));
    request
        .binds()
        .forEach(bind -> words.addAll(List.of(bind.source().toString(), bind.target().text())));
    words.addAll(List.of("--", tool("bwrap")));
    words.addAll(root(user));
    request.binds().forEach(bind -> words.addAll(mounted(bind)));
    words.addAll(environment(user, command));
    words.addAll(
        List.of("--chdir", command.directory().map(ContainerPath::text).orElse("/"), "--"));
    if (command.words().get(0).equals("/bin/sh")) {
      words.addAll(List.of("/bin/sh", "-c", IMAGE_ENVIRONMENT, "sh"));
    }
    words.addAll(command.words());
    return Invocation.of(present().tool("unshare").orElseThrow().path(), words);
  }

  /** bubblewrap mounts these in their order. */
  private List<String> root(Identity user) {
    List<String> words = new ArrayList<>(List.of("--unshare-pid", "--die-with-parent"));
    if (!user.isRoot()) {
      words.addAll(List.of("--unshare-user", "--uid", "" + user.uid(), "--gid", "" + user.gid()));
    }
    words.addAll(List.of("--ro-bind", "root", "/", "--dev", "/dev", "--proc", "/proc"));
    words.addAll(List.of("--ro-bind", "/sys", "/sys"));
    // the script makes these where the image and the host have them
    words.addAll(List.of("--ro-bind-try", "passwd", "/etc/passwd"));
    words.addAll(List.of("--ro-bind-try", "group", "/etc/group"));
    if (request.spec().dropsCapabilities()) {
      words.addAll(List.of("--cap-drop", "ALL"));
    }
    if (request.spec().network() == Network.NONE) {
      words.add("--unshare-net");
    } else {
      words.addAll(List.of("--ro-bind-try", "resolv.conf", "/etc/resolv.conf"));
    }
    return words;
  }

  private static List<String> mounted(Bind bind) {
    return List.of(
        bind.access() == Access.READ_ONLY ? "--ro-bind" : "--bind",
        bind.source().toString(),
        bind.target().text());
  }

  private static List<String> environment(Identity user, Command command) {
    List<String> words = new ArrayList<>(List.of("--clearenv", "--setenv", "PATH", PATH));
    words.addAll(List.of("--setenv", "HOME", user.home().toString()));
    command.variables().forEach((name, value) -> words.addAll(List.of("--setenv", name, value)));
    return words;
  }

  @Override
  public int failureStatus() {
    return 1;
  }

  private Path scratch(String name) {
    return request.scratch().resolve(name);
  }

  private String tool(String name) {
    return present().tool(name).orElseThrow().path().toString();
  }

  private Probe.Present present() {
    return request.tool();
  }
}
