package io.overlaysdk.engine;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What lies in directories. Where one cannot be read to its end (a failing disk, a driver that has
 * died), Java throws what is no {@link IOException} and passes all that handle one; here it is the
 * one that it was.
 */
final class Listings {
  private static final String ALL = "*";

  private Listings() {}

  static List<Path> of(Path directory) throws IOException {
    return of(directory, ALL);
  }

  /** Of those alone whose names are like this. */
  static List<Path> of(Path directory, String glob) throws IOException {
    return read(directory, glob, Integer.MAX_VALUE);
  }

  /** No more of them than this: of millions no other is read. */
  static List<Path> first(Path directory, int most) throws IOException {
    return read(directory, ALL, most);
  }

  static boolean isEmpty(Path directory) throws IOException {
    return first(directory, 1).isEmpty();
  }

  private static List<Path> read(Path directory, String glob, int most) throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(directory, glob)) {
      return read(open, most);
    }
  }

  static List<Path> read(DirectoryStream<Path> open, int most) throws IOException {
    List<Path> read = new ArrayList<>();
    Iterator<Path> entries = open.iterator();
    while (read.size() < most && hasNext(entries)) {
      read.add(entries.next());
    }
    return read;
  }

  /** Whether an open directory has one more, for what would be too many in a list. */
  static boolean hasNext(Iterator<Path> entries) throws IOException {
    try {
      return entries.hasNext();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }
}
