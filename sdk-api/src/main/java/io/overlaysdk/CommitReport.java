package io.overlaysdk;

import java.util.List;
import java.util.Objects;

/**
 * A new image that was made of another one and overlays.
 *
 * @param mode how
 * @param baseDigest the SHA-256 of the image that it was made of, in hexadecimal digits; of a
 *     directory that of its names, modes, links and files
 * @param entries the entries that were written, deletions left out
 * @param bytes the content of the files that were written
 * @param whiteouts the deletions that were written; none where all became one file system
 * @param skipped the sockets that were left out
 * @param warnings what does not hold of the new image that one might expect, each a sentence
 */
public record CommitReport(
    CommitMode mode,
    String baseDigest,
    long entries,
    long bytes,
    long whiteouts,
    List<ContainerPath> skipped,
    List<String> warnings) {
  public CommitReport {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(baseDigest, "baseDigest");
    skipped = List.copyOf(skipped);
    warnings = List.copyOf(warnings);
  }
}
