package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.EngineProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlaySdkTest {

  @Test
  void withoutAnEngineTheErrorNamesTheMissingDependency() {
    OverlayException e =
        assertThrows(
            OverlayException.class, () -> OverlaySdk.open(Configuration.defaults()).close());
    assertEquals(
        "no engine is on the class path: add the dependency io.overlaysdk:overlay-sdk-engine",
        e.getMessage());
  }

  @Test
  void anEngineThatCannotBeLoadedIsAnErrorThatNamesIt(@TempDir Path directory) throws IOException {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.writeString(services.resolve(EngineProvider.class.getName()), "example.Gone\n");
    URL[] path = {directory.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(path, OverlaySdk.class.getClassLoader())) {
      OverlayException e =
          assertThrows(
              OverlayException.class,
              () -> OverlaySdk.open(Configuration.defaults(), loader).close());
      assertTrue(e.getMessage().contains("example.Gone"), e.getMessage());
    }
  }

  @Test
  void looksWhereTheSdkIsWhereTheThreadsLoaderDoesNotKnowIt() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try {
      thread.setContextClassLoader(new ClassLoader(null) {});
      assertSame(OverlaySdk.class.getClassLoader(), Services.loader());
      thread.setContextClassLoader(null);
      assertSame(OverlaySdk.class.getClassLoader(), Services.loader());
      ClassLoader child = new ClassLoader(OverlaySdk.class.getClassLoader()) {};
      thread.setContextClassLoader(child);
      assertSame(child, Services.loader());
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
