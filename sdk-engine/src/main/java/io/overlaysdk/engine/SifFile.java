package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A SIF that is written. {@code apptainer sif new} and {@code sif add} put the time and a random id
 * into it; here both are given, so that the same content gives the same bytes. The layout is that
 * of github.com/apptainer/sif v2, packed, little-endian; entries are used as its {@code AddObject}
 * uses them.
 */
final class SifFile implements AutoCloseable {
  /** Where the root is in a new SIF: behind header and table, on a page of its own. */
  static final long PARTITION_START = 32768;

  private static final int TABLE_START = 4096;
  private static final int SLOTS = 48;
  private static final int ALIGNMENT = 4096;
  private static final int DEFINITION = 0x4001;
  private static final int VARIABLES = 0x4002;
  private static final int LABELS = 0x4003;
  static final int SIGNATURE = 0x4005;
  private static final int JSON = 0x4006;
  private static final int GENERIC = 0x4007;

  /** What a new root still has. Of a bill of materials nobody knows whether it is still true. */
  private static final List<Integer> LASTING =
      List.of(DEFINITION, VARIABLES, LABELS, JSON, GENERIC);

  private static final int GROUP_MARK = 0xf0000000;
  private static final int NAME = 73;
  private static final int NAME_LENGTH = 128;
  private static final int EXTRA = 201;

  /** What Apptainer 1.4 inspects instead of the image's own files, where it is there. */
  private static final String INSPECTION = "inspect-metadata.json";

  private final FileChannel channel;
  private final ByteBuffer header;
  private final ByteBuffer table;

  private SifFile(FileChannel channel, ByteBuffer header, ByteBuffer table) {
    this.channel = channel;
    this.header = header;
    this.table = table;
  }

  /** Opens a SIF that was found to be whole, to change it. */
  static SifFile open(Path path) throws IOException {
    return of(write(path));
  }

  /** Opens one that is not changed. */
  static SifFile read(Path path) throws IOException {
    return of(FileChannel.open(path, StandardOpenOption.READ));
  }

  private static SifFile of(FileChannel channel) throws IOException {
    ByteBuffer header = read(channel, 0, SifHeader.SIZE);
    int length = (int) header.getLong(88) * SifDescriptor.SIZE;
    return new SifFile(channel, header, read(channel, header.getLong(96), length));
  }

  /**
   * Begins a SIF in a file that has its root from {@link #PARTITION_START} to the end.
   *
   * @param time seconds since 1970
   */
  static SifFile create(Path path, String architecture, long time) throws IOException {
    FileChannel channel = write(path);
    ByteBuffer header = buffer(SifHeader.SIZE);
    header.put("#!/usr/bin/env run-singularity\n\0".getBytes(ISO_8859_1)).position(32);
    header.put(("SIF_MAGIC\00001\0" + SifArchitecture.code(architecture)).getBytes(ISO_8859_1));
    header.putLong(64, time).putLong(72, time).putLong(80, SLOTS).putLong(88, SLOTS);
    header.putLong(96, TABLE_START).putLong(104, SLOTS * SifDescriptor.SIZE);
    header.putLong(112, TABLE_START + SLOTS * SifDescriptor.SIZE);
    return new SifFile(channel, header, buffer(SLOTS * SifDescriptor.SIZE));
  }

  private static FileChannel write(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer read(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer bytes = buffer(length);
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
      continue;
    }
    if (bytes.hasRemaining()) {
      throw new IOException("it ends before byte " + (at + length));
    }
    return bytes;
  }

  /** One object, its table entry as it is in the file. */
  private record Item(ByteBuffer entry) {
    int type() {
      return entry.getInt(0);
    }

    long offset() {
      return entry.getLong(17);
    }

    long length() {
      return entry.getLong(25);
    }

    String name() {
      return Content.text(entry, NAME, NAME_LENGTH).replaceAll("\0.*", "");
    }
  }

  private List<Integer> used() {
    List<Integer> indexes = new ArrayList<>();
    for (int i = 0; i < table.capacity() / SifDescriptor.SIZE; i++) {
      if (SifDescriptor.isUsed(table, i)) {
        indexes.add(i);
      }
    }
    return indexes;
  }

