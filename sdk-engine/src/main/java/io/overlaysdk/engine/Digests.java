package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.CancelledException;
import io.overlaysdk.OverlayException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** SHA-256, in hexadecimal digits. */
final class Digests {
  private Digests() {}

  /** Of an image: of its content where it is a file, else of all names, modes, links and files. */
  static String ofImage(Path image) {
    return Files.isDirectory(image) ? ofTree(image) : ofFile(image);
  }

  /**
   * Of the content of an image, which this JVM may have locked: the end of another descriptor would
   * drop the lock.
   */
  static String ofFile(Path image) {
    try (OpenFile file = OpenFile.at(image.toRealPath())) {
      return ofAll(file);
    } catch (IOException e) {
      throw new OverlayException("cannot read " + image + ": " + e, e);
    }
  }

  private static String ofAll(OpenFile file) throws IOException {
    MessageDigest digest = sha256();
    byte[] bytes = new byte[1 << 16];
    long at = 0;
    int count = file.read(bytes, 0, at);
    while (count > 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException(
            "interrupted while " + file.path() + " was read", new InterruptedException());
      }
      digest.update(bytes, 0, count);
      at += count;
      count = file.read(bytes, 0, at);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String ofTree(Path root) {
    MessageDigest digest = sha256();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted().toList()) {
        BasicFileAttributes attributes =
            Files.readAttributes(path, BasicFileAttributes.class, NOFOLLOW_LINKS);
        String content =
            attributes.isSymbolicLink()
                ? "link " + Files.readSymbolicLink(path)
                : attributes.isRegularFile() ? "file " + sha256(path) : "other";
        Object mode = Files.getAttribute(path, "unix:mode", NOFOLLOW_LINKS);
        digest.update(
            (root.relativize(path) + "\0" + mode + "\0" + content + "\0").getBytes(UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException | UncheckedIOException e) {
      throw new OverlayException("cannot read " + root + ": " + e, e);
    }
  }

  static String sha256(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = sha256();
      new DigestInputStream(in, digest).transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new OverlayException("cannot read " + file + ": " + e, e);
    }
  }

  /** Of the beginning of a file. */
  static String sha256(Path file, long length) {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = sha256();
      byte[] bytes = new byte[1 << 16];
      long left = length;
      while (left > 0) {
        int count = in.read(bytes, 0, (int) Math.min(bytes.length, left));
        if (count < 0) {
          throw new EOFException("it has become shorter");
        }
        digest.update(bytes, 0, count);
        left -= count;
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new OverlayException("cannot read " + file + ": " + e, e);
    }
  }

  /**
   * Of the first and the last MiB of a file: enough to tell one file system from another, whose
   * tables lie at its end, and no proof of what is in it.
   */
  static String ofEnds(Path file) {
    int most = 1 << 20;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MessageDigest digest = sha256();
      for (long start : List.of(0L, Math.max(0, channel.size() - most))) {
        ByteBuffer bytes = ByteBuffer.allocate(most);
        while (bytes.hasRemaining() && channel.read(bytes, start + bytes.position()) >= 0) {
          continue;
        }
        digest.update(bytes.flip());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new OverlayException("cannot read " + file + ": " + e, e);
    }
  }

  static String sha256(ByteBuffer bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes);
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
