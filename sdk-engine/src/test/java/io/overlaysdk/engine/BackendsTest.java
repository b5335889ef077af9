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

import io.overlaysdk.NoBackendException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    Backends.Choice choice =
        backends(List.of(), refusing, fitting).choose(Optional.empty(), tool -> null);
    assertSame(fitting, choice.backend());
    assertSame(best, choice.plan());
    assertEquals(Map.of("refusing", "cannot do that"), choice.refusals());
  }

  @Test
  void asksOnlyTheOneThatIsNamed() {
    Backend other = backend("other", 9);
    Backend named = backend("named", 0);
    assertSame(
        named, backends(List.of(), other, named).choose(Optional.of("named"), t -> null).backend());
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
          assertThrows(
              NoBackendException.class, () -> backends.choose(Optional.empty(), tool -> null));
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
              () -> backends(List.of(), broken).choose(Optional.empty(), tool -> null));
      assertTrue(e.reasons().get("broken").contains("why"), e.getMessage());
    }
    Backend empty = backend("empty", 0);
    when(empty.plans(any())).thenReturn(List.of());
    NoBackendException e =
        assertThrows(
            NoBackendException.class,
            () -> backends(List.of(), empty).choose(Optional.empty(), tool -> null));
    assertTrue(e.reasons().containsKey("empty"), e.getMessage());
  }
}
