package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What lies beside overlays as JSON, and the labels that an image has. What is read is written. */
public final class ManifestFuzz {
  private ManifestFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path directory = FuzzedFile.of(ManifestFile.NAME, data).getParent();
    try {
      Optional<Manifest> manifest = ManifestFile.ofDirectory(directory).read();
      if (manifest.isPresent()) {
        byte[] again = ManifestJson.write(manifest.get()).getBytes(UTF_8);
        same(manifest.get(), ManifestJson.read(again, directory));
      }
    } catch (OverlayException e) {
      // refused by name
    }
    FuzzedFile.of(LineFile.NAME, data);
    refusedOrDone(() -> LineFile.ofOverlay(directory));
    FuzzedFile.of("layer.json", data);
    refusedOrDone(() -> LineFile.ofLayer(directory));
    Files.write(Files.createDirectories(directory.resolve("lines")).resolve("0123456789ab"), data);
    refusedOrDone(() -> new LayerStore(directory).known());
    OciImage.labels(
        new Packed(
            new LayerReport(0, 0, 0, 0, List.of(), List.of()),
            "",
            false,
            Map.of(Packing.LABELS, data)));
  }

  private static void refusedOrDone(Runnable work) {
    try {
      work.run();
    } catch (OverlayException e) {
      // refused by name
    }
  }

  private static void same(Object expected, Object found) {
    if (!expected.equals(found)) {
      throw new AssertionError(expected + " was read as " + found);
    }
  }
}
