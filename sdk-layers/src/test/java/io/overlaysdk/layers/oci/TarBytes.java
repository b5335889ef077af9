package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * An archive made entry by entry, well-formed or not. Texts stand for bytes, one for each letter.
 */
final class TarBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static TarEntry entry(Type type, String name, String link, long size) {
    return entry(type, name, link, size, Map.of());
  }

  static TarEntry entry(
      Type type, String name, String link, long size, Map<String, byte[]> xattrs) {
    int mode = type == Type.DIRECTORY ? 0755 : 0644;
    return new TarEntry(
        type,
        name.getBytes(ISO_8859_1),
        link.getBytes(ISO_8859_1),
        mode,
        Own.uid(),
        Own.gid(),
        size,
        Instant.ofEpochSecond(1_000_000_000),
        0,
        0,
        new TreeMap<>(xattrs));
  }

  TarBytes directory(String name) {
    return add(entry(Type.DIRECTORY, name, "", 0), "");
  }

  TarBytes file(String name, String content) {
    return add(entry(Type.FILE, name, "", content.length()), content);
  }

  TarBytes symlink(String name, String target) {
    return add(entry(Type.SYMLINK, name, target, 0), "");
  }

  TarBytes link(String name, String target) {
    return add(entry(Type.LINK, name, target, 0), "");
  }

  TarBytes header(TarEntry entry) {
    return add(entry, "");
  }

  TarBytes add(TarEntry entry, String content) {
    ByteBuffer first = ByteBuffer.allocate(512);
    try (var output = new BackgroundOutput(Channels.newChannel(out), ByteBuffer.allocate(512))) {
      TarWriter tar = new TarWriter(output, first);
      tar.header(entry);
      tar.content(
          Channels.newChannel(new ByteArrayInputStream(content.getBytes(ISO_8859_1))),
          content.length());
      tar.flush();
      return this;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A header with any flag, followed by its data. */
  TarBytes raw(char flag, String name, String data) {
    UstarHeader header = UstarHeader.empty();
    header.put(UstarHeader.Field.NAME, name.getBytes(ISO_8859_1));
    header.put(UstarHeader.Field.MODE, 0644);
    header.put(UstarHeader.Field.UID, Own.uid());
    header.put(UstarHeader.Field.GID, Own.gid());
    header.put(UstarHeader.Field.SIZE, data.length());
    header.put(UstarHeader.Field.MODIFIED, 0);
    header.flag((byte) flag);
    return block(header.sealed()).block(data.getBytes(ISO_8859_1));
  }

  /** A record of an extended header, whose length is right. */
  static String pax(String keyword, String value) {
    TreeMap<String, byte[]> record = new TreeMap<>();
    record.put(keyword, value.getBytes(ISO_8859_1));
    return new String(PaxRecords.encode(record), ISO_8859_1);
  }

  /** Bytes as they are, filled up to whole blocks. */
  TarBytes block(byte[] bytes) {
    out.writeBytes(bytes);
    out.writeBytes(new byte[-bytes.length & 511]);
    return this;
  }

  byte[] unfinished() {
    return out.toByteArray();
  }

  byte[] bytes() {
    return block(new byte[1024]).unfinished();
  }

  Path in(Path directory) {
    return write(directory, bytes());
  }

  static Path write(Path directory, byte[] bytes) {
    try {
      return Files.write(directory.resolve("layer.tar"), bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
