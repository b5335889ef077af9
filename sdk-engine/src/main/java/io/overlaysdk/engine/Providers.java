package io.overlaysdk.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/**
 * The providers of a service that could be loaded, and why the others could not. One broken jar
 * does not sink the rest.
 */
record Providers<T>(List<T> loaded, Map<String, String> broken) {

  /**
   * @param looks asks a provider what is asked of each before it is used, and throws what it throws
   */
  static <T> Providers<T> of(ServiceLoader<T> loader, Consumer<T> looks) {
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
        T made = provider.get();
        looks.accept(made);
        loaded.add(made);
      } catch (ServiceConfigurationError
          | RuntimeException
          | LinkageError
          | AssertionError
          | StackOverflowError e) {
        // The name tells two broken ones apart; the message has the class either way.
        broken.put(
            broken.containsKey(name) ? name + " " + broken.size() : name,
            e instanceof ServiceConfigurationError ? String.valueOf(e.getMessage()) : e.toString());
      }
    }
  }
}
