package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.spi.Dialect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DialectsTest {
  @TempDir Path directory;
  private Path upper;
  private final Map<Path, Map<String, byte[]>> others = new HashMap<>();
  private final ExtendedAttributes helper =
      new ExtendedAttributes() {
        @Override
        public Map<String, byte[]> of(Path entry) {
          return others.getOrDefault(entry, Map.of());
        }

        @Override
        public void remove(Path entry, String name) {
          throw new AssertionError("only read");
        }
      };

  @BeforeEach
  void makeLayer() throws IOException {
    upper = Files.createDirectories(directory.resolve("overlay/upper"));
    Files.createDirectories(upper.resolve("d/e"));
    Files.writeString(upper.resolve("d/file"), "x");
  }

  private Set<Dialect> found() {
    return Dialects.in(Layer.at(upper).with(helper));
  }

  @Test
  void devicesAloneAreTheNeutralForm() {
    Mknod.make(upper.resolve("gone"), 0);
    Mknod.make(upper.resolve("d/gone"), 0);
    assertEquals(Set.of(), found());
  }

  @Test
  void whereAFileCameFromIsNoMark() throws IOException {
    Tree.setAttribute(upper.resolve("d/file"), "user.fuseoverlayfs.origin", "d/file");
    others.put(upper.resolve("d"), Map.of("trusted.overlay.impure", "y".getBytes(UTF_8)));
    assertEquals(Set.of(), found());
  }

  @Test
  void sentinelsWhiteoutFilesAndAttributesAreOfFuseOverlayfs() throws IOException {
    Tree.setAttribute(upper.resolve("d/e"), "user.fuseoverlayfs.opaque", "y");
    assertEquals(Set.of(Dialect.FUSE), found());
    marker(upper.resolve("d/.wh.gone"));
    marker(upper.resolve("d/e/.wh..wh..opq"));
    Mknod.make(upper.resolve("d/e/.wh..opq"), 0700);
    assertEquals(Set.of(Dialect.FUSE), found());
  }

  @Test
  void anOpaqueDirectoryOfAUsersKernelOverlayIsOne() throws IOException {
    Tree.setAttribute(upper.resolve("d/e"), "user.overlay.opaque", "y");
    assertEquals(Set.of(Dialect.KERNEL_USERXATTR), found());
  }

  @Test
  void anOpaqueDirectoryOfRootsKernelOverlayIsOne() {
    others.put(upper.resolve("d"), Map.of("trusted.overlay.opaque", "y".getBytes(UTF_8)));
    assertEquals(Set.of(Dialect.KERNEL_TRUSTED), found());
  }

  @Test
  void whatFuseOverlayfsMarksInBothWaysAsRootIsItsOwn() throws IOException {
    others.put(upper.resolve("d"), Map.of("trusted.overlay.opaque", "y".getBytes(UTF_8)));
    marker(upper.resolve("d/.wh..wh..opq"));
    assertEquals(Set.of(Dialect.FUSE), found());
  }

  @Test
  void usersFileWithTheNameOfAWhiteoutKeepsFuseOverlayfsAway() throws IOException {
    Files.writeString(upper.resolve("d/.wh.notes"), "mine");
    assertEquals(Set.of(Dialect.KERNEL_PLAIN), found());
  }

  @Test
  void twoDriversAreTwo() throws IOException {
    Tree.setAttribute(upper.resolve("d/e"), "user.overlay.opaque", "y");
    marker(upper.resolve("d/.wh..wh..opq"));
    assertEquals(Set.of(Dialect.FUSE, Dialect.KERNEL_USERXATTR), found());
  }

  private static void marker(Path file) throws IOException {
    Files.createFile(file);
    Files.setAttribute(file, "unix:mode", 0700);
  }
}
