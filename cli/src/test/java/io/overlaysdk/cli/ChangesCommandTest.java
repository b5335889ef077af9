package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangesCommandTest {
  private final FakeSdk sdk = new FakeSdk();

  private CommandLineRun run(String... words) {
    return CommandLineRun.of(sdk, words);
  }

  @Test
  void printsAChangeALine() {
    sdk.changes =
        List.of(
            Change.of(Kind.MODIFIED, ContainerPath.of("/a b")),
            Change.renamed(ContainerPath.of("/c"), ContainerPath.of("/d\n")));
    assertEquals(
        "MODIFIED /a b\nRENAMED /c -> /d\\x0a\n", run("changes", "o", "--base", "i.sif").out());
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("i.sif"))).overlay(Overlay.at(Path.of("o")).readOnly()),
            Changes.Detail.ROOTS),
        sdk.calls.subList(0, 2));
  }

  @Test
  void writesJsonThatLosesNoByte() {
    sdk.changes =
        List.of(
            Change.of(Kind.ADDED, ContainerPath.of("/é\n")),
            Change.of(Kind.DELETED, ContainerPath.of(new byte[] {'/', (byte) 0xff})));
    assertEquals(
        "[\n{\"kind\":\"ADDED\",\"path\":\"/\\u00e9\\u000a\"},\n"
            + "{\"kind\":\"DELETED\",\"path\":\"/\\\\xff\",\"bytes\":\"2fff\"}\n]\n",
        run("changes", "o", "--base", "i.sif", "--json").out());
    sdk.changes = List.of();
    assertEquals("[]\n", run("changes", "o", "--base", "i.sif", "--json").out());
  }

  @Test
  void passesOnWhatLiesBelowAndTheDetail() {
    run("changes", "--all", "--fakeroot", "--below", "a:ro", "--below", "b", "o", "--base", "i");
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("i")))
                .overlay(Overlay.at(Path.of("a")).readOnly())
                .overlay(Overlay.at(Path.of("b")).readOnly())
                .overlay(Overlay.at(Path.of("o")).readOnly())
                .fakeroot(),
            Changes.Detail.EVERY_ENTRY),
        sdk.calls.subList(0, 2));
  }

  @Test
  void needsABase() {
    assertEquals(2, run("changes", "o").status());
  }
}
