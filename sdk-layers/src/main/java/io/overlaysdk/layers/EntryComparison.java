package io.overlaysdk.layers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.SortedMap;

/** Compares two entries of one type. */
final class EntryComparison {
  private static final int BLOCK = 1 << 17;

  private final ChangeOptions options;
  private ByteBuffer left;
  private ByteBuffer right;

  EntryComparison(ChangeOptions options) {
    this.options = options;
  }

  boolean differInContent(LayerDirectory parent, LayerEntry upper, LowerEntry lower) {
    return switch (upper.kind()) {
      case FILE -> filesDiffer(parent, upper, lower);
      case SYMLINK -> !Arrays.equals(parent.target(upper), lower.target());
      case CHARACTER_DEVICE, BLOCK_DEVICE -> upper.device() != lower.stat().rdev();
      default -> false;
    };
  }

  boolean differInMetadata(LayerDirectory parent, LayerEntry upper, LowerEntry lower) {
    Permissions now = parent.permissions(upper);
    Permissions then = lower.permissions();
    return now.mode() != then.mode()
        || !options.sameOwner(now, then)
        || attributesDiffer(parent.markers(), upper, lower);
  }

  private static boolean attributesDiffer(Markers markers, LayerEntry upper, LowerEntry lower) {
    SortedMap<String, byte[]> now = markers.attributes(upper.file(), upper.kind());
    SortedMap<String, byte[]> then = lower.attributes(markers);
    if (!(markers.seesAll() && lower.markers().seesAll())) {
      // what only one side can see is no difference
      now = onlyUser(now);
      then = onlyUser(then);
    }
    if (now.size() != then.size()) {
      return true;
    }
    Iterator<Map.Entry<String, byte[]>> others = then.entrySet().iterator();
    for (Map.Entry<String, byte[]> attribute : now.entrySet()) {
      Map.Entry<String, byte[]> other = others.next();
      if (!attribute.getKey().equals(other.getKey())
          || !Arrays.equals(attribute.getValue(), other.getValue())) {
        return true;
      }
    }
    return false;
  }

  private static SortedMap<String, byte[]> onlyUser(SortedMap<String, byte[]> all) {
    return all.subMap("user.", "user/");
  }

  private boolean filesDiffer(LayerDirectory parent, LayerEntry upper, LowerEntry lower) {
    if (upper.size() != lower.stat().size()) {
      return true;
    }
    if (upper.size() == 0 || upper.fileKey().equals(lower.stat().key())) {
      return false;
    }
    if (parent.markers().knowsMetacopy() && parent.isMetacopy(upper)) {
      return false;
    }
    try (SeekableByteChannel now = parent.read(upper);
        SeekableByteChannel then = lower.open()) {
      return contentsDiffer(now, then);
    } catch (IOException e) {
      throw UnreadableLayerException.of("comparing", upper.file(), e);
    }
  }

  private boolean contentsDiffer(SeekableByteChannel now, SeekableByteChannel then)
      throws IOException {
    if (left == null) {
      left = ByteBuffer.allocateDirect(BLOCK);
      right = ByteBuffer.allocateDirect(BLOCK);
    }
    while (true) {
      fill(left, now);
      fill(right, then);
      if (!left.equals(right)) {
        return true;
      }
      if (left.limit() < BLOCK) {
        return false;
      }
    }
  }

  private static void fill(ByteBuffer buffer, SeekableByteChannel from) throws IOException {
    buffer.clear();
    while (buffer.hasRemaining() && from.read(buffer) >= 0) {
      // a read may give less than was asked for
    }
    buffer.flip();
  }
}
