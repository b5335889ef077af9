package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers which linked files are in images, in this process and for later ones: to find out, an
 * image has to be mounted and gone through. Of a directory nothing is remembered, because nothing
 * cheap tells that something deep in it has changed.
 */
final class LinkMemory {
  private static final Logger LOG = LoggerFactory.getLogger(LinkMemory.class);

  private final Path directory;
  private final Map<String, List<byte[]>> known = new ConcurrentHashMap<>();

  /**
   * @param directory of this user alone; made when something is remembered
   */
  LinkMemory(Path directory) {
    this.directory = directory;
  }

  List<byte[]> recall(LayerSource layer, Supplier<List<byte[]>> finding) {
    if (layer.format() == LayerSource.Format.DIRECTORY) {
      return finding.get();
    }
    return known.computeIfAbsent(
        identity(layer),
        identity -> read(identity).orElseGet(() -> write(identity, finding.get())));
  }

  /** What is another one as soon as anything in the file is. */
  private static String identity(LayerSource layer) {
    try {
      Map<String, Object> file =
          Files.readAttributes(layer.file(), "unix:dev,ino,size,lastModifiedTime,ctime");
      return String.join(
          " ",
          layer.file().toString(),
          String.valueOf(file.get("dev")),
          String.valueOf(file.get("ino")),
          String.valueOf(file.get("size")),
          String.valueOf(file.get("lastModifiedTime")),
          String.valueOf(file.get("ctime")),
          Long.toString(layer.offset()));
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + layer.file() + ": " + e, e);
    }
  }

  private Path file(String identity) {
    return directory.resolve(Digests.sha256(ByteBuffer.wrap(identity.getBytes(UTF_8))));
  }

  private Optional<List<byte[]>> read(String identity) {
    Path file = file(identity);
    if (isShared() || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (Records.Reader reader = new Records.Reader(file)) {
      boolean same = reader.next().stream().map(Records::text).toList().equals(List.of(identity));
      List<byte[]> names = reader.next();
      return same && names.stream().allMatch(LinkMemory::isInside)
          ? Optional.of(names)
          : Optional.empty();
    } catch (IOException | OverlayException e) {
      // cut off by a full disk, say: found out anew, and written anew
      return Optional.empty();
    }
  }

  private boolean isShared() {
    try {
      PrivateDirectory.require(directory);
      return false;
    } catch (OverlayException e) {
      LOG.debug("the linked files that are remembered are not used", e);
      return true;
    }
  }

  private static boolean isInside(byte[] name) {
    String text = new String(name, ISO_8859_1);
    return !text.isEmpty()
        && text.indexOf('\0') < 0
        && List.of(text.split("/", -1)).stream()
            .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
  }

  /** Where nothing can be written, it is found out anew next time. */
  private List<byte[]> write(String identity, List<byte[]> names) {
    Path partial = directory.resolve(".partial-" + UUID.randomUUID());
    try {
      PrivateDirectory.make(directory);
      try (Records.Writer writer = new Records.Writer(partial)) {
        writer.write(Records.field(identity));
        writer.write(names);
      }
      Files.move(partial, file(identity), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | OverlayException e) {
      LOG.debug("the linked files of an image are not remembered in {}: {}", directory, e);
    }
    return List.copyOf(names);
  }
}
