package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Change.Kind;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ChangeTest {
  private static final ContainerPath A = ContainerPath.of("/a");
  private static final ContainerPath B = ContainerPath.of("/b");

  @Test
  void aRenameKnowsWhereItCameFrom() {
    Change change = Change.renamed(A, B);
    assertEquals(Kind.RENAMED, change.kind());
    assertEquals(B, change.path());
    assertEquals(Optional.of(A), change.from());
    assertEquals(Optional.empty(), Change.of(Kind.ADDED, A).from());
  }

  @Test
  void refusesARenameFromNowhere() {
    assertThrows(IllegalArgumentException.class, () -> Change.of(Kind.RENAMED, A));
    assertThrows(NullPointerException.class, () -> Change.renamed(null, A));
  }

  @Test
  void refusesNull() {
    assertThrows(NullPointerException.class, () -> Change.of(null, A));
    assertThrows(NullPointerException.class, () -> Change.of(Kind.ADDED, null));
  }

  @Test
  void isOrderedByPath() {
    Change under = Change.of(Kind.ADDED, ContainerPath.of("/a/x"));
    Change beside = Change.of(Kind.ADDED, ContainerPath.of("/a-x"));
    Change parent = Change.of(Kind.METADATA, A);
    assertEquals(
        List.of(parent, under, beside), List.copyOf(new TreeSet<>(List.of(beside, under, parent))));
  }

  @Test
  void aSortedSetKeepsWhatIsNotEqual() {
    Change fromA = Change.renamed(A, ContainerPath.of("/c"));
    Change fromB = Change.renamed(B, ContainerPath.of("/c"));
    assertNotEquals(fromA, fromB);
    assertEquals(2, new TreeSet<>(List.of(fromA, fromB)).size());
  }

  @Test
  void isEqualWhereKindAndPathsAre() {
    assertEquals(Change.of(Kind.ADDED, A), Change.of(Kind.ADDED, ContainerPath.of("/a/")));
    assertEquals(Change.renamed(A, B).hashCode(), Change.renamed(A, B).hashCode());
    assertNotEquals(Change.of(Kind.ADDED, A), Change.of(Kind.DELETED, A));
    assertNotEquals(Change.of(Kind.ADDED, A), Change.of(Kind.ADDED, B));
  }

  @Test
  void printsOneReadableLine() {
    assertEquals(
        "MODIFIED /app/message.txt",
        Change.of(Kind.MODIFIED, ContainerPath.of("/app/message.txt")).toString());
    assertEquals("RENAMED /a -> /b", Change.renamed(A, B).toString());
    assertEquals("ADDED /x\\x0ay", Change.of(Kind.ADDED, ContainerPath.of("/x\ny")).toString());
  }
}
