package io.overlaysdk.engine;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this JVM has open of a file, whichever copy of the engine did so: two applications in one
 * container have one each, by class loaders of their own. None closes what another one has locked.
 */
final class Descriptors implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

  /**
   * The system property under which all copies find them, another one when their form changes. It
   * is there only while there are any, because {@code Properties.list} and {@code store} fail at
   * what is no text. As a constant it is one object for all copies: the lock of what is in there.
   */
  private static final String ALL = "io.overlaysdk.engine.descriptors.1";

  /** How many copies use it. Whatever else is in the map of a file is open. */
  private static final String USERS = "users";

  private final Object key;

  /** Of each file by its key. Types of the JDK only, which all copies have in common. */
  private final Map<Object, Map<String, Object>> all;

  private final Map<String, Object> opened;

  /**
   * @param key as {@link OpenFile#key} found it
   */
  Descriptors(Object key) {
    this.key = key;
    synchronized (ALL) {
      this.all = all();
      this.opened = all.computeIfAbsent(key, same -> new ConcurrentHashMap<>());
      use(1);
    }
  }

  @SuppressWarnings("unchecked") // nothing else has this name
  private static Map<Object, Map<String, Object>> all() {
    return (Map<Object, Map<String, Object>>)
        System.getProperties().computeIfAbsent(ALL, name -> new HashMap<>());
  }

  private int use(int more) {
    int users = (int) opened.getOrDefault(USERS, 0) + more;
    opened.put(USERS, users);
    return users;
  }

  /** For shared locks, and to read. */
  FileChannel shared(Path path) throws IOException {
    return channel("shared", path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
  }

  /** For exclusive locks, and to write. */
  FileChannel exclusive(Path path) throws IOException {
    return channel(
        "exclusive",
        path,
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
  }

  private FileChannel channel(String name, Path path, Set<OpenOption> how) throws IOException {
    synchronized (opened) {
      if (opened.get(name) instanceof FileChannel known && known.isOpen()) {
        return known;
      }
      FileChannel channel = FileChannel.open(path, how);
      opened.put(name, channel);
      return channel;
    }
  }

  /** Reading through a channel would let an interrupt close it, and drop the locks. */
  RandomAccessFile reader(Path path) throws IOException {
    synchronized (opened) {
      if (opened.get("reader") instanceof RandomAccessFile known) {
        return known;
      }
      RandomAccessFile reader = new RandomAccessFile(path.toFile(), "r");
      opened.put("reader", reader);
      return reader;
    }
  }

  /** Ends the use by this copy; the last one closes all. */
  @Override
  public void close() {
    synchronized (ALL) {
      if (use(-1) > 0) {
        return;
      }
      opened.values().forEach(Descriptors::close);
      all.remove(key);
      if (all.isEmpty()) {
        System.getProperties().remove(ALL);
      }
    }
  }

  private static void close(Object opened) {
    try {
      if (opened instanceof AutoCloseable descriptor) {
        descriptor.close();
      }
    } catch (Exception e) {
      LOG.debug("a file that was locked", e);
    }
  }
}
