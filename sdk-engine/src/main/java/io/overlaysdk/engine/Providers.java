package io.overlaysdk.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The providers of a service that could be loaded, and why the others could not. One broken jar
 * does not sink the rest.
 */
record Providers<T>(List<T> loaded, Map<String, String> broken) {

  static <T> Providers<T> of(ServiceLoader<T> loader) {
    List<T> loaded = new ArrayList<>();
    Map<String, String> broken = new LinkedHashMap<>();
    Iterator<ServiceLoader.Provider<T>> providers = loader.stream().iterator();
    while (true) {
      String name = "a provider";
      try {
        if (!providers.hasNext()) {
          return new Providers<>(List.copyOf(loaded), Map.copyOf(broken));
        }
        ServiceLoader.Provider<T> provider = providers.next();
        name = provider.type().getName();
        loaded.add(provider.get());
      } catch (ServiceConfigurationError e) {
        // The name tells two broken ones apart; the message has the class either way.
        broken.put(broken.containsKey(name) ? name + " " + broken.size() : name, e.getMessage());
      }
    }
  }
}
