package io.overlaysdk;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The work for at least one of many inputs failed; see {@link FanOut}. */
public final class FanOutException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Map<Integer, Throwable> failures;

  /** Made by {@link FanOut#run}. */
  FanOutException(List<?> inputs, Map<Integer, Throwable> failures) {
    super(message(inputs, failures), failures.values().iterator().next());
    this.failures = Collections.unmodifiableMap(new TreeMap<>(failures));
    failures.values().stream().skip(1).forEach(this::addSuppressed);
  }

  private static String message(List<?> inputs, Map<Integer, Throwable> failures) {
    Map.Entry<Integer, Throwable> first = failures.entrySet().iterator().next();
    return "the work failed for "
        + failures.size()
        + " of "
        + inputs.size()
        + " inputs, first for "
        + inputs.get(first.getKey())
        + ": "
        + first.getValue();
  }

  /** What the work failed with, by the index of the input. */
  public Map<Integer, Throwable> failures() {
    return failures == null ? Map.of() : failures;
  }
}
