package io.overlaysdk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a backend found on this machine, and what it can do here.
 *
 * @param name the backend's name
 * @param available whether it can run anything at all
 * @param summary the tools with their versions; where it is not available, why, and what to do
 * @param capabilities by name, empty text where the backend can do it here, else why it cannot; in
 *     the same order for every backend
 */
public record BackendReport(
    String name, boolean available, String summary, Map<String, String> capabilities) {
  public BackendReport {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(summary, "summary");
    capabilities = Collections.unmodifiableMap(new LinkedHashMap<>(capabilities));
  }

  /** Whether the backend is available and has this capability. */
  public boolean can(String capability) {
    return available && "".equals(capabilities.get(capability));
  }
}
