package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Policy;
import io.overlaysdk.spi.EngineProvider;

/** For {@link java.util.ServiceLoader} only; call {@link OverlaySdk#open()} instead. */
public final class EngineService implements EngineProvider {
  @Override
  public OverlaySdk open(Configuration configuration, ClassLoader classLoader) {
    Engine engine = Engine.open(configuration, Policy.ofSite(), classLoader, System.getenv());
    return engine.exhaustion().around(engine);
  }
}
