package io.overlaysdk.it.processes;

import io.overlaysdk.CommitMode;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Opens sessions on one overlay, writes files, brings them onto the disk, closes, makes snapshots
 * and images, until its input ends or it is killed. Says before each thing {@code will THING} and
 * after it {@code done THING}, or {@code failed THING} with the error.
 */
final class KillProgram {
  private final Site site;
  private final OverlaySdk sdk;
  private final Overlay overlay;
  private final SessionSpec spec;
  private final Random random;
  private int number;
  private int commits;

  private KillProgram(Site site, OverlaySdk sdk, String backend, Path overlay, long seed) {
    this.site = site;
    this.sdk = sdk;
    this.overlay = Overlay.at(overlay);
    this.spec = site.on(backend).overlay(this.overlay);
    this.random = new Random(seed);
  }

  /** Arguments: the directory of the {@link Site}, the backend, the overlay, the seed. */
  public static void main(String[] args) throws IOException {
    Site site = Site.at(Path.of(args[0]));
    try (OverlaySdk sdk = site.open()) {
      KillProgram program =
          new KillProgram(site, sdk, args[1], Path.of(args[2]), Long.parseLong(args[3]));
      while (!isTold()) {
        program.round();
      }
    }
    System.out.println("end");
  }

  private static boolean isTold() throws IOException {
    return System.in.available() > 0;
  }

  private void round() throws IOException {
    Session[] opened = new Session[1];
    does("open", () -> opened[0] = sdk.start(spec));
    if (opened[0] == null) {
      return;
    }
    for (int left = 1 + random.nextInt(4); left > 0 && !isTold(); left--) {
      if (random.nextInt(4) == 0) {
        does("sync", opened[0]::sync);
      } else {
        number++;
        does("write " + number, () -> write(opened[0], number));
      }
    }
    does("close", opened[0]::close);
    boolean hasSnapshots = Files.isDirectory(overlay.path().orElseThrow());
    if (hasSnapshots && random.nextInt(3) == 0) {
      does("snapshot", () -> sdk.snapshot(overlay.path().orElseThrow(), "after " + number));
    }
    if (random.nextInt(4) == 0) {
      Path target = site.directory().resolve("commit" + ++commits + ".sif");
      does("commit " + target, () -> sdk.commit(spec, target, CommitMode.LAYERED));
    }
  }

  /** A new file, and a line in one that is there. */
  private static void write(Session session, int number) {
    String script =
        "yes "
            + number
            + " | head -c "
            + Content.size(number)
            + " >/app/f"
            + number
            + " && echo "
            + number
            + " >>/app/message.txt";
    if (!session.run("sh", "-c", script).succeeded()) {
      throw new OverlayException("the command failed");
    }
  }

  private static void does(String what, Runnable work) {
    System.out.println("will " + what);
    try {
      work.run();
      System.out.println("done " + what);
    } catch (OverlayException e) {
      System.out.println("failed " + what + ": " + e.toString().replace('\n', ' '));
    }
  }

  /** What the files hold that are written. */
  static final class Content {
    private Content() {}

    static int size(int number) {
      return number * 7919 % 150_000;
    }

    static byte[] of(int number) {
      byte[] content = new byte[size(number)];
      byte[] line = (number + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      for (int i = 0; i < content.length; i++) {
        content[i] = line[i % line.length];
      }
      return content;
    }
  }
}
