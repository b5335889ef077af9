package io.overlaysdk;

import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds the one implementation of a part of the SDK. */
final class Services {
  private Services() {}

  /**
   * The thread's context class loader, unless it does not know this SDK: threads of a pool often
   * have one that does not, and would find no engine.
   */
  static ClassLoader loader() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return knowsThisSdk(context) ? context : OverlaySdk.class.getClassLoader();
  }

  private static boolean knowsThisSdk(ClassLoader loader) {
    try {
      return loader != null && loader.loadClass(OverlaySdk.class.getName()) == OverlaySdk.class;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  static <T> Optional<T> first(Class<T> service, ClassLoader loader) {
    try {
      return ServiceLoader.load(service, loader).findFirst();
    } catch (ServiceConfigurationError e) {
      throw new OverlayException(
          "the provider of " + service.getName() + " cannot be loaded: " + e.getMessage(), e);
    }
  }
}
