package io.overlaysdk.engine;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/** Changes that another process found and wrote down; none of them is in memory. */
final class RecordedChanges implements Changes {
  private final Records.Reader in;
  private boolean asked;
  private boolean closed;

  RecordedChanges(Records.Reader in) {
    this.in = in;
  }

  @Override
  public Iterator<Change> iterator() {
    if (asked || closed) {
      throw new IllegalStateException("the changes can be gone through once, before they close");
    }
    asked = true;
    return new Iterator<>() {
      private @Nullable List<byte[]> next;

      @Override
      public boolean hasNext() {
        if (next == null) {
          next = in.next();
        }
        return next.size() > 1;
      }

      @Override
      public Change next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Change change = change(Objects.requireNonNull(next));
        next = null;
        return change;
      }
    };
  }

  private static Change change(List<byte[]> fields) {
    Change.Kind kind = Change.Kind.valueOf(Records.text(fields.get(0)));
    ContainerPath path = ContainerPath.of(fields.get(1));
    return kind == Change.Kind.RENAMED
        ? Change.renamed(ContainerPath.of(fields.get(2)), path)
        : Change.of(kind, path);
  }

  @Override
  public void close() {
    closed = true;
    try {
      in.close();
    } catch (IOException e) {
      throw new OverlayException("cannot close the list of changes: " + e, e);
    }
  }
}
