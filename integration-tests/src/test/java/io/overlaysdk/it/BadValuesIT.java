package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ConfigException;
import io.overlaysdk.Configuration;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong whatever the machine is refused where it is written down. */
class BadValuesIT {
  @TempDir private Path temp;

  @Test
  void refusesValuesWhereTheyAreGiven() {
    SessionSpec spec = SessionSpec.on(Image.at(Path.of("base.sif")));
    Overlay one = Overlay.at(Path.of("one"));
    refuses("one", () -> spec.overlay(one).overlay(Overlay.at(Path.of("two"))));
    refuses("one", () -> spec.overlay(one).overlay(Overlay.ephemeral()));
    refuses("one", () -> spec.overlay(one).overlay(Overlay.at(Path.of("two")).readOnly()));
    refuses("/a/upper:/b/work", () -> Overlay.parse("/a/upper:/b/work"));
    refuses("/a/up:/a/wo:rw", () -> Overlay.parse("/a/up:/a/wo:rw"));
    refuses("etc/hosts", () -> ContainerPath.of("etc/hosts"));
    refuses("/a/../b", () -> ContainerPath.of("/a/../b"));
    refuses("over the root", () -> spec.bind(Path.of("/data"), "/"));
    refuses("data", () -> spec.bind(Path.of("/data"), "data"));
  }

  private static void refuses(String value, Executable given) {
    InvalidSpecException e = assertThrows(InvalidSpecException.class, given);
    assertTrue(e.getMessage().contains(value), e::getMessage);
  }

  @Test
  void refusesConfigurationsThatWouldTakeTheMemory() throws IOException {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      String alias = ", *a" + (i - 1);
      bomb.append("a").append(i).append(": &a").append(i);
      bomb.append(" [*a").append(i - 1).append(alias.repeat(9)).append("]\n");
    }
    refuses("bomb.yaml", bomb.toString());
    refuses("nested.yaml", "{a: ".repeat(10_000) + "1" + "}".repeat(10_000));
    refuses("long.yaml", "# " + "x".repeat(100 << 20) + "\n");
    refuses("unknown.yaml", "scratch: /tmp\nscrach: /tmp\n");
  }

  private void refuses(String name, String content) throws IOException {
    Path file = Files.writeString(temp.resolve(name), content);
    long begin = System.nanoTime();

    ConfigException e = assertThrows(ConfigException.class, () -> Configuration.read(file));

    assertEquals(file, e.file());
    assertTrue(e.getMessage().startsWith(file.toString()), e::getMessage);
    assertTrue(e.getMessage().length() < 2000, e::getMessage);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    assertTrue(took.toSeconds() < 10, () -> "took " + took);
  }
}
