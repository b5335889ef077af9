package io.overlaysdk.engine;

import io.overlaysdk.Finding;
import io.overlaysdk.Finding.Level;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.RootMapping;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks at what of this machine decides what works: its kernel, its settings and its tools. */
final class MachineCheck {
  private static final Path FUSE = Path.of("/dev/fuse");
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?");

  /** Settings that switch user namespaces off, each with the value that does. */
  private static final List<List<String>> SWITCHES =
      List.of(
          List.of("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces"),
          List.of(
              "/proc/sys/kernel/unprivileged_userns_clone",
              "0",
              "sysctl kernel.unprivileged_userns_clone"),
          List.of(
              "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
              "1",
              "sysctl kernel.apparmor_restrict_unprivileged_userns"));

  /**
   * A tool, and what one that is too old lacks (overlay-facts §1.4, §5).
   *
   * @param option what it tells its version for
   * @param since the first version without that lack
   */
  private record Known(
      String name, String option, String aptPackage, String use, String since, String lack) {}

  private static final List<Known> TOOLS =
      List.of(
          new Known(
              "apptainer",
              "--version",
              "apptainer",
              "the backend apptainer, building images",
              "1.2",
              "overlays of a plain user are not on by default"),
          new Known(
              "singularity",
              "--version",
              "singularity-ce",
              "the backend singularity",
              "1.2",
              "it is refused"),
          new Known(
              "fuse-overlayfs",
              "--version",
              "fuse-overlayfs",
              "the backend fuse-overlayfs; apptainer for plain users",
              "1.8",
              "it does not know the option noacl, which Apptainer passes"),
          new Known(
              "squashfuse",
              "--help",
              "squashfuse",
              "SIF and squashfs files for whoever is not root",
              "0.5",
              "it cannot say that all files are the user's, so the backend overlayfs refuses it"),
          new Known(
              "fuse2fs",
              "-V",
              "fuse2fs",
              "ext3 overlays for whoever is not root",
              "1.47.3",
              "a file that is removed while it is open may stay, without a message"),
          new Known(
              "mkfs.ext3",
              "-V",
              "e2fsprogs",
              "making ext3 overlays, and ephemeral ones with a size",
              "1.43",
              "it cannot fill what it makes (-d)"),
          new Known(
              "unshare",
              "--version",
              "util-linux",
              "the backends overlayfs and fuse-overlayfs, fakeroot",
              "2.36",
              "a plain user cannot mount as the user who it is (--keep-caps)"),
          new Known(
              "getfattr",
              "--version",
              "attr",
              "reading root's overlays of the kernel",
              "2.4",
              "it is not known to work"),
          new Known(
              "unsquashfs",
              "-version",
              "squashfs-tools",
              "SIF and squashfs files where nothing mounts them",
              "4.4",
              "it is not known to work"));

  private final Host host;
  private final List<Finding> findings = new ArrayList<>();

  private MachineCheck(Host host) {
    this.host = host;
  }

  static List<Finding> of(Host host) {
    MachineCheck check = new MachineCheck(host);
    if (!host.os().equals("Linux")) {
      return List.of(
          new Finding(
              "operating system",
              Level.PROBLEM,
              "asked the JVM",
              host.os(),
              "no session can run: overlays need Linux",
              "Run sessions on a Linux machine. Workflows can be read and explained here"));
    }
    check.kernel();
    check.userNamespaces();
    check.fuse();
    check.subordinateIds();
    TOOLS.forEach(check::tool);
    return List.copyOf(check.findings);
  }

  private void kernel() {
    Path file = Path.of("/proc/sys/kernel/osrelease");
    String release = host.read(file).orElse("").strip();
    String tried = "read " + file;
    if (release.isEmpty() || isOlder(release, "5.11")) {
      findings.add(
          new Finding(
              "kernel",
              Level.WARNING,
              tried,
              release.isEmpty() ? "nothing" : release,
              "a plain user's overlay of the kernel needs Linux 5.11",
              "Use fuse-overlayfs, or a newer kernel"));
    } else {
      findings.add(Finding.fine("kernel", tried, release));
    }
  }

