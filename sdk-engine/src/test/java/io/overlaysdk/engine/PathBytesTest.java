package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PathBytesTest {
  @Test
  void keepsEveryByte(@TempDir Path temp) throws Exception {
    byte[] start = (temp + "/").getBytes(UTF_8);
    byte[] path = new byte[start.length + 255 - 1];
    System.arraycopy(start, 0, path, 0, start.length);
    int at = start.length;
    for (int b = 1; b < 256; b++) {
      if (b != '/') {
        path[at++] = (byte) b;
      }
    }
    assertArrayEquals(path, PathBytes.of(PathBytes.path(path)));
    // the URI of a directory has a slash at its end
    Files.createDirectory(PathBytes.path(path));
    assertArrayEquals(path, PathBytes.of(PathBytes.path(path)));
    assertEquals(Path.of("/"), PathBytes.path(PathBytes.of(Path.of("/"))));
  }

  @Test
  void knowsWhichPathsAProgramCanBeTold() {
    assertTrue(PathBytes.isText(Path.of("/a b\n")));
    assertFalse(PathBytes.isText(PathBytes.path(new byte[] {'/', (byte) 0xff})));
  }
}
