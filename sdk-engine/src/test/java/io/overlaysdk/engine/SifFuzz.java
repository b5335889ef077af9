package io.overlaysdk.engine;

import io.overlaysdk.Image;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.ImageFacts;
import java.io.IOException;
import java.nio.file.Path;

/** A SIF that is read. One that was found to be whole is changed as commit does, and is whole. */
public final class SifFuzz {
  private SifFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    try {
      Path image = FuzzedFile.of("image.sif", data);
      if (new ImageReader().read(Image.at(image)).kind() == ImageFacts.Kind.SIF) {
        flatten(image);
        addLayer(image);
      }
    } catch (OverlayException e) {
      // refused by name
    }
  }

  private static void flatten(Path image) throws IOException {
    byte[] root = new byte[(int) SifFile.PARTITION_START + 4096];
    System.arraycopy(SifBytes.squashfs(), 0, root, (int) SifFile.PARTITION_START, 4096);
    Path flat = FuzzedFile.of("flat.sif", root);
    try (SifFile from = SifFile.read(image);
        SifFile to = SifFile.create(flat, "amd64", from.created())) {
      to.addRoot(4096, "amd64");
      to.addLasting(from, false);
      to.finish();
    }
    new ImageReader().read(Image.at(flat));
  }

  private static void addLayer(Path image) throws IOException {
    Path layer = FuzzedFile.of("layer.sqfs", SifBytes.squashfs());
    try (SifFile sif = SifFile.open(image)) {
      sif.isSigned();
      sif.removeSignatures();
      sif.removeInspection();
      sif.addLayer(layer, "amd64", "a layer");
      sif.modified(sif.created() + 1);
      sif.finish();
    }
    new ImageReader().read(Image.at(image));
  }
}
