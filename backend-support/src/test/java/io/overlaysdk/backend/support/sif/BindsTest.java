package io.overlaysdk.backend.support.sif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Bind;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BindsTest {
  private static final Bind TMP = Bind.parse("/scratch/tmp:/tmp");
  private static final Bind OTHER_TMP = Bind.parse("/data/tmp:/tmp:ro");
  private static final Bind BELOW_TMP = Bind.parse("/data/x:/tmp/x");
  private static final Bind BESIDE_TMP = Bind.parse("/data/y:/tmpfiles");

  @Test
  void leavesOutWhatALaterBindCovers() {
    assertEquals(List.of(OTHER_TMP), Binds.seen(List.of(TMP, OTHER_TMP)));
    assertEquals(List.of(TMP), Binds.seen(List.of(BELOW_TMP, OTHER_TMP, TMP)));
  }

  @Test
  void keepsWhatLiesBelowAnEarlierOne() {
    assertEquals(List.of(TMP, BELOW_TMP), Binds.seen(List.of(TMP, BELOW_TMP)));
  }

  @Test
  void keepsWhatOnlyHasANameThatStartsAlike() {
    assertEquals(List.of(BESIDE_TMP, TMP), Binds.seen(List.of(BESIDE_TMP, TMP)));
  }

  @Test
  void keepsOneOfTwoThatAreEqual() {
    assertEquals(List.of(TMP), Binds.seen(List.of(TMP, TMP)));
  }
}
