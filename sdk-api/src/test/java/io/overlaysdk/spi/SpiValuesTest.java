package io.overlaysdk.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpiValuesTest {
  private static final Path TOOL = Path.of("/usr/bin/tool");

  @Test
  void anInvocationIsOneListOfWords() {
    assertEquals(
        List.of("/usr/bin/tool", "", "a b"), Invocation.of(TOOL, List.of("", "a b")).words());
  }

  @Test
  void anInvocationKeepsOrderAndDoesNotChangeWithWhatItWasMadeFrom() {
    List<String> arguments = new ArrayList<>(List.of("b", "a"));
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("Z", "1");
    environment.put("A", "2");
    Invocation invocation = new Invocation(TOOL, arguments, environment);
    arguments.clear();
    environment.clear();
    assertEquals(List.of("b", "a"), invocation.arguments());
    assertEquals(List.of("Z", "A"), List.copyOf(invocation.environment().keySet()));
    assertThrows(UnsupportedOperationException.class, () -> invocation.environment().clear());
    assertThrows(UnsupportedOperationException.class, () -> invocation.words().clear());
  }

  @Test
  void aProgramIsNamedByAnAbsolutePathOnly() {
    Path relative = Path.of("tool");
    List<String> none = List.of();
    assertThrows(IllegalArgumentException.class, () -> Invocation.of(relative, none));
    assertThrows(IllegalArgumentException.class, () -> new Probe.Tool(relative, ""));
  }

  @Test
  void aProbeAnswersByName() {
    Probe.Tool tool = new Probe.Tool(TOOL, "1.0");
    Probe.Present present = new Probe.Present(Map.of("tool", tool), Map.of("fact", "yes"));
    assertEquals(Optional.of(tool), present.tool("tool"));
    assertEquals(Optional.empty(), present.tool("other"));
    assertEquals(Optional.of("yes"), present.fact("fact"));
    assertEquals(Optional.empty(), present.fact("other"));
  }

  @Test
  void theRootAndTheOverlaysOfAnImageAreFoundByTheirRole() {
    Part root = new Part(Role.ROOT, Format.SQUASHFS, 4096, 10, "amd64");
    Part lower = new Part(Role.OVERLAY, Format.EXT3, 8192, 10, "");
    Part upper = new Part(Role.OVERLAY, Format.SQUASHFS, 12288, 10, "");
    ImageFacts facts = new ImageFacts(Kind.SIF, "/a.sif", List.of(lower, root, upper), 0);
    assertEquals(Optional.of(root), facts.root());
    assertEquals(List.of(lower, upper), facts.overlays());
    assertEquals(Path.of("/a.sif"), facts.path());
  }
}