  private void userNamespaces() {
    String subject = "user namespaces";
    if (host.identity().isRoot()) {
      findings.add(Finding.fine(subject, "asked who this is", "root needs none"));
      return;
    }
    Optional<String> problem =
        problem("unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "true");
    String tried = "unshare --user --mount";
    if (problem.isEmpty()) {
      findings.add(Finding.fine(subject, tried, "they can be made"));
      return;
    }
    List<String> causes = new ArrayList<>();
    for (List<String> setting : SWITCHES) {
      if (host.read(Path.of(setting.get(0)))
          .map(String::strip)
          .equals(Optional.of(setting.get(1)))) {
        causes.add(setting.get(2));
      }
    }
    findings.add(
        new Finding(
            subject,
            Level.PROBLEM,
            tried,
            problem.get(),
            "the backends overlayfs and fuse-overlayfs, and an Apptainer without setuid, cannot run",
            causes.isEmpty()
                ? "In a container, allow them in its seccomp profile; else ask the administrator"
                : "Ask the administrator to change " + String.join(" and ", causes)));
  }

  private void fuse() {
    if (host.isWritable(FUSE)) {
      findings.add(Finding.fine("FUSE", "looked at " + FUSE, "it can be opened"));
    } else {
      findings.add(
          new Finding(
              "FUSE",
              Level.WARNING,
              "looked at " + FUSE,
              FUSE + " cannot be opened for reading and writing",
              "squashfuse, fuse2fs and fuse-overlayfs cannot run: only directories, and what root"
                  + " mounts, can be images and overlays",
              "Load the kernel module fuse, and give " + FUSE + " the mode 0666"));
    }
  }

  private void subordinateIds() {
    String subject = "subordinate ids";
    if (host.identity().isRoot()) {
      findings.add(Finding.fine(subject, "asked who this is", "root needs none"));
      return;
    }
    String meaning = "there is no fakeroot (package managers need it), and owners are not kept";
    String tried = "read /etc/subuid and /etc/subgid";
    if (host.identity().subordinate().isEmpty()) {
      findings.add(
          new Finding(
              subject,
              Level.WARNING,
              tried,
              host.identity().user() + " has none",
              meaning,
              "Ask the administrator for them: usermod --add-subuids 100000-165535"
                  + " --add-subgids 100000-165535 "
                  + host.identity().user()));
      return;
    }
    findings.add(
        unmapped()
            .map(
                text ->
                    new Finding(
                        subject,
                        Level.WARNING,
                        tried + ", and tried to map them",
                        text,
                        meaning,
                        "Install newuidmap and newgidmap (the package uidmap or shadow-utils)"))
            .orElseGet(
                () ->
                    Finding.fine(
                        subject,
                        tried + ", and mapped them",
                        host.identity().subordinate().get().uids() + " ids")));
  }

  private Optional<String> unmapped() {
    return RootMapping.of(host)
        .map(
            root -> {
              List<String> words = new ArrayList<>(root.words(host.identity()));
              words.add("true");
              return problem(words);
            })
        .orElse(Optional.of("unshare is not here"));
  }

  private void tool(Known known) {
    String tried = known.name + " " + known.option;
    Optional<Path> path = host.find(known.name);
    if (path.isEmpty()) {
      findings.add(
          new Finding(
              known.name,
              Level.WARNING,
              "looked on PATH",
              "it is not here",
              "missing for: " + known.use,
              "Install the package " + known.aptPackage + " where you want that"));
      return;
    }
    String version =
        host.ask(List.of(path.get().toString(), known.option))
            .map(answer -> answer.stdout() + " " + answer.stderr())
            .map(text -> version(known.name, text))
            .orElse("");
    String found =
        (version.isEmpty() ? "of an unknown version" : version) + " (" + path.get() + ")";
    boolean old = !version.isEmpty() && isOlder(version, known.since);
    findings.add(
        old
            ? new Finding(
                known.name,
                Level.WARNING,
                tried,
                found,
                "before " + known.since + " " + known.lack,
                "Install a newer " + known.name)
            : Finding.fine(known.name, tried, found));
  }

  /** The numbers that follow the name, or the first; several tell of their libraries too. */
  private static String version(String name, String text) {
    int at = text.indexOf(name);
    Matcher after = NUMBERS.matcher(at < 0 ? text : text.substring(at));
    return after.find() ? after.group() : "";
  }

  static boolean isOlder(String version, String than) {
    Matcher one = NUMBERS.matcher(version);
    Matcher other = NUMBERS.matcher(than);
    if (!one.find() || !other.find()) {
      return false;
    }
    for (int i = 1; i <= 3; i++) {
      int difference = number(one.group(i)) - number(other.group(i));
      if (difference != 0) {
        return difference < 0;
      }
    }
    return false;
  }

  private static int number(String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }

  private Optional<String> problem(String program, String... arguments) {
    Optional<Path> path = host.find(program);
    if (path.isEmpty()) {
      return Optional.of(program + " is not here");
    }
    List<String> words = new ArrayList<>(List.of(path.get().toString()));
    words.addAll(List.of(arguments));
    return problem(words);
  }

  private Optional<String> problem(List<String> words) {
    Optional<Answer> answer = host.ask(words);
    if (answer.isPresent() && answer.get().status() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        answer
            .map(said -> said.stderr().strip())
            .filter(said -> !said.isEmpty())
            .orElse(words.get(0) + " failed"));
  }
}
