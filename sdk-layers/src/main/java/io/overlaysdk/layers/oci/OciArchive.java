package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;

/**
 * An image of one layer in the OCI layout, as one tar archive. The layer, whose name and size are
 * known only at its end, is written first, so that it is written once.
 */
public final class OciArchive {
  /**
   * Where in the archive the layer begins: behind the directories, without which Apptainer 1.4.5
   * makes no file in them, and behind its own header, which is written last.
   */
  public static final long LAYER_START = 5L * UstarHeader.SIZE;

  private static final String BLOBS = "blobs/sha256/";

  private OciArchive() {}

  /**
   * Completes an archive in which there is the layer, from {@link #LAYER_START} to the end.
   *
   * @param archive open for writing
   * @param layer the SHA-256 of the layer, in hexadecimal digits
   * @param files all other files of the layout by their names, written in the order of this map
   */
  public static void complete(FileChannel archive, String layer, Map<String, byte[]> files)
      throws IOException {
    long size = archive.size() - LAYER_START;
    archive.position(0);
    write(
        archive,
        tar -> {
          tar.header(entry(Type.DIRECTORY, "blobs/", 0));
          tar.header(entry(Type.DIRECTORY, BLOBS, 0));
          // the place for an extended header is there, whether the size needs one or not
          tar.headerWithSize(entry(Type.FILE, BLOBS + layer, size));
        });
    archive.position(archive.size());
    write(
        archive,
        tar -> {
          tar.align(size);
          for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] content = file.getValue();
            tar.header(entry(Type.FILE, file.getKey(), content.length));
            tar.content(Channels.newChannel(new ByteArrayInputStream(content)), content.length);
          }
          tar.finish();
        });
  }

  /** The name of a blob in the layout. */
  public static String blob(String sha256) {
    return BLOBS + sha256;
  }

  private interface Members {
    void write(TarWriter tar) throws IOException;
  }

  private static void write(FileChannel archive, Members members) throws IOException {
    try (BackgroundOutput output = new BackgroundOutput(archive, ByteBuffer.allocate(1 << 16))) {
      TarWriter tar = new TarWriter(output, ByteBuffer.allocate(1 << 16));
      members.write(tar);
      tar.flush();
      output.await();
    }
  }

  private static TarEntry entry(Type type, String name, long size) {
    return new TarEntry(
        type,
        name.getBytes(US_ASCII),
        TarEntry.NO_LINK,
        type == Type.DIRECTORY ? 0755 : 0644,
        0,
        0,
        size,
        Instant.EPOCH,
        0,
        0,
        Collections.emptySortedMap());
  }
}
