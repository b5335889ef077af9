package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.AttributeDump;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the engine wrote down line by line for a later process, and what other programs print so.
 */
public final class JournalFuzz {
  private JournalFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    ByteArrayOutputStream ours = new ByteArrayOutputStream();
    ours.writeBytes(
        ("host " + Journal.hostName() + "\nboot " + Journal.bootId() + "\n").getBytes(UTF_8));
    ours.writeBytes(data);
    Path file = FuzzedFile.of("a.session", ours.toByteArray());
    journal(new Journal(file.getParent()).entry("a.session").orElseThrow());
    Optional<Holder> holder = Holder.parse(new String(data, UTF_8));
    holder.ifPresent(JournalFuzz::write);
    holder.ifPresent(Holder::mayLive);
    refusedOrDone(() -> MountTable.parse(data));
    refusedOrDone(() -> AttributeDump.parse(new ByteArrayInputStream(data), (path, name) -> {}));
    Path records = FuzzedFile.of("records", data);
    refusedOrDone(() -> read(records));
  }

  private static void journal(Journal.Entry entry) {
    refusedOrDone(() -> Recovery.isAbandoned(entry));
    refusedOrDone(() -> Stays.read(entry));
    entry.since();
    entry.processes("process");
    entry.paths("scratch");
  }

  private static void write(Holder holder) {
    Holder again = Holder.parse(holder.text()).orElseThrow();
    if (!again.text().equals(holder.text())) {
      throw new AssertionError(holder.text() + "was read as " + again.text());
    }
  }

  private static void read(Path file) {
    try (Records.Reader records = new Records.Reader(file)) {
      while (true) {
        records.next();
      }
    } catch (IOException e) {
      throw new OverlayException(e.toString(), e);
    }
  }

  private static void refusedOrDone(Runnable work) {
    try {
      work.run();
    } catch (OverlayException e) {
      // refused by name
    }
  }
}
