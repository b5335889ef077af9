package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Path;

/** Superblocks of squashfs and ext, as images, overlays, packs and templates. */
public final class FileSystemFuzz {
  /** The superblocks of small file systems say no more than this; the rest of them is a hole. */
  private static final long SIZE = 1 << 22;

  /** Of a template, which may be as large as it says; so much is unpacked in a moment. */
  private static final int LARGEST_TEMPLATE = 2048;

  /** Of an image: whether it is of this one is told by the superblock. */
  private static final byte[] MANIFEST =
      "{\"format\":1,\"created\":\"2026-11-23T08:00:00Z\",\"dialects\":[]}".getBytes(US_ASCII);

  private FileSystemFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path whole = FuzzedFile.of("whole", data, SIZE);
    Path part = FuzzedFile.of("part", data);
    refusedOrDone(() -> new ImageReader().read(Image.at(whole)));
    refusedOrDone(() -> new OverlayReader().read(Overlay.at(whole).readOnly()));
    refusedOrDone(() -> new OverlayReader().read(Overlay.at(part).readOnly()));
    refusedOrDone(() -> Template.at(part).isPlain());
    refusedOrDone(() -> Pack.check(Found.at(part, Subject.PACK)));
    FuzzedFile.of("whole.overlay.json", MANIFEST);
    refusedOrDone(() -> ManifestFile.ofImage(whole).read());
    if (data.length <= LARGEST_TEMPLATE) {
      Path unpacked = FuzzedFile.free("unpacked");
      refusedOrDone(() -> Template.at(part).unpackTo(unpacked));
    }
  }

  private static void refusedOrDone(Runnable work) {
    try {
      work.run();
    } catch (OverlayException e) {
      // refused by name
    }
  }
}
