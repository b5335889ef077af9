package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {
  @TempDir private Path temp;

  private static void mode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  @Test
  void isMadeForTheUserAlone() throws IOException {
    Path made = temp.resolve("a/b");
    PrivateDirectory.make(made);
    for (Path path : new Path[] {made, made.getParent()}) {
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }
  }

  @Test
  void refusesWhatOthersMayWriteTo() throws IOException {
    Path made = Files.createDirectories(temp.resolve("outer/inner"));
    PrivateDirectory.require(made);
    for (int mode : new int[] {0777, 01777, 0757}) {
      mode(made, mode);
      OverlayException refused =
          assertThrows(OverlayException.class, () -> PrivateDirectory.require(made));
      assertTrue(refused.getMessage().contains("others may write to it"), refused.getMessage());
    }
    mode(made, 0755);
    mode(made.getParent(), 0777);
    OverlayException refused =
        assertThrows(OverlayException.class, () -> PrivateDirectory.require(made));
    assertTrue(refused.getMessage().contains("which " + made.toRealPath() + " lies in"));
    mode(made.getParent(), 01777);
    assertDoesNotThrow(() -> PrivateDirectory.require(made));
  }

  /** In a user namespace every owner that it does not map looks like him. */
  @Test
  void nobodyIsAUserLikeOthers() throws IOException {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root gives files away");
    Path made = Files.createDirectories(temp.resolve("outer/inner"));
    Files.setAttribute(made, "unix:uid", 65534);
    assertThrows(OverlayException.class, () -> PrivateDirectory.require(made));
    Files.setAttribute(made, "unix:uid", 0);
    Files.setAttribute(made.getParent(), "unix:uid", 65534);
    assertThrows(OverlayException.class, () -> PrivateDirectory.require(made));
  }

  @Test
  void looksAtWhereALinkLeads() throws IOException {
    Path made = Files.createDirectories(temp.resolve("outer/inner"));
    mode(made.getParent(), 0777);
    Path link = Files.createSymbolicLink(temp.resolve("link"), made);
    assertThrows(OverlayException.class, () -> PrivateDirectory.require(link));
  }

  @Test
  void refusesWhatBelongsToSomebodyElse() throws IOException {
    Path made = Files.createDirectory(temp.resolve("theirs"));
    assumeTrue("root".equals(System.getProperty("user.name")), "only root gives files away");
    Files.setAttribute(made, "unix:uid", 12345);
    OverlayException refused =
        assertThrows(OverlayException.class, () -> PrivateDirectory.require(made));
    assertTrue(refused.getMessage().contains("12345"), refused.getMessage());
  }

  @Test
  void anOpenJournalIsNeitherReadNorWritten() throws IOException {
    Path state = Files.createDirectory(temp.resolve("state"));
    mode(state, 0777);
    Journal journal = new Journal(state);
    assertThrows(OverlayException.class, () -> journal.begin("a session"));
    assertThrows(OverlayException.class, journal::entries);
    mode(state, 0700);
    journal.begin("a session");
    assertEquals(1, journal.entries().size());
  }

  @Test
  void anOpenMemoryIsNotBelieved() throws IOException {
    Path image = Files.writeString(temp.resolve("image"), "image");
    Path memory = temp.resolve("digests");
    String digest = new DigestMemory(memory).ofImage(image);
    assertEquals(Optional.of(digest), new DigestMemory(memory).known(image));
    mode(memory, 0777);
    assertEquals(Optional.empty(), new DigestMemory(memory).known(image));
  }
}
