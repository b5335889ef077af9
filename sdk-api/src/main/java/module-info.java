/** The API of overlay-sdk and the SPI of its backends. Depends on nothing but the JDK. */
module io.overlaysdk {
  exports io.overlaysdk;
  exports io.overlaysdk.workflow;
  exports io.overlaysdk.spi;

  uses io.overlaysdk.spi.EngineProvider;
  uses io.overlaysdk.spi.ConfigurationReader;
}
