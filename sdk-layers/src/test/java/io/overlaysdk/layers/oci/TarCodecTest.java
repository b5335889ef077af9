package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TarCodecTest {
  private static final byte[] EVERY_BYTE = new byte[256];

  static {
    for (int i = 0; i < 256; i++) {
      EVERY_BYTE[i] = (byte) i;
    }
  }

  private static TarEntry readBack(TarEntry entry) throws Exception {
    byte[] archive = new TarBytes().add(entry, "x".repeat((int) entry.size())).bytes();
    TarReader reader = new TarReader(new ByteArrayInputStream(archive));
    TarEntry read = reader.next();
    assertNull(reader.next());
    return read;
  }

  private static void assertSame(TarEntry expected, TarEntry actual) {
    assertEquals(new String(expected.name(), ISO_8859_1), new String(actual.name(), ISO_8859_1));
    assertEquals(new String(expected.link(), ISO_8859_1), new String(actual.link(), ISO_8859_1));
    assertEquals(expected.xattrs().keySet(), actual.xattrs().keySet());
    expected
        .xattrs()
        .forEach((name, value) -> assertArrayEquals(value, actual.xattrs().get(name), name));
    assertEquals(plain(expected), plain(actual));
  }

  private static List<Object> plain(TarEntry e) {
    return List.of(
        e.type(), e.mode(), e.uid(), e.gid(), e.size(), e.modified(), e.major(), e.minor());
  }

  private static TarEntry with(TarEntry e, long uid, Instant modified, int major, int minor) {
    return new TarEntry(
        e.type(),
        e.name(),
        e.link(),
        07777,
        uid,
        uid,
        e.size(),
        modified,
        major,
        minor,
        e.xattrs());
  }

  @Test
  void keepsNamesOfEveryLength() throws Exception {
    for (int length : new int[] {1, 99, 100, 101, 155, 156, 255, 256, 257, 300, 1000, 4000}) {
      for (String unit : List.of("a", "dir/", "\u00c3\u00a9", "\u00ff", " ", "\n")) {
        String name = unit.repeat(length / unit.length()) + "b";
        assertSame(
            TarBytes.entry(Type.FILE, name, "", 0),
            readBack(TarBytes.entry(Type.FILE, name, "", 0)));
        assertSame(
            TarBytes.entry(Type.SYMLINK, "s", name, 0),
            readBack(TarBytes.entry(Type.SYMLINK, "s", name, 0)));
      }
    }
  }

  @Test
  void keepsExtendedAttributesByteForByte() throws Exception {
    TreeMap<String, byte[]> xattrs = new TreeMap<>();
    xattrs.put("user.every", EVERY_BYTE);
    xattrs.put("user.empty", new byte[0]);
    xattrs.put("user.lines", "\n1 a=b\n".getBytes(UTF_8));
    xattrs.put("security.capability", new byte[] {1, 0, 0, 2, 0, (byte) 0xff, (byte) 0x80, 10});
    for (int length : new int[] {60, 69, 70, 71, 72, 960, 970, 971, 9960, 9970, 65536}) {
      xattrs.put("user.length" + length, new byte[length]);
    }
    assertSame(
        TarBytes.entry(Type.FILE, "f", "", 0, xattrs),
        readBack(TarBytes.entry(Type.FILE, "f", "", 0, xattrs)));
  }

  @Test
  void keepsNumbersThatNoFieldHolds() throws Exception {
    TarEntry device = TarBytes.entry(Type.BLOCK, "d", "", 0);
    TarEntry large = with(device, (1L << 32) - 2, Instant.ofEpochSecond(1, 1), 4095, 1048575);
    assertSame(large, readBack(large));
  }

  @Test
  void keepsTimesToTheNanosecond() throws Exception {
    for (Instant time :
        List.of(
            Instant.EPOCH,
            Instant.ofEpochSecond(1_000_000_000),
            Instant.ofEpochSecond(1_700_000_000, 1),
            Instant.ofEpochSecond(1_700_000_000, 500_000_000),
            Instant.ofEpochSecond(-1, 999_999_999),
            Instant.ofEpochSecond(-3_000_000_000L, 7),
            Instant.ofEpochSecond(200_000_000_000L))) {
      TarEntry entry = with(TarBytes.entry(Type.FILE, "f", "", 0), 5, time, 0, 0);
      assertSame(entry, readBack(entry));
    }
  }

  @Test
  void readsContentsOneAfterTheOther() throws Exception {
    TarBytes tar = new TarBytes();
    List<Integer> sizes = List.of(0, 1, 511, 512, 513, 70_000);
    sizes.forEach(size -> tar.file("f" + size, "y".repeat(size)));
    TarReader reader = new TarReader(new ByteArrayInputStream(tar.bytes()));
    List<Integer> found = new ArrayList<>();
    while (reader.next() != null) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      byte[] some = new byte[1000];
      for (int n; (n = reader.read(some, 0, some.length)) >= 0; ) {
        content.write(some, 0, n);
      }
      assertEquals("y".repeat(content.size()), content.toString(UTF_8));
      found.add(content.size());
    }
    assertEquals(sizes, found);
  }

  @Test
  void readsWhatGnuTarWritesInItsOwnFormat() throws Exception {
    String name = "n".repeat(300);
    byte[] archive = new TarBytes().raw('L', "././@LongLink", name + "\0").file("n", "x").bytes();
    TarEntry entry = new TarReader(new ByteArrayInputStream(archive)).next();
    assertEquals(name, new String(entry.name(), ISO_8859_1));
  }

  @Test
  void writesTheSameBytesForTheSameEntries() {
    Map<String, byte[]> xattrs = Map.of("user.b", EVERY_BYTE, "user.a", EVERY_BYTE);
    byte[] first = new TarBytes().add(TarBytes.entry(Type.FILE, "f", "", 1, xattrs), "x").bytes();
    byte[] second =
        new TarBytes()
            .add(TarBytes.entry(Type.FILE, "f", "", 1, new TreeMap<>(xattrs)), "x")
            .bytes();
    assertArrayEquals(first, second);
  }

  @Test
  void keepsSizesThatNoFieldHolds() throws Exception {
    TarEntry large = TarBytes.entry(Type.FILE, "large", "", 9L << 30);
    byte[] header = new TarBytes().header(large).unfinished();
    assertSame(large, new TarReader(new ByteArrayInputStream(header)).next());
  }
}
