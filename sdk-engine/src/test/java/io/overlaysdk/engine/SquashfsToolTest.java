package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.overlaysdk.LaunchException;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SquashfsToolTest {
  private static final Path PROGRAM = Path.of("/usr/bin/unsquashfs");

  private final Host host = mock(Host.class);

  private void says(String text) {
    when(host.find("unsquashfs")).thenReturn(Optional.of(PROGRAM));
    when(host.ask(List.of(PROGRAM.toString(), "-version")))
        .thenReturn(Optional.of(new Host.Answer(0, text, "")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.5.1 (2022/03/17)", "4.6", "4.10", "4.6.1-abcdef", "5.0"})
  void takesWhatIsNewEnough(String version) {
    says("unsquashfs version " + version + "\ncopyright (C) 2022 Phillip Lougher\n");
    assertEquals(PROGRAM, SquashfsTool.UNSQUASHFS.find(host));
  }

  @ParameterizedTest
  @ValueSource(strings = {"unsquashfs version 4.5 (2021/07/22)", "unsquashfs version 4.3", "", "?"})
  void refusesWhatIsTooOldOrSaysNothing(String text) {
    says(text);
    LaunchException refused =
        assertThrows(LaunchException.class, () -> SquashfsTool.UNSQUASHFS.find(host));
    assertTrue(
        refused.getMessage().contains("install squashfs-tools 4.5.1 or newer"),
        refused::getMessage);
  }

  @Test
  void saysWhatIsMissing() {
    when(host.find("mksquashfs")).thenReturn(Optional.empty());
    LaunchException refused =
        assertThrows(LaunchException.class, () -> SquashfsTool.MKSQUASHFS.find(host));
    assertTrue(refused.getMessage().contains("install squashfs-tools"), refused::getMessage);
  }
}
