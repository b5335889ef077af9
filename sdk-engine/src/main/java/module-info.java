/** Opens sessions: finds backends, reads facts, runs processes, keeps the journal. */
module io.overlaysdk.engine {
  requires io.overlaysdk;
  requires io.overlaysdk.layers;
  requires com.fasterxml.jackson.core;
  requires org.apache.commons.exec;
  requires org.slf4j;

  uses io.overlaysdk.spi.Backend;
  uses io.overlaysdk.spi.ImageBuilder;

  provides io.overlaysdk.spi.EngineProvider with
      io.overlaysdk.engine.EngineService;
}
