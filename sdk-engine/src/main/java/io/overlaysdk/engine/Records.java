package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * How two processes of the engine talk: a file of records, each a list of fields, each some bytes.
 * A record is the number of its fields, then for each field its length and its bytes; numbers are
 * of four bytes, the highest first.
 */
final class Records {
  /** More is not said by this engine: a longer field means that the file is something else. */
  private static final int MOST = 1 << 26;

  private Records() {}

  /** A field with a text. */
  static byte[] field(String text) {
    return text.getBytes(UTF_8);
  }

  /** The text in a field. */
  static String text(byte[] field) {
    return new String(field, UTF_8);
  }

  static final class Writer implements Closeable {
    private final DataOutputStream out;

    Writer(Path file) throws IOException {
      out =
          new DataOutputStream(
              new BufferedOutputStream(
                  Files.newOutputStream(
                      file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
    }

    void write(List<byte[]> fields) {
      try {
        out.writeInt(fields.size());
        for (byte[] field : fields) {
          out.writeInt(field.length);
          out.write(field);
        }
      } catch (IOException e) {
        throw new OverlayException("cannot write what another process is to read: " + e, e);
      }
    }

    void write(byte[]... fields) {
      write(List.of(fields));
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  static final class Reader implements Closeable {
    private final DataInputStream in;

    Reader(Path file) throws IOException {
      in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)));
    }

    /**
     * The next record.
     *
     * @throws OverlayException where there is none, or only a part of it
     */
    List<byte[]> next() {
      try {
        int count = limited(in.readInt());
        List<byte[]> fields = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          int length = limited(in.readInt());
          byte[] field = in.readNBytes(length);
          if (field.length < length) {
            throw new IOException("it ends too early");
          }
          fields.add(field);
        }
        return fields;
      } catch (IOException e) {
        throw new OverlayException("cannot read what another process wrote: " + e, e);
      }
    }

    private static int limited(int number) throws IOException {
      if (number < 0 || number > MOST) {
        throw new IOException("there is no record, but " + number);
      }
      return number;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
