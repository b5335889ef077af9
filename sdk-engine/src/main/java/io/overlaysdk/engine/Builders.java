package io.overlaysdk.engine;

import io.overlaysdk.NoBackendException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The image builders on the class path, and the choice among them. */
final class Builders {
  private final Providers<ImageBuilder> providers;
  private final Host host;

  Builders(Providers<ImageBuilder> providers, Host host) {
    this.providers = providers;
    this.host = host;
  }

  /** A builder, what it would do, and why those before it could not. */
  record Choice(ImageBuilder builder, List<Step> steps, Map<String, String> refusals) {}

  /** Asks a builder what all are asked before one is chosen. */
  static int look(ImageBuilder builder) {
    Objects.requireNonNull(builder.name(), "it has no name");
    return builder.preference();
  }

  /**
   * The first builder that works here.
   *
   * @throws NoBackendException where there is none
   */
  Choice choose(Path definition, Path target) {
    Map<String, String> refusals = new LinkedHashMap<>();
    for (ImageBuilder builder : ordered()) {
      Probe probe = Backends.probe(builder.name(), () -> builder.probe(host));
      if (probe instanceof Probe.Present present) {
        try {
          BuildRequest request = new BuildRequest(definition, target, present, host.identity());
          return new Choice(builder, builder.build(request), refusals);
        } catch (UnsupportedException e) {
          refusals.put(builder.name(), e.getMessage());
        }
      } else if (probe instanceof Probe.Absent absent) {
        refusals.put(builder.name(), absent.reason() + "; " + absent.remedy());
      }
    }
    refusals.putAll(providers.broken());
    throw new NoBackendException("nothing here can build " + definition + ":", refusals);
  }

  private List<ImageBuilder> ordered() {
    return providers.loaded().stream()
        .sorted(
            Comparator.comparingInt(ImageBuilder::preference)
                .reversed()
                .thenComparing(ImageBuilder::name))
        .toList();
  }
}
