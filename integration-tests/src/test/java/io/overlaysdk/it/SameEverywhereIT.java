package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A command sees the same container whichever tool made it. What is left out of the report differs
 * by the tools' nature, and no command should rely on it:
 *
 * <ul>
 *   <li>{@code /dev/core} and {@code /dev/full}, which bubblewrap always makes and the others do
 *       not;
 *   <li>variables in the tools' own names, by which programs know what they run in, and the prompt
 *       (PS1, PROMPT_COMMAND), which is for people; SHLVL counts the shells that a tool goes
 *       through;
 *   <li>the user's line in {@code /etc/group}: Apptainer names the user in it once more as a member
 *       of the own group. What {@code id} says is the same, and is in the report;
 *   <li>sizes of directories, which are the driver's;
 *   <li>whether a write to {@code /sys} fails with EROFS or EACCES: it fails;
 *   <li>the numbers of processes, the map of user ids.
 * </ul>
 */
@ExtendWith(Images.Shared.class)
class SameEverywhereIT {
  private static final List<String> BACKENDS =
      List.of("apptainer", "singularity", "fuse-overlayfs", "overlayfs");

  private static final String REPORT =
      """
      exec 2>&1
      say() { echo "== $*"; }
      say user; id; id -un; id -gn; umask; grep "^[^:]*:[^:]*:$(id -u):" /etc/passwd
      say directory; pwd; stat -c '%n %F %a %u:%g' "$HOME"
      say root; ls -A /; stat -c '%n %F %a %u:%g' /* /.overlay-sdk | grep -v 'overlay-sdk '
      say etc; ls -A /etc; cat /etc/passwd /etc/hosts /etc/resolv.conf; hostname
      say homes; ls -A /root /home
      say image; cat /app/message.txt; stat -c '%n %F %a %u:%g %s' /app/message.txt /bin/busybox
      say tmp; ls -A /tmp; stat -c '%a %u:%g' /tmp; touch /tmp/x; echo $?
      say dev; ls -A /dev | grep -vx -e core -e full; stat -L -c '%n %F %a %t:%T' /dev/null \
        /dev/zero /dev/random /dev/urandom /dev/tty; stat -c '%n %F %a' /dev/shm /dev/pts
      for link in fd stdin stdout stderr; do readlink /dev/$link; done; readlink -f /dev/ptmx
      echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c
      echo x >/dev/shm/x; cat /dev/shm/x
      say proc; cat /proc/sys/kernel/ostype; test -d /proc/self; echo $?; touch /proc/x 2>/dev/null
      echo $?; (echo 1 >/proc/sys/kernel/panic) 2>/dev/null; test -r /proc/self/mounts; echo $?
      say sys; ls /sys; mkdir /sys/x 2>/dev/null; echo $?
      say write; for file in /new /app/new /etc/new; do echo x >$file; cat $file; done
      exit 0
      """;

  @TempDir private Path temp;

  @Test
  void readOnlySessionsOnAnImage(Images images) throws IOException {
    assertSame(SessionSpec.on(images.tutorial()));
  }

  @Test
  void sessionsWithAnOverlayOnAnImage(Images images) throws IOException {
    assertSame(SessionSpec.on(images.tutorial()).overlay(Overlay.ephemeral()));
  }

  @Test
  void sessionsWithAnOverlayInAFileOnAnImage(Images images) throws IOException {
    boolean root = System.getProperty("user.name").equals("root");
    // the kernel writes no changes through FUSE, and a plain user mounts nothing else from a file
    assertSame(
        SessionSpec.on(images.tutorial()).overlay(Overlay.ephemeral(8 << 20)),
        root ? BACKENDS : BACKENDS.subList(0, BACKENDS.indexOf("overlayfs")));
  }

  @Test
  void readOnlySessionsOnADirectory(Images images) throws IOException {
    assertSame(SessionSpec.on(images.sandbox()));
  }

  @Test
  void sessionsWithAnOverlayOnADirectory(Images images) throws IOException {
    assertSame(SessionSpec.on(images.sandbox()).overlay(Overlay.ephemeral()));
  }

  private void assertSame(SessionSpec spec) throws IOException {
    assertSame(spec, BACKENDS);
  }

  private void assertSame(SessionSpec spec, List<String> backends) throws IOException {
    String first = report(spec, backends.get(0));
    assertTrue(first.contains("== write"), first);
    for (String backend : backends.subList(1, backends.size())) {
      Words.assertSame(lines(first), lines(report(spec, backend)));
    }
  }

  private static List<String> lines(String report) {
    return report.lines().toList();
  }

  private String report(SessionSpec spec, String backend) throws IOException {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(spec.backend(backend))) {
      return session.run("sh", "-c", REPORT).orThrow().stdout()
          + Words.split(session.run("cat", "/proc/self/environ").orThrow()).stream()
              .filter(variable -> !variable.matches("(?s)(APPTAINER|SINGULARITY)_.*"))
              .filter(variable -> !variable.matches("(?s)(PS1|PROMPT_COMMAND|SHLVL)=.*"))
              .sorted()
              .collect(Collectors.joining("\n", "== environment\n", "\n"));
    }
  }
}
