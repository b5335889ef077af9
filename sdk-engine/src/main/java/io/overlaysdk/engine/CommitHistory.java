package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a new image says of where it comes from: a line of JSON for each commit. No path is in it
 * and no time but SOURCE_DATE_EPOCH, so that the same commit says the same everywhere.
 *
 * @param base the name of the base
 * @param baseDigest its SHA-256
 * @param created the value of SOURCE_DATE_EPOCH
 */
record CommitHistory(String base, String baseDigest, CommitMode mode, Optional<String> created) {

  static CommitHistory of(
      ImageFacts image, String digest, CommitMode mode, Optional<String> created) {
    return new CommitHistory(name(image.path()), digest, mode, created);
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  static long seconds(String sourceDateEpoch) {
    try {
      return Instant.ofEpochSecond(Long.parseLong(sourceDateEpoch)).getEpochSecond();
    } catch (NumberFormatException | DateTimeException e) {
      throw new InvalidSpecException(
          "SOURCE_DATE_EPOCH is the number of seconds since 1970, not \"" + sourceDateEpoch + "\"",
          e);
    }
  }

  /** RFC 3339, in UTC. */
  Optional<String> time() {
    return created.map(value -> Instant.ofEpochSecond(seconds(value)).toString());
  }

  /** Of these overlays. */
  String line(List<OverlayFacts> overlays) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("action", mode == CommitMode.LAYERED ? "layered" : "flattened");
      json.writeStringField("base", base);
      json.writeStringField("baseSha256", baseDigest);
      json.writeArrayFieldStart("overlays");
      for (OverlayFacts overlay : overlays) {
        json.writeString(name(overlay.path()));
      }
      json.writeEndArray();
      if (time().isPresent()) {
        json.writeStringField("created", time().get());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  CommitReport report(LayerReport written, List<String> warnings) {
    return new CommitReport(
        mode,
        baseDigest,
        written.entries(),
        written.bytes(),
        written.whiteouts(),
        written.skipped(),
        warnings);
  }

  /** What is said where the base was signed. */
  static String unsigned(ImageFacts image) {
    return "the signature of "
        + image.location()
        + " does not cover the new image, and is not in it; sign that anew";
  }
}
