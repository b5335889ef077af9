package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.ContainerPath;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConflictsTest {
  private final Conflicts ours = new Conflicts();

  private static Change change(Kind kind, String path) {
    return Change.of(kind, ContainerPath.of(path));
  }

  /** Of ours, the one that stands in the way. */
  private Optional<String> with(Kind kind, String path) {
    return ours.with(change(kind, path)).map(conflict -> conflict.ours().toString());
  }

  @Test
  void isThereWhereBothChangeOnePath() {
    ours.add(change(Kind.MODIFIED, "/etc/motd"));
    assertEquals(Optional.of("MODIFIED /etc/motd"), with(Kind.MODIFIED, "/etc/motd"));
    assertEquals(Optional.empty(), with(Kind.MODIFIED, "/etc/motd-more"));
    assertEquals(Optional.empty(), with(Kind.ADDED, "/etc/mot"));
  }

  @Test
  void isThereWhereTheImageChangesWhatTheOverlayCovers() {
    ours.add(change(Kind.DELETED, "/opt/old"));
    ours.add(change(Kind.METADATA, "/srv"));
    assertEquals(Optional.of("DELETED /opt/old"), with(Kind.ADDED, "/opt/old/in/new"));
    assertEquals(Optional.empty(), with(Kind.ADDED, "/opt/older"));
    assertEquals(Optional.empty(), with(Kind.ADDED, "/srv/new"));
  }

  @Test
  void isThereWhereTheImageRemovesTheGroundOfAChange() {
    ours.add(change(Kind.ADDED, "/a-b"));
    ours.add(change(Kind.ADDED, "/a/b/c"));
    assertEquals(Optional.of("ADDED /a/b/c"), with(Kind.DELETED, "/a"));
    assertEquals(Optional.of("ADDED /a/b/c"), with(Kind.TYPE_CHANGED, "/a/b"));
    assertEquals(Optional.empty(), with(Kind.METADATA, "/a"));
    assertEquals(Optional.empty(), with(Kind.DELETED, "/a/bc"));
  }
}
