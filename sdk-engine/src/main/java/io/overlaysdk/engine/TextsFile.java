package io.overlaysdk.engine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A file with one JSON object of texts. It comes from a disk that others may write to: nothing in
 * it is trusted before it is checked, and no link is followed.
 */
final class TextsFile {
  private static final String FORMAT = "1";
  private static final int MOST = 64 * 1024;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path file;
  private final Map<String, String> texts;

  private TextsFile(Path file, Map<String, String> texts) {
    this.file = file;
    this.texts = texts;
  }

  /**
   * Empty where there is none.
   *
   * @param keys those that it may have beside its format
   * @throws CorruptOverlayException where what is there is no such file
   */
  static Optional<TextsFile> read(Path file, Set<String> keys) {
    TextsFile read = new TextsFile(file, new TreeMap<>());
    try {
      Optional<byte[]> bytes = SmallFile.read(file, MOST);
      if (bytes.isEmpty()) {
        return Optional.empty();
      }
      read.parse(bytes.get(), keys);
      return Optional.of(read);
    } catch (JsonProcessingException e) {
      throw read.damaged(e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw read.damaged("it cannot be read: " + e.getMessage(), e);
    }
  }

  private void parse(byte[] bytes, Set<String> keys) throws IOException {
    try (JsonParser parser = JSON.createParser(bytes)) {
      boolean object = parser.nextToken() == JsonToken.START_OBJECT;
      while (object && parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
          throw damaged("\"" + key + "\" is no text", null);
        }
        if (!keys.contains(key) && !key.equals("format")) {
          throw damaged("\"" + key + "\" is none of its keys", null);
        }
        texts.put(key, parser.getText());
      }
      if (!object || parser.nextToken() != null) {
        throw damaged("it is not one object", null);
      }
    }
    if (!required("format").equals(FORMAT)) {
      throw damaged("it has format " + required("format") + ", and this SDK reads 1", null);
    }
  }

  CorruptOverlayException damaged(String problem, @Nullable Exception cause) {
    return new CorruptOverlayException(
        "the file " + file + ", which tells of an overlay's layers, is damaged: " + problem, cause);
  }

  Optional<String> text(String key) {
    return Optional.ofNullable(texts.get(key));
  }

  String required(String key) {
    return text(key).orElseThrow(() -> damaged("it lacks \"" + key + "\"", null));
  }

  /** The value as a path from a directory on. */
  Path path(String key, Path from) {
    try {
      return from.resolve(required(key)).normalize();
    } catch (InvalidPathException e) {
      throw damaged("\"" + key + "\" is no path", e);
    }
  }

  /**
   * @throws OverlayException where it cannot be written; the one before is still there
   */
  static void write(Path file, Map<String, String> texts) {
    write(file, NewFile.of(file).partial(), texts);
  }

  /**
   * @param partial a name beside it, under which it is written first
   * @throws OverlayException where it cannot be written; the one before is still there
   */
  static void write(Path file, Path partial, Map<String, String> texts) {
    StringWriter text = new StringWriter();
    Map<String, String> all = new TreeMap<>(texts);
    all.put("format", FORMAT);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      for (Map.Entry<String, String> entry : all.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new OverlayException("cannot write " + file + ": " + e, e);
    }
    WholeFile.write(file, partial, text + "\n");
  }
}
