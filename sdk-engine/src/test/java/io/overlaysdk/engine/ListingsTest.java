package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ListingsTest {
  private final IOException failure = new IOException("Input/output error");

  @TempDir private Path temp;

  /** A directory of two entries that cannot be read further. */
  private final class Failing implements DirectoryStream<Path> {
    private int read;

    @Override
    public Iterator<Path> iterator() {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          if (read == 2) {
            throw new DirectoryIteratorException(failure);
          }
          return true;
        }

        @Override
        public Path next() {
          return Path.of("entry" + ++read);
        }
      };
    }

    @Override
    public void close() {}
  }

  private static Set<String> names(List<Path> entries) {
    return entries.stream().map(path -> path.getFileName().toString()).collect(Collectors.toSet());
  }

  @Test
  void listsAllOfADirectoryOrWhatIsAskedFor() throws IOException {
    assertTrue(Listings.isEmpty(temp));
    for (String name : List.of(".hidden", "a", "b")) {
      Files.createFile(temp.resolve(name));
    }
    assertFalse(Listings.isEmpty(temp));
    assertEquals(Set.of(".hidden", "a", "b"), names(Listings.of(temp)));
    assertEquals(List.of(temp.resolve("a")), Listings.of(temp, "[a]*"));
    assertEquals(2, Listings.first(temp, 2).size());
    assertEquals(3, Listings.first(temp, 4).size());
  }

  @Test
  void failureInTheMiddleIsTheIoExceptionThatItWas() {
    IOException thrown =
        assertThrows(IOException.class, () -> Listings.read(new Failing(), Integer.MAX_VALUE));
    assertSame(failure, thrown);
  }

  @Test
  void readsNoFurtherThanWhatIsAskedFor() throws IOException {
    assertEquals(Set.of("entry1"), names(Listings.read(new Failing(), 1)));
    assertEquals(Set.of("entry1", "entry2"), names(Listings.read(new Failing(), 2)));
  }

  /**
   * Of a process that has ended and is not waited for, Linux opens this one, and cannot list it.
   */
  private void withUnlistable(Work work) throws Exception {
    // the child ends when there is no shell any more that waits for it
    String script = "(until grep -q sleep /proc/$$/comm; do :; done) & echo $!; exec sleep 60";
    Process parent = new ProcessBuilder("sh", "-c", script).start();
    try {
      long child = Long.parseLong(parent.inputReader().readLine());
      assertTimeoutPreemptively(
          Duration.ofSeconds(30),
          () -> {
            while (!ProcStatus.of(child).zombie()) {
              Thread.onSpinWait();
            }
          });
      work.in(Path.of("/proc/" + child + "/net"));
    } finally {
      parent.destroyForcibly().waitFor();
    }
  }

  private interface Work {
    void in(Path unlistable) throws Exception;
  }

  @Test
  void aDirectoryThatOpensAndCannotBeListedIsAnIoException() throws Exception {
    withUnlistable(
        net -> {
          assertThrows(FileSystemException.class, () -> Listings.of(net));
          assertThrows(FileSystemException.class, () -> Listings.of(net, "[0-9]*"));
          assertThrows(FileSystemException.class, () -> Listings.isEmpty(net));
        });
  }

  @Test
  void whatLooksIntoSuchADirectoryTellsItByTheErrorsOfTheSdk() throws Exception {
    Path manifest = temp.resolve(ManifestFile.NAME);
    Path before = Files.createFile(NewFile.of(manifest).partial());
    withUnlistable(
        net -> {
          Files.createSymbolicLink(temp.resolve("upper"), net);
          refuses(InvalidSpecException.class, net, () -> DirectoryTop.names(net));
          refuses(OverlayException.class, temp, () -> new DirectoryTop(temp).isEmpty());
          ImageTop image = new ImageTop(net.resolve("image"), mock(EmptyImages.class));
          refuses(OverlayException.class, net, image::unfinished);
          refuses(OverlayException.class, manifest, () -> ManifestFile.undo(manifest, before, net));
          assertFalse(
              DirectoryOverlay.isUntouched(
                  new OverlayFacts(OverlayFacts.Kind.DIRECTORY, temp, Access.READ_ONLY)));
        });
    assertTrue(Files.exists(before));
  }

  private static void refuses(Class<? extends OverlayException> type, Path named, Executable work) {
    String message = assertThrows(type, work).getMessage();
    assertTrue(message.contains(named.toString()), message);
    assertTrue(message.contains("Invalid argument"), message);
  }
}
