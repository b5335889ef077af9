package io.overlaysdk.spi;

import io.overlaysdk.Configuration;
import io.overlaysdk.OverlaySdk;

/** Makes the engine. Implemented by overlay-sdk-engine, called by {@link OverlaySdk#open()}. */
public interface EngineProvider {

  /** An engine with this configuration, which looks for backends in this class loader. */
  OverlaySdk open(Configuration configuration, ClassLoader classLoader);
}
