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
  private @Nullable ByteBuffer left;
  private @Nullable ByteBuffer right;

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
    Markers markers = parent.markers(upper);
    SortedMap<String, byte[]> now = markers.all(upper.file(), upper.kind());
    SortedMap<String, byte[]> then = lower.markers().all(lower.file(), lower.kind());
    Permissions nowMay = markers.permissions(upper.file(), upper.stat(), now);
    Permissions thenMay = lower.markers().permissions(lower.file(), lower.stat(), then);
    return nowMay.mode() != thenMay.mode()
        || !options.sameOwner(nowMay, thenMay)
        || attributesDiffer(
            markers,
            lower.markers(),
            markers.ofUser(now),
            lower.markers().isBase() ? markers.ofUser(then) : lower.markers().ofUser(then));
  }

  private static boolean attributesDiffer(
      Markers upper, Markers lower, SortedMap<String, byte[]> now, SortedMap<String, byte[]> then) {
    return upper.seesAll() && lower.seesAll()
        ? mapsDiffer(now, then)
        // what only one side can see is no difference
        : mapsDiffer(onlyUser(now), onlyUser(then));
  }

  private static boolean mapsDiffer(SortedMap<String, byte[]> now, SortedMap<String, byte[]> then) {
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
    return all.isEmpty() ? all : all.subMap("user.", "user/");
  }

  private boolean filesDiffer(LayerDirectory parent, LayerEntry upper, LowerEntry lower) {
    if (upper.size() != lower.stat().size()) {
      return true;
    }
    if (upper.size() == 0) {
      return false;
    }
    if (parent.markers(upper).knowsMetacopy() && parent.isMetacopy(upper)) {
      return false;
    }
    try (SeekableByteChannel now = parent.read(upper);
        SeekableByteChannel then = lower.open()) {
      return contentsDiffer(now, then, upper.size());
    } catch (IOException e) {
      throw UnreadableLayerException.of("comparing", upper.file(), e);
    }
  }

  private boolean contentsDiffer(SeekableByteChannel now, SeekableByteChannel then, long size)
      throws IOException {
    if (left == null || right == null) {
      left = ByteBuffer.allocateDirect(BLOCK);
      right = ByteBuffer.allocateDirect(BLOCK);
    }
    for (long done = 0; done < size; done += BLOCK) {
      int length = (int) Math.min(BLOCK, size - done);
      fill(left, now, length);
      fill(right, then, length);
      if (!left.equals(right)) {
        return true;
      }
    }
    return false;
  }

  private static void fill(ByteBuffer buffer, SeekableByteChannel from, int length)
      throws IOException {
    buffer.clear().limit(length);
    while (buffer.hasRemaining()) {
      if (from.read(buffer) < 0) {
        throw new IOException("it became shorter while it was read");
      }
    }
    buffer.flip();
  }
}