  private Item item(int index) {
    byte[] bytes = new byte[SifDescriptor.SIZE];
    table.get(index * SifDescriptor.SIZE, bytes);
    return new Item(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  /** Whether somebody has signed something in it. */
  boolean isSigned() {
    return used().stream().anyMatch(index -> item(index).type() == SIGNATURE);
  }

  /** Takes the signatures out, which say nothing of what is in it now. */
  void removeSignatures() {
    remove(item -> item.type() == SIGNATURE);
  }

  /** Takes out what says of the image what its files do not say any more. */
  void removeInspection() {
    remove(item -> item.type() == JSON && item.name().equals(INSPECTION));
  }

  private void remove(Predicate<Item> unwanted) {
    for (int index : used()) {
      if (unwanted.test(item(index))) {
        table.put(index * SifDescriptor.SIZE, new byte[SifDescriptor.SIZE]);
      }
    }
  }

  /**
   * Adds what another SIF says of itself: definition, labels and the like.
   *
   * @throws CorruptOverlayException where that is more than is in it: objects that lie in one
   *     another would make much of a small file
   */
  void addLasting(SifFile other, boolean inspection) throws IOException {
    long left = other.channel.size();
    for (int index : other.used()) {
      Item item = other.item(index);
      boolean stale = item.type() == JSON && item.name().equals(INSPECTION) && !inspection;
      if (LASTING.contains(item.type()) && !stale) {
        left -= item.length();
        if (left < 0) {
          throw new CorruptOverlayException(
              "the objects of the image lie in one another: they have more bytes than the file;"
                  + " build it anew");
        }
        long at = channel.size();
        copy(other.channel, item.offset(), item.length());
        ByteBuffer entry = item.entry();
        entry.putInt(13, 0).putLong(41, header.getLong(64)).putLong(49, header.getLong(64));
        put(0, entry, at, item.length());
      }
    }
  }

  /** Enters the root that is in a new SIF. */
  void addRoot(long length, String architecture) {
    put(
        0,
        partition(SifDescriptor.PRIMARY_SYSTEM, architecture, "squashfs"),
        PARTITION_START,
        length);
  }

  /** Appends a layer: a squashfs, above all others. Returns where it is. */
  long addLayer(Path squashfs, String architecture, String name) throws IOException {
    long at = (end() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    try (FileChannel layer = FileChannel.open(squashfs, StandardOpenOption.READ)) {
      channel.truncate(Math.min(at, channel.size()));
      channel.position(at);
      copy(layer, at, 0, layer.size());
      // the order of the table is that of the layers, also where an entry before is free
      int last = used().stream().filter(this::isLayer).reduce(-1, Math::max);
      put(last + 1, partition(SifDescriptor.OVERLAY, architecture, name), at, layer.size());
    }
    return at;
  }

  private void copy(FileChannel from, long start, long length) throws IOException {
    copy(from, channel.size(), start, length);
  }

  private void copy(FileChannel from, long at, long start, long length) throws IOException {
    channel.position(at);
    long done = 0;
    while (done < length) {
      long count = from.transferTo(start + done, length - done, channel);
      if (count <= 0) {
        throw new IOException("an object ends after " + done + " bytes, not " + length);
      }
      done += count;
    }
  }

  private ByteBuffer partition(int purpose, String architecture, String name) {
    ByteBuffer entry = buffer(SifDescriptor.SIZE);
    entry.putInt(0, SifDescriptor.PARTITION).putInt(9, group());
    entry.putLong(41, header.getLong(72)).putLong(49, header.getLong(72));
    entry.putInt(EXTRA, SifDescriptor.SQUASHFS).putInt(EXTRA + 4, purpose);
    entry.put(EXTRA + 8, SifArchitecture.code(architecture).getBytes(ISO_8859_1));
    byte[] bytes = name.getBytes(ISO_8859_1);
    entry.put(NAME, bytes, 0, Math.min(bytes.length, NAME_LENGTH - 1));
    return entry;
  }

  /** That of the root; an overlay of another one is not read. */
  private int group() {
    return used().stream()
        .map(this::item)
        .filter(
            item ->
                item.type() == SifDescriptor.PARTITION
                    && item.entry().getInt(EXTRA + 4) == SifDescriptor.PRIMARY_SYSTEM)
        .map(item -> item.entry().getInt(9))
        .findFirst()
        .orElse(GROUP_MARK | 1);
  }

  private boolean isLayer(int index) {
    Item item = item(index);
    return item.type() == SifDescriptor.PARTITION
        && item.entry().getInt(EXTRA + 4) == SifDescriptor.OVERLAY;
  }

  private void put(int from, ByteBuffer entry, long at, long length) {
    int index = from;
    while (index < table.capacity() / SifDescriptor.SIZE && SifDescriptor.isUsed(table, index)) {
      index++;
    }
    if (index == table.capacity() / SifDescriptor.SIZE) {
      throw new UnsupportedException(
          "the table of the SIF has "
              + index
              + " entries, and no room for another layer; make one file system of it first:"
              + " overlay commit --flatten");
    }
    entry.put(4, (byte) 1).putInt(5, index + 1);
    entry.putLong(17, at).putLong(25, length).putLong(33, length);
    table.put(index * SifDescriptor.SIZE, entry, 0, SifDescriptor.SIZE);
  }

  private long end() {
    long end = Math.max(header.getLong(112), header.getLong(96) + table.capacity());
    for (int index : used()) {
      Item item = item(index);
      end = Math.max(end, item.offset() + item.length());
    }
    return end;
  }

  /** Gives it the id that follows from this digest. */
  void identify(String sha256) {
    for (int i = 0; i < 16; i++) {
      header.put(48 + i, (byte) Integer.parseInt(sha256.substring(2 * i, 2 * i + 2), 16));
    }
    // RFC 9562: version 8, made in a way of one's own
    header.put(54, (byte) (header.get(54) & 0x0f | 0x80));
    header.put(56, (byte) (header.get(56) & 0x3f | 0x80));
  }

  /** When it was made, seconds since 1970. */
  long created() {
    return header.getLong(64);
  }

  /** Says when it was changed. */
  void modified(long time) {
    header.putLong(72, time);
  }

  /** Writes header and table, when all else is written. */
  void finish() throws IOException {
    long slots = table.capacity() / SifDescriptor.SIZE;
    header.putLong(80, slots - used().size());
    header.putLong(120, end() - header.getLong(112));
    writeAll(table, header.getLong(96));
    writeAll(header, 0);
  }

  private void writeAll(ByteBuffer bytes, long at) throws IOException {
    ByteBuffer left = bytes.duplicate().clear();
    while (left.hasRemaining()) {
      channel.write(left, at + left.position());
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** The architecture of the root of an image; of a directory that of this machine. */
  static String architecture(ImageFacts image, String machine) {
    return image
        .root()
        .map(ImageFacts.Part::architecture)
        .filter(a -> !a.isEmpty())
        .orElse(machine);
  }
}
