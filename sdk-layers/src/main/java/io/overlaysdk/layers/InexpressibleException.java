package io.overlaysdk.layers;

import io.overlaysdk.OverlayException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** A layer holds what the neutral form has no way to say. Nothing of it was changed. */
public final class InexpressibleException extends OverlayException {
  private static final long serialVersionUID = 1;

  /** One such entry. */
  public record Entry(Path file, String reason) {
    @Override
    public String toString() {
      return "\"" + file + "\" " + reason;
    }
  }

  private final transient Path layer;
  private final transient List<Entry> entries;

  public InexpressibleException(Path layer, List<Entry> entries) {
    super(
        "the layer \""
            + layer
            + "\" cannot be brought into a form that every driver reads alike: "
            + entries.stream().map(Entry::toString).collect(Collectors.joining("; "))
            + ". Use it with the driver that wrote it only, or change these entries in a session");
    this.layer = layer;
    this.entries = List.copyOf(entries);
  }

  /** The root of the layer, on the host. */
  public Path layer() {
    return layer;
  }

  /** The first entries that were found, with the reason for each. */
  public List<Entry> entries() {
    return entries;
  }
}
