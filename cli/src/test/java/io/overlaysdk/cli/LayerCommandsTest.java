package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LayerCommandsTest {
  private final FakeSdk sdk = new FakeSdk();

  private CommandLineRun run(String... words) {
    return CommandLineRun.of(sdk, words);
  }

  @Test
  void exportsAnOverlayAtRestAndTellsWhatIsMissing() {
    sdk.report = new LayerReport(4, 300, 2, 1, List.of(ContainerPath.of("/run/socket")), List.of());

    CommandLineRun run = run("export", "o", "--base", "i.sif", "-o", "layer.tar.gz");

    assertEquals(
        "wrote layer.tar.gz: 4 entries, 300 bytes in files, 2 deletions, 1 replaced directories\n",
        run.out());
    assertEquals("overlay: left out, because it is a socket: /run/socket\n", run.err());
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("i.sif"))).overlay(Overlay.at(Path.of("o")).readOnly()),
            "export layer.tar.gz"),
        sdk.calls.subList(0, 2));
  }

  @Test
  void commitsOverlaysAtRestAndWarns() {
    CommandLineRun run = run("commit", "o", "--base", "i", "--layered", "-o", "new.sif");

    assertEquals("wrote new.sif: 4 entries, 300 bytes in files, 2 deletions\n", run.out());
    assertEquals(
        "overlay: left out, because it is a socket: /run/socket\noverlay: take care\n", run.err());
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("i"))).overlay(Overlay.at(Path.of("o")).readOnly()),
            "commit to new.sif LAYERED"),
        sdk.calls.subList(0, 2));
    assertEquals(
        "{\"target\":\"d\",\"mode\":\"FLATTENED\",\"baseSha256\":\"ab12\",\"entries\":4,"
            + "\"bytes\":300,\"whiteouts\":2,\"skipped\":[\"/run/socket\"],"
            + "\"warnings\":[\"take care\"]}\n",
        run("commit", "o", "--base", "i", "-o", "d", "--json").out());
    assertEquals(
        2,
        run("commit", "o", "--base", "i", "--layered", "--flatten", "-o", "d").status(),
        "both at once");
  }

  @Test
  void importsIntoAnOverlayThatCanBeWrittenTo() {
    CommandLineRun run =
        run("import", "--below", "a", "--fakeroot", "layer.tar", "o", "--base", "i");

    assertEquals(
        "imported layer.tar into o: 4 entries, 300 bytes in files, 2 deletions,"
            + " 1 replaced directories\n",
        run.out());
    assertEquals(
        List.of(
            "import layer.tar",
            SessionSpec.on(Image.at(Path.of("i")))
                .overlay(Overlay.at(Path.of("a")).readOnly())
                .overlay(Overlay.at(Path.of("o")))
                .fakeroot()),
        sdk.calls.subList(0, 2));
  }

  @Test
  void convertsAnOverlayThatCanBeWrittenTo() {
    CommandLineRun run = run("convert", "o", "--base", "i", "--other-base");

    assertEquals("o is in neutral form now\n", run.out());
    assertEquals(
        List.of(
            "convert",
            SessionSpec.on(Image.at(Path.of("i")))
                .overlay(Overlay.at(Path.of("o")))
                .allowOtherBase()),
        sdk.calls.subList(0, 2));
  }

  @Test
  void freezesWithWhatIsWrittenDownAndTellsWhatIsMissing() {
    sdk.report = new LayerReport(4, 300, 2, 1, List.of(ContainerPath.of("/run/socket")), List.of());

    CommandLineRun run = run("freeze", "o", "o.sqfs", "--base", "i.sif", "--fakeroot");

    assertEquals(
        "wrote o.sqfs: 4 entries, 300 bytes in files, 2 deletions, 1 replaced directories\n",
        run.out());
    assertEquals("overlay: left out, because it is a socket: /run/socket\n", run.err());
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("i.sif"))).overlay(Overlay.at(Path.of("o"))).fakeroot(),
            "freeze o.sqfs"),
        sdk.calls.subList(0, 2));
    assertEquals(
        "{\"file\":\"o.sqfs\",\"entries\":4,\"bytes\":300,\"whiteouts\":2,\"opaque\":1,"
            + "\"skipped\":[\"/run/socket\"]}\n",
        run("freeze", "o", "o.sqfs", "--base", "i.sif", "--json").out());
  }

  @Test
  void freezesOnTheBaseThatTheOverlayRemembers() {
    assertEquals(2, run("freeze", "o", "o.sqfs").status());
    assertEquals(
        "overlay: nothing tells on what o was made: give --base IMAGE",
        run("freeze", "o", "o.sqfs").err().lines().findFirst().orElseThrow());
    sdk.calls.clear();
    sdk.base = Optional.of("/images/i.sif");
    assertEquals(0, run("freeze", "o", "o.sqfs").status());
    assertEquals(
        SessionSpec.on(Image.at(Path.of("/images/i.sif"))).overlay(Overlay.at(Path.of("o"))),
        sdk.calls.get(0));
  }

  @Test
  void thawsPacksAndUnpacks() {
    assertEquals("thawed o.sqfs to o\n", run("thaw", "o.sqfs", "o").out());
    assertEquals("packed o in o.pack\n", run("pack", "o", "o.pack").out());
    assertEquals("unpacked o.pack to o\n", run("unpack", "o.pack", "o").out());
    sdk.calls.removeIf("close sdk"::equals);
    assertEquals(List.of("thaw o.sqfs o", "pack o o.pack", "unpack o.pack o"), sdk.calls);
    assertEquals(2, run("thaw", "o.sqfs").status());
    assertEquals(2, run("pack", "o").status());
    assertEquals(2, run("unpack", "o").status());
  }

  @Test
  void aRefusedLayerIsAFailureAndAMissingWordAWrongCommandLine() {
    assertEquals(2, run("export", "o", "--base", "i").status());
    assertEquals(2, run("import", "layer.tar", "--base", "i").status());
    sdk.refusal = new InvalidSpecException("no");
    assertEquals(
        new CommandLineRun(125, "", "overlay: no\n"),
        run("import", "layer.tar", "o", "--base", "i"));
  }

  @Test
  void rebasesOnlyWhereItIsToldToIgnoreConflicts() {
    String[] words = {"rebase", "mine", "new", "--base", "old.sif", "--onto", "new.sif"};
    CommandLineRun refused = CommandLineRun.of(sdk, words);
    assertEquals(1, refused.status());
    assertEquals(
        "conflict /etc/motd: MODIFIED in the image, DELETED /etc/motd in the overlay\n",
        refused.out());
    String[] forced = Arrays.copyOf(words, words.length + 2);
    forced[words.length] = "--force";
    forced[words.length + 1] = "--json";
    CommandLineRun made = CommandLineRun.of(sdk, forced);
    assertEquals(0, made.status());
    assertEquals(
        "{\"conflicts\":[{\"path\":\"/etc/motd\",\"image\":\"MODIFIED\",\"overlay\":\"DELETED\","
            + "\"overlayPath\":\"/etc/motd\"}],\"made\":true}\n",
        made.out());
    assertEquals(
        List.of(
            "rebase [mine:ro] from old.sif onto new.sif to new",
            "rebase [mine:ro] from old.sif onto new.sif to new, force"),
        sdk.calls.stream().filter(call -> call.toString().startsWith("rebase")).toList());
  }

  @Test
  void adoptsAnOverlay() {
    CommandLineRun run = CommandLineRun.of(sdk, "adopt", "mine", "--base", "base.sif");
    assertEquals("mine belongs to that image\n", run.out());
    assertTrue(sdk.calls.contains("adopt [mine] on base.sif"), sdk.calls::toString);
  }
}
