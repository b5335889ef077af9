package io.overlaysdk;

import java.net.URI;
import java.util.Locale;

/** With what the URI of an image may begin; with anything where it is empty. */
record UriPrefix(String text) {
  private static final String AUTHORITY = "://";

  /**
   * @throws InvalidSpecException where it has no scheme
   */
  static UriPrefix of(String text) {
    if (text.indexOf(AUTHORITY) < 1) {
      throw new InvalidSpecException(
          "the beginning of an image URI has a scheme, such as docker://: \"" + text + "\"");
    }
    return new UriPrefix(text);
  }

  boolean covers(URI image) {
    if (text.isEmpty()) {
      return true;
    }
    String asked = image.toString();
    if (!asked.startsWith(text) || isIndirect(asked)) {
      return false;
    }
    return asked.length() == text.length()
        || text.endsWith("/")
        || asked.charAt(text.length()) == '/'
        || hasPath() && ":@".indexOf(asked.charAt(text.length())) >= 0;
  }

  /** Behind the name of a host a colon begins a port, and an at sign another host. */
  private boolean hasPath() {
    return text.indexOf('/', text.indexOf(AUTHORITY) + AUTHORITY.length()) >= 0;
  }

  /** Who serves it may take such a path for one that lies elsewhere. */
  private static boolean isIndirect(String uri) {
    String path = uri.substring(uri.indexOf(AUTHORITY) + AUTHORITY.length());
    return path.toLowerCase(Locale.ROOT).contains("%2")
        || path.contains("/./")
        || path.contains("/../")
        || path.endsWith("/..");
  }
}
