package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.it.OnEachBackend;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What goes through the standard streams arrives byte for byte, and no stream blocks another. */
@Timeout(60)
class StreamsIT {
  private static final int MEGABYTE = 1 << 20;

  @TempDir private static Path large;
  private static Path input;
  private static byte[] digest;

  private Site site;

  @BeforeAll
  static void writeAHundredMegabytes() throws Exception {
    input = large.resolve("input");
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    byte[] block = new byte[MEGABYTE];
    Random random = new Random(7);
    try (OutputStream out = Files.newOutputStream(input)) {
      for (int i = 0; i < 100; i++) {
        random.nextBytes(block);
        sha.update(block);
        out.write(block);
      }
    }
    digest = sha.digest();
  }

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  private Session start(OverlaySdk sdk, String backend) {
    return sdk.start(site.on(backend));
  }

  @OnEachBackend
  void carriesAHundredMegabytesInAndOut(String backend) throws Exception {
    try (OverlaySdk sdk =
            OverlaySdk.open(site.configuration().outputLimit(101 * MEGABYTE).build());
        Session session = start(sdk, backend)) {
      Result result = session.run(Command.of("cat").stdin(input)).orThrow();

      assertFalse(result.truncated());
      assertArrayEquals(digest, MessageDigest.getInstance("SHA-256").digest(result.stdoutBytes()));
      assertEquals("", result.stderr());
    }
  }

  @OnEachBackend
  void dropsWhatIsMoreThanTheLimitAndSaysSo(String backend) throws IOException {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      Result result = session.run(Command.of("cat").stdin(input)).orThrow();

      assertTrue(result.truncated());
      byte[] kept = result.stdoutBytes();
      assertEquals(16 * MEGABYTE, kept.length);
      try (var in = Files.newInputStream(input)) {
        assertArrayEquals(in.readNBytes(16 * MEGABYTE), kept);
      }
    }
  }

  @OnEachBackend
  void aFloodOfErrorsDoesNotHoldUpTheOutput(String backend) {
    try (OverlaySdk sdk = OverlaySdk.open(site.configuration().outputLimit(51 * MEGABYTE).build());
        Session session = start(sdk, backend)) {
      Result result =
          session
              .run("sh", "-c", "echo before; head -c 52428800 /dev/zero >&2; echo after")
              .orThrow();

      assertEquals("before\nafter\n", result.stdout());
      assertEquals(50 * MEGABYTE, result.stderrBytes().length);
    }
  }

  @OnEachBackend
  void aCommandMayCloseItsInput(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      Result result =
          session.run(
              Command.of("sh", "-c", "head -c 3; exec <&-; echo closed; exit 3")
                  .stdin(("abc" + "x".repeat(MEGABYTE)).getBytes(UTF_8)));

      assertEquals("abcclosed\n", result.stdout());
      assertEquals(3, result.exitStatus());
    }
  }

  @OnEachBackend
  void aCommandWithoutInputReadsNothing(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      assertEquals("0\n", session.run("sh", "-c", "cat | wc -c").orThrow().stdout());
    }
  }

  @OnEachBackend
  void doesNotWaitForWhatTheCommandLeavesInTheBackground(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      Result result =
          session.run("sh", "-c", "(trap '' TERM HUP; setsid sleep 1000) & echo done").orThrow();

      assertEquals("done\n", result.stdout());
      assertTrue(result.took().toSeconds() < 4, result.took().toString());
      assertEquals("on\n", session.run("echo", "on").orThrow().stdout());
    }
    site.assertNoProcessLeft();
  }

  @OnEachBackend
  void whatASeparateCommandLeavesInTheBackgroundEndsWithIt(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = sdk.start(site.on(backend).separateCommands())) {
      Result result =
          session.run("sh", "-c", "(trap '' TERM HUP; setsid sleep 1000) & echo done").orThrow();

      assertEquals("done\n", result.stdout());
      assertTrue(result.took().toSeconds() < 4, result.took().toString());
      site.assertNoProcessLeft();
    }
  }
}
