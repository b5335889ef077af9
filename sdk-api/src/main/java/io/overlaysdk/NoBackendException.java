package io.overlaysdk;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** No backend can run what was asked for; there is a reason for each. */
public final class NoBackendException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Map<String, String> reasons;

  /**
   * @param asked what no backend can do
   * @param reasons for each backend that was asked, by name, why it cannot and what would help
   */
  public NoBackendException(String asked, Map<String, String> reasons) {
    super(message(asked, reasons));
    this.reasons = Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
  }

  private static String message(String asked, Map<String, String> reasons) {
    StringBuilder text = new StringBuilder(asked);
    if (reasons.isEmpty()) {
      text.append(
          "\n  no backend is on the class path: add a dependency such as"
              + " io.overlaysdk:overlay-sdk-backend-apptainer");
    }
    reasons.forEach((name, reason) -> text.append("\n  ").append(name).append(": ").append(reason));
    return text.toString();
  }

  /** Why each backend cannot, by name, in the order in which they were asked. */
  public Map<String, String> reasons() {
    return reasons;
  }
}
