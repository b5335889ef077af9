package io.overlaysdk.engine;

import io.overlaysdk.NoBackendException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

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

  /** A backend, the plan that was chosen, and why those before it were not. */
  record Choice(Backend backend, Plan plan, Map<String, String> refusals) {}

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
    try {
      return backend.probe(host);
    } catch (RuntimeException | LinkageError e) {
      return new Probe.Absent(
          "its probe failed: " + e, "report this to whoever made the backend " + backend.name());
    }
  }

  /**
   * The first backend that can run exactly this.
   *
   * @param named the only one to ask, if there is one
   * @param request what is asked of a backend whose tool is here
   * @throws NoBackendException where there is none
   */
  Choice choose(Optional<String> named, Function<Probe.Present, Request> request) {
    Map<String, String> refusals = new LinkedHashMap<>();
    for (Backend backend : ordered()) {
      if (named.isPresent() && !backend.name().equals(named.get())) {
        continue;
      }
      if (probe(backend) instanceof Probe.Present present) {
        try {
          return new Choice(backend, backend.plans(request.apply(present)).get(0), refusals);
        } catch (UnsupportedException e) {
          refusals.put(backend.name(), e.getMessage());
        } catch (LinkageError | RuntimeException e) {
          refusals.put(backend.name(), "its planning failed: " + e);
        }
      } else if (probe(backend) instanceof Probe.Absent absent) {
        refusals.put(backend.name(), absent.reason() + "; " + absent.remedy());
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

  private void addMissing(Map<String, String> refusals, String name) {
    List<String> present = ordered().stream().map(Backend::name).toList();
    String reason =
        KNOWN.containsKey(name)
            ? "it is not on the class path: add the dependency io.overlaysdk:" + KNOWN.get(name)
            : "there is no backend of this name; on the class path are " + present;
    refusals.put(name, reason);
  }
}
