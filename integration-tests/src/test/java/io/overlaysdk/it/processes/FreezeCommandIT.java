package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Freezing and packing that is killed, and files that somebody made to do harm. */
@Timeout(300)
class FreezeCommandIT {
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    site = Site.in(directory);
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  private Path at(String name) {
    return site.directory().resolve(name);
  }

  private Process overlay(String... words) throws IOException {
    ProcessBuilder builder =
        ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", words)
            .redirectErrorStream(true)
            .redirectOutput(at("output").toFile());
    builder.environment().put("OVERLAYSDK_CONFIG", at("config.yaml").toString());
    return builder.start();
  }

  /** An overlay that it takes some time to compress. */
  private void fill() throws IOException {
    try (OverlaySdk sdk = site.open()) {
      sdk.createOverlay(at("mine"));
    }
    byte[] noise = new byte[24 << 20];
    new Random(1).nextBytes(noise);
    Files.write(at("mine/upper/noise"), noise);
    Files.setAttribute(at("mine/upper"), "unix:mode", 0711);
    Files.setLastModifiedTime(
        at("mine/upper"), FileTime.from(Instant.ofEpochSecond(1_000_000_000)));
  }

  /** Kills it as soon as it writes what the target is to become. */
  private void kill(String target, String... words) throws Exception {
    Process process = overlay(words);
    Until.nothing(
        Duration.ofSeconds(30),
        () -> partial(target).isEmpty() ? List.of("nothing is written") : List.of());
    process.destroyForcibly().waitFor();
    assertFalse(Files.exists(at(target)), () -> target + " is there after the kill");
    Until.nothing(Duration.ofSeconds(10), () -> Traces.of(site.directory()));
    try (OverlaySdk sdk = site.open()) {
      sdk.recover();
    }
    assertEquals(List.of(), partial(target));
  }

  private List<Path> partial(String target) {
    try (Stream<Path> entries = Files.list(site.directory())) {
      return entries.filter(e -> e.getFileName().toString().startsWith("." + target)).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aKillLeavesTheOldStateAndTheNextRunFinishes() throws Exception {
    fill();
    SessionSpec spec = SessionSpec.on(Image.at(site.image())).overlay(Overlay.at(at("mine")));
    kill("f.sqfs", "freeze", "mine", "f.sqfs", "--base", "base.sif");
    try (OverlaySdk sdk = site.open()) {
      sdk.freeze(spec, at("f.sqfs"));
      sdk.pack(at("mine"), at("p.pack"));
    }
    kill("thawed", "thaw", "f.sqfs", "thawed");
    kill("unpacked", "unpack", "p.pack", "unpacked");
    try (OverlaySdk sdk = site.open()) {
      sdk.thaw(at("f.sqfs"), at("thawed"));
      sdk.unpack(at("p.pack"), at("unpacked"));
    }
    site.assertNothingLeft();

    for (String back : List.of("thawed", "unpacked")) {
      assertEquals(-1, Files.mismatch(at("mine/upper/noise"), at(back).resolve("upper/noise")));
      assertEquals(0711, (int) Files.getAttribute(at(back).resolve("upper"), "unix:mode") & 07777);
      assertEquals(
          Instant.ofEpochSecond(1_000_000_000),
          Files.getLastModifiedTime(at(back).resolve("upper")).toInstant());
    }
    assertTrue(
        Programs.run("unsquashfs", "-lln", at("f.sqfs").toString()).startsWith("drwx--x--x 0/0 "));
  }

  /** A squashfs of a tree in which names are then replaced by others of the same length. */
  private Path hostile(String tree, String... replaced) throws IOException {
    Path content = Files.createDirectory(at("content"));
    Programs.run("sh", "-c", "cd \"$1\" && " + tree, "sh", content.toString());
    Path file = at("hostile.sqfs");
    List<String> words =
        List.of("-noappend", "-no-progress", "-quiet", "-noI", "-noD", "-noF", "-noX", "-all-root");
    List<String> all = new ArrayList<>(List.of("mksquashfs", content.toString(), file.toString()));
    all.addAll(words);
    Programs.run(all.toArray(String[]::new));
    String bytes = new String(Files.readAllBytes(file), ISO_8859_1);
    for (int i = 0; i < replaced.length; i += 2) {
      assertEquals(replaced[i].length(), replaced[i + 1].length());
      assertTrue(bytes.contains(replaced[i]), replaced[i]);
      bytes = bytes.replace(replaced[i], replaced[i + 1]);
    }
    Files.write(file, bytes.getBytes(ISO_8859_1));
    Programs.run("rm", "-rf", content.toString());
    return file;
  }

  private void assertRefused(Path file) throws IOException {
    try (OverlaySdk sdk = site.open()) {
      assertThrows(OverlayException.class, () -> sdk.thaw(file, at("new")));
    }
    try (Stream<Path> entries = Files.list(site.directory())) {
      assertEquals(
          List.of("base.sif", "config.yaml", "hostile.sqfs", "scratch", "shared", "state"),
          entries.map(entry -> entry.getFileName().toString()).sorted().toList());
    }
    site.assertNothingLeft();
    Files.delete(file);
  }

  @Test
  void refusesFilesThatLeadOut() throws Exception {
    assertRefused(hostile("echo evil >abcdefghij", "abcdefghij", "../../evil"));
    assertRefused(hostile("echo evil >abcdefghij", "abcdefghij", "/tmp/evil2"));
    String through = "ln -s \"$1/../shared\" door1; mkdir door2; echo evil >door2/evil";
    assertRefused(hostile(through, "door1", "door0", "door2", "door0"));
    assertFalse(Files.exists(site.shared().resolve("evil")));
    assertFalse(Files.exists(Path.of("/tmp/evil2")));
    Path cut = hostile("head -c 100000 /dev/urandom >f");
    Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(cut), 50_000));
    assertRefused(cut);
    assertRefused(Files.writeString(at("hostile.sqfs"), "no squashfs"));
  }

  /** A device of the machine is nothing that a plain user may make. */
  @Test
  void refusesWhatCannotBeMadeHere() throws Exception {
    Path content = Files.createDirectory(at("content"));
    Path file = at("device.sqfs");
    Programs.run(
        "mksquashfs", content.toString(), file.toString(), "-quiet", "-p", "null c 666 0 0 1 3");
    try (OverlaySdk sdk = site.open()) {
      if (ROOT) {
        sdk.thaw(file, at("new"));
        assertEquals(0x103L, Files.getAttribute(at("new/upper/null"), "unix:rdev"));
      } else {
        assertThrows(UnsupportedException.class, () -> sdk.thaw(file, at("new")));
        assertFalse(Files.exists(at("new")));
      }
      Overlay overlay = sdk.createOverlay(at("mine"));
      Files.writeString(at("mine/upper/.wh.x"), "a user's");
      SessionSpec spec = SessionSpec.on(Image.at(site.image())).overlay(overlay);
      assertThrows(UnsupportedException.class, () -> sdk.freeze(spec, at("f.sqfs")));
      assertFalse(Files.exists(at("f.sqfs")));
    }
    site.assertNothingLeft();
  }
}
