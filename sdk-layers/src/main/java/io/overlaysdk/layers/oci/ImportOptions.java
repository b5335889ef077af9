package io.overlaysdk.layers.oci;

import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.Whiteouts;
import io.overlaysdk.spi.Dialect;
import java.util.List;

/**
 * What the caller of an import said. Where {@code whiteouts} or {@code nodes} is null, a layer that
 * needs it is refused.
 */
record ImportOptions(
    OwnerMap owners,
    LayerLimits limits,
    List<Layer> lowers,
    Dialect dialect,
    @Nullable Whiteouts whiteouts,
    @Nullable NodeMaker nodes,
    boolean implying) {
  static final ImportOptions DEFAULT =
      new ImportOptions(
          OwnerMap.identity(), LayerLimits.DEFAULT, List.of(), Dialect.NEUTRAL, null, null, false);

  ImportOptions owners(OwnerMap map) {
    return new ImportOptions(map, limits, lowers, dialect, whiteouts, nodes, implying);
  }

  ImportOptions limits(LayerLimits most) {
    return new ImportOptions(owners, most, lowers, dialect, whiteouts, nodes, implying);
  }

  ImportOptions lowers(List<Layer> layers) {
    return new ImportOptions(owners, limits, layers, dialect, whiteouts, nodes, implying);
  }

  ImportOptions dialect(Dialect markers) {
    return new ImportOptions(owners, limits, lowers, markers, whiteouts, nodes, implying);
  }

  ImportOptions whiteouts(Whiteouts maker) {
    return new ImportOptions(owners, limits, lowers, dialect, maker, nodes, implying);
  }

  ImportOptions nodes(NodeMaker maker) {
    return new ImportOptions(owners, limits, lowers, dialect, whiteouts, maker, implying);
  }

  ImportOptions implyingDirectories() {
    return new ImportOptions(owners, limits, lowers, dialect, whiteouts, nodes, true);
  }
}
