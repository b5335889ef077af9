package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The backends on the class path, what each found on this machine, and the choice among them. */
final class Backends {
  /** Which dependency brings a backend of this project, for whoever names one that is not there. */
  private static final Map<String, String> KNOWN =
      Map.of(
          "apptainer", "overlay-sdk-backend-apptainer",
          "singularity", "overlay-sdk-backend-singularity",
          "fuse-overlayfs", "overlay-sdk-backend-fuse-overlayfs",
          "overlayfs", "overlay-sdk-backend-overlayfs");

  private final Providers<Backend> providers;
  private final List<String> order;
  private final Host host;
  private final Map<Backend, Probe> probes = new ConcurrentHashMap<>();

  Backends(Providers<Backend> providers, List<String> order, Host host) {
    this.providers = providers;
    this.order = order;
    this.host = host;
  }

  /**
   * A backend, and the plan that was chosen.
   *
   * @param tool what the backend's probe found
   * @param overlays what the plan is for: those that were asked for, or what they are to be made
   * @param refusals why the backends before it were not chosen
   */
  record Choice(
      Backend backend,
      Probe.Present tool,
      Plan plan,
      List<OverlayFacts> overlays,
      Map<String, String> refusals) {

    /** The same, but for another plan of the same backend. */
    Choice with(Plan other) {
      return new Choice(backend, tool, other, overlays, refusals);
    }
  }

  /** Asks a backend what all are asked before one is chosen. */
  static int look(Backend backend) {
    Objects.requireNonNull(backend.name(), "it has no name");
    return backend.preference();
  }

  /** Those that are configured and are not here, and what helps. */
  Map<String, String> missing() {
    Map<String, String> missing = new LinkedHashMap<>();
    Set<String> present =
        providers.loaded().stream().map(Backend::name).collect(Collectors.toSet());
    order.stream()
        .filter(name -> !present.contains(name))
        .forEach(name -> addMissing(missing, name));
    return missing;
  }

  /** In the order in which they are tried: as configured, then by preference, then by name. */
  List<Backend> ordered() {
    List<Backend> backends = new ArrayList<>(providers.loaded());
    backends.sort(
        Comparator.<Backend>comparingInt(
                backend -> {
                  int place = order.indexOf(backend.name());
                  return place < 0 ? Integer.MAX_VALUE : place;
                })
            .thenComparing(Comparator.comparingInt(Backend::preference).reversed())
            .thenComparing(Backend::name));
    return backends;
  }

  Map<String, String> broken() {
    return providers.broken();
  }

  Probe probe(Backend backend) {
    return probes.computeIfAbsent(backend, this::ask);
  }

  private Probe ask(Backend backend) {
    return probe(backend.name(), () -> backend.probe(host));
  }

  /** What a provider finds here; one that throws has found nothing. */
  static Probe probe(String name, Supplier<Probe> probing) {
    try {
      return probing.get();
    } catch (CancelledException e) {
      // it says nothing of the provider
      throw e;
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      if (e instanceof OverlayException thrown && Exhaustion.isNoAnswer(thrown)) {
        throw thrown;
      }
      return new Probe.Absent("its probe failed: " + e, "report this to whoever made " + name);
    }
  }

  /** What is asked of a backend, given what its probe found, with these overlays. */
  interface Asking {
    Request request(Probe.Present tool, List<OverlayFacts> overlays);
  }

