package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SessionSpecTest {
  private static final Image IMAGE = Image.at(Path.of("base.sif"));
  private static final SessionSpec PLAIN = SessionSpec.on(IMAGE);
  private static final Overlay LOWER = Overlay.parse("lower:ro");
  private static final Overlay MIDDLE = Overlay.parse("middle:ro");
  private static final Overlay UPPER = Overlay.at(Path.of("upper"));
  private static final Bind BIND = Bind.parse("/data:/in:ro");

  /** Each way to change a spec, by itself. */
  private static final List<UnaryOperator<SessionSpec>> CHANGES =
      List.of(
          spec -> spec.overlay(UPPER),
          spec -> spec.bind(BIND),
          spec -> spec.variable("A", "1"),
          spec -> spec.share(Share.HOME),
          spec -> spec.directory(ContainerPath.of("/d")),
          SessionSpec::fakeroot,
          SessionSpec::dropCapabilities,
          SessionSpec::allowOtherBase,
          spec -> spec.gpu(Gpu.NVIDIA),
          spec -> spec.network(Network.NONE),
          spec -> spec.timeLimit(Duration.ofSeconds(1)),
          spec -> spec.label("l", "1"),
          spec -> spec.backend("apptainer"));

  @Test
  void isReadOnlyAndSeesNothingOfTheHostUnlessToldOtherwise() {
    assertEquals(IMAGE, PLAIN.image());
    assertEquals(List.of(), PLAIN.overlays());
    assertEquals(List.of(), PLAIN.binds());
    assertEquals(Map.of(), PLAIN.variables());
    assertEquals(Set.of(), PLAIN.shares());
    assertEquals(Optional.empty(), PLAIN.directory());
    assertFalse(PLAIN.isFakeroot());
    assertFalse(PLAIN.dropsCapabilities());
    assertFalse(PLAIN.allowsOtherBase());
    assertEquals(Optional.empty(), PLAIN.gpu());
    assertEquals(Network.HOST, PLAIN.network());
    assertEquals(Optional.empty(), PLAIN.timeLimit());
    assertEquals(Map.of(), PLAIN.labels());
    assertEquals(Optional.empty(), PLAIN.backend());
  }

  @Test
  void eachMethodKeepsTheRest() {
    SessionSpec spec = full();
    assertEquals(IMAGE, spec.image());
    assertEquals(List.of(UPPER), spec.overlays());
    assertEquals(List.of(BIND), spec.binds());
    assertEquals(Map.of("A", "1"), spec.variables());
    assertEquals(Set.of(Share.HOME), spec.shares());
    assertEquals(Optional.of(ContainerPath.of("/d")), spec.directory());
    assertTrue(spec.isFakeroot());
    assertTrue(spec.dropsCapabilities());
    assertEquals(Optional.of(Gpu.NVIDIA), spec.gpu());
    assertEquals(Network.NONE, spec.network());
    assertEquals(Optional.of(Duration.ofSeconds(1)), spec.timeLimit());
    assertEquals(Map.of("l", "1"), spec.labels());
    assertEquals(Optional.of("apptainer"), spec.backend());
  }

  @Test
  void theOrderOfTheCallsDoesNotMatter() {
    SessionSpec reversed = PLAIN;
    for (int i = CHANGES.size() - 1; i >= 0; i--) {
      reversed = CHANGES.get(i).apply(reversed);
    }
    assertEquals(full(), reversed);
    assertEquals(full().hashCode(), reversed.hashCode());
  }

  @Test
  void isNotChangedByItsMethodsAndEachMakesADifference() {
    for (UnaryOperator<SessionSpec> change : CHANGES) {
      assertNotEquals(PLAIN, change.apply(PLAIN));
    }
    assertEquals(SessionSpec.on(IMAGE), PLAIN);
    assertNotEquals(SessionSpec.on(Image.host()), PLAIN);
  }

  @Test
  void itsCollectionsCannotBeChanged() {
    SessionSpec spec = full();
    assertThrows(UnsupportedOperationException.class, () -> spec.overlays().clear());
    assertThrows(UnsupportedOperationException.class, () -> spec.binds().clear());
    assertThrows(UnsupportedOperationException.class, () -> spec.variables().clear());
    assertThrows(UnsupportedOperationException.class, () -> spec.shares().clear());
    assertThrows(UnsupportedOperationException.class, () -> spec.labels().clear());
  }

  @Test
  void overlaysLieBottomToTop() {
    assertEquals(
        List.of(LOWER, MIDDLE, UPPER),
        PLAIN.overlay(LOWER).overlay(MIDDLE).overlay(UPPER).overlays());
  }

  @Test
  void refusesTwoWritableOverlays() {
    SessionSpec spec = PLAIN.overlay(LOWER).overlay(UPPER);
    assertEquals(
        "two overlays cannot both be written to: upper and ephemeral; make one read-only",
        refusal(() -> spec.overlay(Overlay.ephemeral())));
  }

  @Test
  void refusesAReadOnlyOverlayOverAWritableOne() {
    SessionSpec spec = PLAIN.overlay(UPPER);
    assertEquals(
        "the writable overlay must be on top: give lower:ro before upper",
        refusal(() -> spec.overlay(LOWER)));
  }

  @Test
  void keepsBindsAndVariablesInTheirOrder() {
    Bind second = Bind.parse("/a");
    assertEquals(List.of(BIND, second), PLAIN.bind(BIND).bind(second).binds());
    assertEquals(
        List.of("Z", "A"),
        List.copyOf(PLAIN.variable("Z", "").variable("A", "").variables().keySet()));
    assertEquals(
        List.of("z", "a"), List.copyOf(PLAIN.label("z", "").label("a", "").labels().keySet()));
  }

  @Test
  void aBindOfTwoPathsIsWritable() {
    assertEquals(
        List.of(new Bind(Path.of("d"), ContainerPath.of("/in"), Access.READ_WRITE)),
        PLAIN.bind(Path.of("d"), "/in").binds());
  }

  @Test
  void sharesAddUp() {
    assertEquals(
        Set.of(Share.TMP, Share.HOME),
        PLAIN.share(Share.TMP).share(Share.HOME, Share.TMP).shares());
    assertEquals(PLAIN, PLAIN.share());
  }

  @Test
  void refusesWhatIsMalformed() {
    assertTrue(refusal(() -> PLAIN.variable("A B", "")).contains("\"A B\""));
    assertTrue(refusal(() -> PLAIN.variable("A", "\0")).contains("NUL"));
    assertTrue(refusal(() -> PLAIN.timeLimit(Duration.ZERO)).contains("PT0S"));
    assertTrue(refusal(() -> PLAIN.bind(Path.of("d"), "in")).contains("absolute"));
  }

  @Test
  void refusesNull() {
    for (Executable call :
        List.<Executable>of(
            () -> SessionSpec.on(null),
            () -> PLAIN.overlay(null),
            () -> PLAIN.bind(null),
            () -> PLAIN.variable(null, ""),
            () -> PLAIN.variable("A", null),
            () -> PLAIN.share((Share) null),
            () -> PLAIN.directory(null),
            () -> PLAIN.gpu(null),
            () -> PLAIN.network(null),
            () -> PLAIN.timeLimit(null),
            () -> PLAIN.label(null, ""),
            () -> PLAIN.label("l", null),
            () -> PLAIN.backend(null))) {
      assertThrows(NullPointerException.class, call);
    }
  }

  @Test
  void printsAllThatItHolds() {
    assertEquals(
        "SessionSpec[image=base.sif, overlays=[upper],"
            + " binds=[Bind[source=/data, target=/in, access=READ_ONLY]], variables={A=...},"
            + " shares=[HOME], directory=Optional[/d], fakeroot=true, dropsCapabilities=true, otherBase=true,"
            + " separateCommands=false, gpu=Optional[NVIDIA],"
            + " network=NONE, timeLimit=Optional[PT1S], patience=Optional.empty,"
            + " labels={l=1},"
            + " backend=Optional[apptainer]]",
        full().toString());
  }

  private static SessionSpec full() {
    SessionSpec spec = PLAIN;
    for (UnaryOperator<SessionSpec> change : CHANGES) {
      spec = change.apply(spec);
    }
    return spec;
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }
}
