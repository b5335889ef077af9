package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Change;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordsTest {
  @TempDir private Path temp;
  private Path file;

  @BeforeEach
  void nameAFile() {
    file = temp.resolve("file");
  }

  @Test
  void keepsBytesAndEmptyFieldsAndEmptyRecords() throws IOException {
    byte[] bytes = {0, -1, '\n'};
    try (Records.Writer out = new Records.Writer(file)) {
      out.write(bytes, new byte[0]);
      out.write(List.of());
    }
    try (Records.Reader in = new Records.Reader(file)) {
      List<byte[]> first = in.next();
      assertArrayEquals(bytes, first.get(0));
      assertEquals(0, first.get(1).length);
      assertEquals(2, first.size());
      assertEquals(List.of(), in.next());
      assertThrows(OverlayException.class, in::next);
    }
  }

  @Test
  void refusesAPartOfARecord() throws IOException {
    try (Records.Writer out = new Records.Writer(file)) {
      out.write(Records.field("a long field"));
    }
    byte[] all = Files.readAllBytes(file);
    for (int length = 0; length < all.length; length++) {
      Files.write(file, Arrays.copyOf(all, length));
      try (Records.Reader in = new Records.Reader(file)) {
        assertThrows(OverlayException.class, in::next);
      }
    }
  }

  @Test
  void refusesWhatIsNoRecord() throws IOException {
    Files.writeString(file, "java.lang.Error: something else was printed here");
    try (Records.Reader in = new Records.Reader(file)) {
      assertThrows(OverlayException.class, in::next);
    }
  }

  @Test
  void writesToNewFilesOnly() throws IOException {
    Files.createFile(file);
    assertThrows(FileAlreadyExistsException.class, () -> new Records.Writer(file).close());
  }

  @Test
  void carriesReports() throws IOException {
    LayerReport report =
        new LayerReport(
            1L << 40, 2, 3, 4, List.of(ContainerPath.of("/s")), List.of(ContainerPath.of("/i")));
    try (Records.Writer out = new Records.Writer(file)) {
      Reports.write(report, out);
    }
    try (Records.Reader in = new Records.Reader(file)) {
      assertEquals(report, Reports.read(in));
    }
  }

  @Test
  void carriesChangesThatCanBeReadOnce() throws IOException {
    ContainerPath odd = ContainerPath.of(new byte[] {'/', (byte) 0xff});
    try (Records.Writer out = new Records.Writer(file)) {
      out.write(Records.field("ADDED"), odd.bytes());
      out.write(Records.field("RENAMED"), Records.field("/to"), Records.field("/from"));
      out.write(Records.field("end"));
    }
    RecordedChanges changes = new RecordedChanges(new Records.Reader(file));
    Iterator<Change> iterator = changes.iterator();
    assertEquals(Change.of(Change.Kind.ADDED, odd), iterator.next());
    assertEquals(
        Change.renamed(ContainerPath.of("/from"), ContainerPath.of("/to")), iterator.next());
    assertFalse(iterator.hasNext());
    assertFalse(iterator.hasNext());
    assertThrows(IllegalStateException.class, changes::iterator);
    changes.close();
  }
}
