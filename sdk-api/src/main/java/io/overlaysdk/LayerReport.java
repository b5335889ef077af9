package io.overlaysdk;

import java.util.List;

/**
 * What was written to a layer, or read from one.
 *
 * @param entries the entries of the layer, without markers
 * @param bytes the content of its files
 * @param whiteouts the entries that it deletes
 * @param opaque the directories of which nothing below shows through
 * @param skipped the sockets that were left out of an export
 * @param implied the directories that an imported layer has no entry for
 */
public record LayerReport(
    long entries,
    long bytes,
    long whiteouts,
    long opaque,
    List<ContainerPath> skipped,
    List<ContainerPath> implied) {
  public LayerReport {
    skipped = List.copyOf(skipped);
    implied = List.copyOf(implied);
  }
}
