package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.testkit.FakeHost;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two copies of the engine, as two applications of one container have them. */
class DescriptorsTest {
  @TempDir private Path directory;
  private Path image;
  private URLClassLoader first;
  private URLClassLoader second;

  /** Takes the right to write to an image. */
  public static final class Taking implements Function<Path, AutoCloseable> {
    @Override
    public AutoCloseable apply(Path image) {
      return OverlayLock.take(facts(image), locking(), "");
    }
  }

  /** Takes the right to read an image. */
  public static final class Reading implements Function<Path, AutoCloseable> {
    @Override
    public AutoCloseable apply(Path image) {
      return OverlayLock.read(facts(image), locking());
    }
  }

  /** Tells who writes to an image, and what is in it. */
  public static final class Looking implements Function<Path, String> {
    @Override
    public String apply(Path image) {
      try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
        return Content.of(file).kind() + " " + OverlayLock.holder(facts(image)).orElse("nobody");
      }
    }
  }

  private static OverlayFacts facts(Path image) {
    return new OverlayFacts(OverlayFacts.Kind.EXT3, image, Access.READ_WRITE);
  }

  private static Locking locking() {
    return new Locking(FakeHost.linux(), Optional.empty());
  }

  @BeforeEach
  void load() throws IOException {
    image = Files.write(directory.toRealPath().resolve("mine.img"), SifBytes.ext3());
    first = copy();
    second = copy();
  }

  private static URLClassLoader copy() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(path).toUri().toURL());
    }
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  @AfterEach
  void unload() throws IOException {
    first.close();
    second.close();
  }

  @SuppressWarnings("unchecked")
  private <T> T in(ClassLoader copy, Class<? extends Function<Path, T>> what) throws Exception {
    Object made = copy.loadClass(what.getName()).getConstructor().newInstance();
    return ((Function<Path, T>) made).apply(image);
  }

  @Test
  void aSecondCopyFindsItBusyAndDropsNoLock() throws Exception {
    try (AutoCloseable taken = in(first, Taking.class)) {
      for (int i = 0; i < 3; i++) {
        assertBusy(Taking.class);
        assertBusy(Reading.class);
      }
      assertTrue(isLocked(), taken::toString);
      assertTrue(open().size() <= 4, "no more of them with every attempt");
    }
    assertFalse(isLocked());

    in(second, Taking.class).close();
    assertFalse(isLocked());
  }

  @Test
  void aSecondCopyLooksAtWhatIsInUseAndDropsNoLock() throws Exception {
    try (AutoCloseable taken = in(first, Taking.class)) {
      String seen = in(second, Looking.class);
      assertTrue(
          seen.startsWith("EXT ") && seen.contains("" + ProcessHandle.current().pid()), seen);
      assertTrue(isLocked(), taken::toString);
    }
  }

  @Test
  void nothingStaysOpenWhenTheLastCopyIsDone() throws Exception {
    try (AutoCloseable taken = in(first, Taking.class)) {
      assertBusy(Taking.class);
      assertTrue(isLocked(), taken::toString);
    }
    assertEquals(List.of(), open());
    assertTrue(
        System.getProperties().values().stream().allMatch(String.class::isInstance),
        "what lists the properties of the system casts all of them");
  }

  private void assertBusy(Class<? extends Function<Path, AutoCloseable>> what) {
    RuntimeException e = assertThrows(RuntimeException.class, () -> in(second, what));
    assertEquals(OverlayBusyException.class.getName(), e.getClass().getName(), e::toString);
  }

  /** What this process has open of the image, and of what lies beside it. */
  private List<String> open() throws IOException {
    List<String> open = new ArrayList<>();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        if (Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS)) {
          open.add(Files.readSymbolicLink(descriptor).toString());
        }
      }
    }
    open.removeIf(file -> !file.startsWith(image.toString()));
    return open;
  }

  /** Whether this process has both files locked. */
  private boolean isLocked() throws IOException {
    List<String> locks = Files.readAllLines(Path.of("/proc/locks"));
    for (Path file : List.of(image, image.resolveSibling("mine.img.overlay.lock"))) {
      String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
      if (locks.stream().noneMatch(lock -> lock.contains(inode))) {
        return false;
      }
    }
    return true;
  }
}
