package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.overlaysdk.Configuration;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees that were made to do harm. */
class DeletionTest {
  private static final int LEVELS = 10_000;
  private static final String LONGEST = "n".repeat(255);

  @TempDir private Path temp;

  /** Made from below, because no path leads to what is far down. */
  private Path deep() throws IOException {
    Path inner = Files.createDirectory(temp.resolve("inner"));
    Files.createFile(inner.resolve("file"));
    for (int i = 0; i < LEVELS; i++) {
      Path outer = Files.createDirectory(temp.resolve("outer"));
      Files.createFile(outer.resolve("file"));
      Files.move(inner, outer.resolve(LONGEST));
      Files.move(outer, inner);
    }
    return inner;
  }

  @Test
  void endsHoweverDeepATreeIs() throws IOException {
    Path tree = deep();
    assertTimeoutPreemptively(Duration.ofMinutes(2), () -> Deletion.tree(tree));
    assertFalse(Files.exists(tree));
  }

  @Test
  void followsNoLinkAndOpensNoPipe() throws Exception {
    Path outside = Files.createDirectory(temp.resolve("outside"));
    Path kept = Files.writeString(outside.resolve("kept"), "kept");
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("r-xr-xr-x"));
    Path tree = Files.createDirectories(temp.resolve("tree/inner")).getParent();
    Files.createSymbolicLink(tree.resolve("inner/directory"), outside);
    Files.createSymbolicLink(tree.resolve("inner/file"), kept);
    Tools.run("mkfifo", tree.resolve("inner/pipe").toString());
    Path link = Files.createSymbolicLink(temp.resolve("link"), tree);

    assertTimeoutPreemptively(Duration.ofMinutes(1), () -> Deletion.tree(link));
    assertTrue(Files.exists(tree.resolve("inner/pipe")));
    assertTimeoutPreemptively(Duration.ofMinutes(1), () -> Deletion.tree(tree));

    assertFalse(Files.exists(tree));
    assertEquals("kept", Files.readString(kept));
    assertEquals(
        "r-xr-xr-x", PosixFilePermissions.toString(Files.getPosixFilePermissions(outside)));
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Directories become links to elsewhere and back. */
  @Test
  void isNotLedOutByALinkThatIsPutThereMeanwhile() throws Exception {
    Path outside = Files.createDirectory(temp.resolve("outside"));
    for (int i = 0; i < 50; i++) {
      Files.createFile(outside.resolve("kept" + i));
    }
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-x---"));
    Path tree = Files.createDirectory(temp.resolve("tree"));
    Thread enemy = new Thread(() -> exchange(tree.resolve("prey"), outside));
    enemy.start();
    while (enemy.isAlive()) {
      try {
        Deletion.tree(tree);
      } catch (IOException e) {
        assertTrue(Files.exists(outside), e.toString());
      }
      Files.createDirectories(tree);
    }
    try (Stream<Path> files = Files.list(outside)) {
      assertEquals(50, files.count());
    }
    assertEquals(
        "rwxr-x---", PosixFilePermissions.toString(Files.getPosixFilePermissions(outside)));
  }

  private static void exchange(Path prey, Path outside) {
    for (int i = 0; i < 10_000; i++) {
      try {
        if (Files.isSymbolicLink(prey)) {
          Files.delete(prey);
        } else if (Files.isDirectory(prey, LinkOption.NOFOLLOW_LINKS)) {
          Files.move(prey, prey.resolveSibling("aside" + i));
          Files.createSymbolicLink(prey, outside);
        } else {
          Files.createDirectory(prey);
          Files.createFile(prey.resolve("file"));
        }
      } catch (IOException e) {
        // the tree is being deleted
        continue;
      }
    }
  }

  @Test
  void directoriesThatNobodyMayEnterGoToo() throws IOException {
    Path tree = Files.createDirectory(temp.resolve("tree"));
    Path closed = Files.createDirectories(tree.resolve("a/closed"));
    Files.createFile(closed.resolve("file"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    Launcher launcher =
        new Launcher(
            new Environment(System.getenv()),
            Guard.none(),
            Optional.empty(),
            Configuration.builder().build().grace(),
            1000);
    HostMachine host = new HostMachine(Map.of(), System.getenv(), words -> Optional.empty());
    new Removal(host, launcher).remove(tree);
    assertFalse(Files.exists(tree));
  }

  @Test
  void directoryThatCannotBeListedToItsEndIsAnIoException() throws IOException {
    IOException failure = new IOException("Input/output error");
    Path root = Path.of("root");
    Path file = Path.of("file");
    @SuppressWarnings("unchecked")
    SecureDirectoryStream<Path> parent = mock(SecureDirectoryStream.class);
    @SuppressWarnings("unchecked")
    SecureDirectoryStream<Path> tree = mock(SecureDirectoryStream.class);
    @SuppressWarnings("unchecked")
    Iterator<Path> entries = mock(Iterator.class);
    doThrow(new DirectoryNotEmptyException("root")).when(parent).deleteDirectory(root);
    when(parent.getFileAttributeView(root, PosixFileAttributeView.class, NOFOLLOW_LINKS))
        .thenReturn(mock(PosixFileAttributeView.class));
    when(parent.newDirectoryStream(root, NOFOLLOW_LINKS)).thenReturn(tree);
    when(tree.iterator()).thenReturn(entries);
    when(entries.hasNext()).thenReturn(true).thenThrow(new DirectoryIteratorException(failure));
    when(entries.next()).thenReturn(file);
    BasicFileAttributeView view = mock(BasicFileAttributeView.class);
    when(tree.getFileAttributeView(file, BasicFileAttributeView.class, NOFOLLOW_LINKS))
        .thenReturn(view);
    when(view.readAttributes()).thenReturn(mock(BasicFileAttributes.class));

    assertSame(failure, assertThrows(IOException.class, () -> Deletion.delete(parent, root)));
    verify(tree).deleteFile(file);
    verify(tree).close();
  }
}