  /**
   * The first backend that can run exactly this, with a plan that reads the marks in the overlays
   * as what they mean. Where there is none, the first that can once they are in neutral form.
   *
   * @param named the only one to ask, if there is one
   * @param asking what is asked of a backend whose tool is here
   * @param neutral what an overlay will be once it is in neutral form; throws {@link
   *     UnsupportedException} where it cannot be brought there
   * @throws NoBackendException where there is none
   */
  Choice choose(
      Optional<String> named,
      List<OverlayFacts> overlays,
      Asking asking,
      UnaryOperator<OverlayFacts> neutral) {
    Map<String, String> refusals = named.isEmpty() ? missing() : new LinkedHashMap<>();
    List<Backend> asked =
        ordered().stream()
            .filter(backend -> named.isEmpty() || backend.name().equals(named.get()))
            .toList();
    for (Backend backend : asked) {
      Optional<Choice> choice =
          attempt(backend, refusals, tool -> fitting(backend, tool, overlays, asking, refusals));
      if (choice.isPresent()) {
        return choice.get();
      }
    }
    if (overlays.stream().anyMatch(overlay -> !overlay.dialects().isEmpty())) {
      for (Backend backend : asked) {
        Optional<Choice> choice =
            attempt(
                backend,
                refusals,
                tool -> neutral(backend, tool, overlays, asking, neutral, refusals));
        if (choice.isPresent()) {
          return choice.get();
        }
      }
    }
    refusals.putAll(providers.broken());
    named.filter(name -> !refusals.containsKey(name)).ifPresent(name -> addMissing(refusals, name));
    throw new NoBackendException(
        named
            .map(name -> "the backend " + name + " cannot run this session:")
            .orElse("no backend can run this session:"),
        refusals);
  }

  private Optional<Choice> attempt(
      Backend backend,
      Map<String, String> refusals,
      Function<Probe.Present, Optional<Choice>> planning) {
    if (probe(backend) instanceof Probe.Present present) {
      try {
        return planning.apply(present);
      } catch (UnsupportedException e) {
        refusals.put(backend.name(), e.getMessage());
      } catch (CancelledException e) {
        throw e;
      } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
        refusals.put(backend.name(), "its planning failed: " + e);
      }
    } else if (probe(backend) instanceof Probe.Absent absent) {
      refusals.put(backend.name(), absent.reason() + "; " + absent.remedy());
    }
    return Optional.empty();
  }

  /** The first plan that reads all of these overlays. */
  private static Optional<Choice> fitting(
      Backend backend,
      Probe.Present tool,
      List<OverlayFacts> overlays,
      Asking asking,
      Map<String, String> refusals) {
    refusals.put(backend.name(), "it offers no plan");
    for (Plan plan : backend.plans(asking.request(tool, overlays))) {
      Optional<OverlayFacts> misread =
          overlays.stream().filter(overlay -> !reads(plan, overlay)).findFirst();
      if (misread.isEmpty()) {
        refusals.remove(backend.name());
        return Optional.of(new Choice(backend, tool, plan, overlays, refusals));
      }
      refusals.put(backend.name(), misreading(plan, misread.get()));
    }
    return Optional.empty();
  }

  /** The first plan that reads all of these overlays once those that it misreads are neutral. */
  private static Optional<Choice> neutral(
      Backend backend,
      Probe.Present tool,
      List<OverlayFacts> overlays,
      Asking asking,
      UnaryOperator<OverlayFacts> neutral,
      Map<String, String> refusals) {
    for (Plan plan : backend.plans(asking.request(tool, overlays))) {
      List<OverlayFacts> readable =
          overlays.stream()
              .map(overlay -> reads(plan, overlay) ? overlay : neutral.apply(overlay))
              .toList();
      Optional<Choice> choice = fitting(backend, tool, readable, asking, refusals);
      if (choice.isPresent()) {
        return choice;
      }
    }
    return Optional.empty();
  }

  private static boolean reads(Plan plan, OverlayFacts overlay) {
    return plan.reads().containsAll(overlay.dialects());
  }

  private static String misreading(Plan plan, OverlayFacts overlay) {
    return "it would misread the overlay "
        + overlay.path()
        + ", in which what is hidden is marked as "
        + new TreeSet<>(overlay.dialects())
        + "; it reads "
        + new TreeSet<>(plan.reads());
  }

  private void addMissing(Map<String, String> refusals, String name) {
    List<String> present = ordered().stream().map(Backend::name).toList();
    String reason =
        KNOWN.containsKey(name)
            ? "it is not on the class path: add the dependency io.overlaysdk:" + KNOWN.get(name)
            : "there is no backend of this name; on the class path are " + present;
    refusals.put(name, reason);
  }
}
