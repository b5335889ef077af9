/** What a backend's tests need: a fake machine, canonical requests, and the laws themselves. */
module io.overlaysdk.testkit {
  requires transitive io.overlaysdk;
  requires transitive org.junit.jupiter.api;

  exports io.overlaysdk.testkit;

  // the laws are package-private methods of a class that JUnit looks into
  opens io.overlaysdk.testkit to
      org.junit.platform.commons;

  uses io.overlaysdk.spi.Backend;
}
