package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.overlaysdk.Access;
import io.overlaysdk.CancelledException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BackendsTest {
  private static final Probe HERE = new Probe.Present(Map.of(), Map.of());

  private final Host host = mock(Host.class);

  private Backend backend(String name, int preference) {
    Backend backend = mock(Backend.class);
    when(backend.name()).thenReturn(name);
    when(backend.preference()).thenReturn(preference);
    when(backend.probe(host)).thenReturn(HERE);
    when(backend.plans(any())).thenReturn(List.of(mock(Plan.class)));
    return backend;
  }

  private Backends backends(List<String> order, Backend... loaded) {
    return new Backends(new Providers<>(List.of(loaded), Map.of()), order, host);
  }

  private static Backends.Choice choose(
      Backends backends, Optional<String> named, OverlayFacts... overlays) {
    return backends.choose(
        named, List.of(overlays), (tool, readable) -> null, overlay -> overlay.in(Set.of()));
  }

  private static OverlayFacts overlay(Dialect... dialects) {
    return new OverlayFacts(
        OverlayFacts.Kind.DIRECTORY, Path.of("/o"), Access.READ_WRITE, Set.of(dialects));
  }

  private static Plan reading(Dialect... dialects) {
    Plan plan = mock(Plan.class);
    when(plan.reads()).thenReturn(Set.of(dialects));
    return plan;
  }

  @Test
  void takesThePlanThatReadsTheMarksInTheOverlays() {
    Backend kernel = backend("kernel", 2);
    Plan misreading = reading(Dialect.NEUTRAL);
    when(kernel.plans(any())).thenReturn(List.of(misreading));
    Backend fuse = backend("fuse", 1);
    Plan fitting = reading(Dialect.NEUTRAL, Dialect.FUSE);
    Plan other = reading(Dialect.KERNEL_PLAIN);
    when(fuse.plans(any())).thenReturn(List.of(other, fitting));
    OverlayFacts overlay = overlay(Dialect.FUSE);
    Backends.Choice choice = choose(backends(List.of(), kernel, fuse), Optional.empty(), overlay);
    assertSame(fitting, choice.plan());
    assertEquals(List.of(overlay), choice.overlays());
    assertEquals(
        Map.of(
            "kernel",
            "it would misread the overlay /o, in which what is hidden is marked as [FUSE]; it reads"
                + " [NEUTRAL]"),
        choice.refusals());
  }

  @Test
  void takesANeutralFormOnlyWhereNoneReadsTheMarks() {
    Backend kernel = backend("kernel", 2);
    Plan plan = reading(Dialect.NEUTRAL, Dialect.KERNEL_PLAIN);
    when(kernel.plans(any())).thenReturn(List.of(plan));
    OverlayFacts readable = overlay(Dialect.KERNEL_PLAIN);
    Backends.Choice choice =
        choose(backends(List.of(), kernel), Optional.empty(), readable, overlay(Dialect.FUSE));
    assertSame(plan, choice.plan());
    assertEquals(List.of(readable, overlay()), choice.overlays());
  }

  @Test
  void refusesWhereTheNeutralFormCannotBeMade() {
    Backend kernel = backend("kernel", 2);
    Plan misreading = reading(Dialect.NEUTRAL);
    when(kernel.plans(any())).thenReturn(List.of(misreading));
    NoBackendException e =
        assertThrows(
            NoBackendException.class,
            () ->
                backends(List.of(), kernel)
                    .choose(
                        Optional.empty(),
                        List.of(overlay(Dialect.KERNEL_TRUSTED)),
                        (tool, readable) -> null,
                        overlay -> {
                          throw new UnsupportedException("only root can");
                        }));
    assertEquals(Map.of("kernel", "only root can"), e.reasons());
  }

  @Test
  void triesTheConfiguredFirstThenByPreferenceThenByName() {
    Backends backends =
        backends(
            List.of("d", "missing", "c"),
            backend("a", 0),
            backend("b", 5),
            backend("c", 0),
            backend("d", 0),
            backend("aa", 0));
    assertEquals(
        List.of("d", "c", "b", "a", "aa"), backends.ordered().stream().map(Backend::name).toList());
  }

  @Test
  void takesTheFirstPlanOfTheFirstThatDoesNotRefuse() {
    Backend refusing = backend("refusing", 2);
    when(refusing.plans(any())).thenThrow(new UnsupportedException("cannot do that"));
    Backend fitting = backend("fitting", 1);
    Plan best = mock(Plan.class);
    when(fitting.plans(any())).thenReturn(List.of(best, mock(Plan.class)));
    Backends.Choice choice = choose(backends(List.of(), refusing, fitting), Optional.empty());
    assertSame(fitting, choice.backend());
    assertSame(best, choice.plan());
    assertEquals(Map.of("refusing", "cannot do that"), choice.refusals());
  }

  @Test
  void asksOnlyTheOneThatIsNamed() {
    Backend other = backend("other", 9);
    Backend named = backend("named", 0);
    assertSame(named, choose(backends(List.of(), other, named), Optional.of("named")).backend());
    verify(other, never()).plans(any());
    verify(other, never()).probe(any());
  }

  @Test
  void aProbeThatFailsIsAReasonAndIsAskedOnce() {
    Backend broken = backend("broken", 0);
    when(broken.probe(host)).thenThrow(new NoClassDefFoundError("gone"));
    Backends backends = backends(List.of(), broken);
    for (int i = 0; i < 2; i++) {
      NoBackendException e =
          assertThrows(NoBackendException.class, () -> choose(backends, Optional.empty()));
      assertTrue(e.reasons().get("broken").contains("gone"), e.getMessage());
    }
    verify(broken, times(1)).probe(host);
  }

  @Test
  void planningThatFailsIsAReason() {
    for (Throwable failure :
        List.of(new IllegalStateException("why"), new NoSuchMethodError("why"))) {
      Backend broken = backend("broken", 0);
      when(broken.plans(any())).thenThrow(failure);
      NoBackendException e =
          assertThrows(
              NoBackendException.class,
              () -> choose(backends(List.of(), broken), Optional.empty()));
      assertTrue(e.reasons().get("broken").contains("why"), e.getMessage());
    }
    Backend empty = backend("empty", 0);
    when(empty.plans(any())).thenReturn(List.of());
    NoBackendException e =
        assertThrows(
            NoBackendException.class, () -> choose(backends(List.of(), empty), Optional.empty()));
    assertTrue(e.reasons().containsKey("empty"), e.getMessage());
  }

  /** An interrupt is over some time, and what it broke off is asked for again. */
  @Test
  void keepsNothingOfAProbeThatWasCancelled() {
    Backend backend = backend("one", 1);
    when(backend.probe(host))
        .thenThrow(new CancelledException("interrupted", new InterruptedException()))
        .thenReturn(HERE);
    Backends backends = backends(List.of(), backend);
    assertThrows(CancelledException.class, () -> choose(backends, Optional.empty()));
    assertSame(backend, choose(backends, Optional.empty()).backend());
  }

  @Test
  void anErrorInAProbeIsAReasonToo() {
    Backend broken = backend("broken", 2);
    when(broken.probe(host)).thenThrow(new AssertionError("no"));
    Backend sound = backend("sound", 1);
    Backends.Choice choice = choose(backends(List.of(), broken, sound), Optional.empty());
    assertSame(sound, choice.backend());
    assertTrue(choice.refusals().get("broken").contains("no"), choice.refusals()::toString);
  }

  @Test
  void tellsOfConfiguredBackendsThatAreNotThere() {
    Backends backends = backends(List.of("sound", "aptainer", "apptainer"), backend("sound", 1));
    Map<String, String> missing = backends.missing();
    assertEquals(Set.of("aptainer", "apptainer"), missing.keySet());
    assertTrue(missing.get("apptainer").contains("overlay-sdk-backend-apptainer"));
  }
}
