package io.overlaysdk.engine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Identity;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A manifest as JSON. Every key is known, none comes twice, every value is of its type. */
final class ManifestJson {
  private static final int FORMAT = 1;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(8).build())
          .build();

  private final JsonParser parser;
  private final Path file;
  private int format;
  private Optional<String> volume = Optional.empty();
  private @Nullable Instant created;
  private Optional<BaseIdentity> base = Optional.empty();
  private final Set<Dialect> dialects = EnumSet.noneOf(Dialect.class);
  private Optional<Manifest.Writer> writer = Optional.empty();
  private Optional<Manifest.HardLinks> hardLinks = Optional.empty();

  /** Reads the value of one key. */
  private interface Key {
    boolean read(String name) throws IOException;
  }

  private ManifestJson(JsonParser parser, Path file) {
    this.parser = parser;
    this.file = file;
  }

  /**
   * @param file where it is from, for errors
   * @throws IOException where it is no manifest
   * @throws UnsupportedException where it is of a later format
   */
  static Manifest read(byte[] bytes, Path file) throws IOException {
    try (JsonParser parser = JSON.createParser(bytes)) {
      return new ManifestJson(parser, file).read();
    }
  }

  private Manifest read() throws IOException {
    parser.nextToken();
    object(this::manifest);
    if (parser.nextToken() != null) {
      throw wrong("something follows it");
    }
    if (format == 0 || created == null) {
      throw wrong("it lacks \"format\" or \"created\"");
    }
    return new Manifest(volume, created, base, dialects, writer, hardLinks);
  }

  private boolean manifest(String name) throws IOException {
    switch (name) {
      case "format" -> format = format();
      case "volume" -> volume = Optional.of(text());
      case "created" -> created = time();
      case "base" -> base = Optional.of(base());
      case "dialects" -> dialects();
      case "writer" -> writer = Optional.of(writer());
      case "hardLinks" -> hardLinks = Optional.of(constant(Manifest.HardLinks.class));
      default -> {
        return false;
      }
    }
    return true;
  }

  private int format() throws IOException {
    int found = integer();
    if (found > FORMAT) {
      throw new UnsupportedException(
          "the manifest "
              + file
              + " has format "
              + found
              + ", and this SDK reads "
              + FORMAT
              + "; use the SDK that wrote it, or a newer one");
    }
    if (found < 1) {
      throw wrong("there is no format " + found);
    }
    return found;
  }

  private Instant time() throws IOException {
    String text = text();
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw wrong("\"" + text + "\" is no time such as 2026-11-23T08:00:00Z");
    }
  }

  @SuppressWarnings("NullAway") // that each is there was checked before
  private BaseIdentity base() throws IOException {
    Map<String, String> texts = new TreeMap<>();
    object(name -> Set.of("location", "identity").contains(name) && put(texts, name));
    if (texts.size() < 2) {
      throw wrong("\"base\" has a location and an identity");
    }
    return new BaseIdentity(texts.get("location"), texts.get("identity"));
  }

  private boolean put(Map<String, String> texts, String name) throws IOException {
    texts.put(name, text());
    return true;
  }

  private void dialects() throws IOException {
    require(JsonToken.START_ARRAY, "a list");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      dialects.add(constant(Dialect.class));
    }
  }

  @SuppressWarnings("NullAway") // that each is there was checked before
  private Manifest.Writer writer() throws IOException {
    Map<String, String> texts = new TreeMap<>();
    Map<String, String> tools = new TreeMap<>();
    Map<String, Long> numbers = new TreeMap<>();
    boolean[] fakeroot = new boolean[1];
    object(
        name -> {
          switch (name) {
            case "backend", "driver" -> put(texts, name);
            case "tools" -> object(tool -> put(tools, tool));
            case "fakeroot" -> fakeroot[0] = truth();
            case "uid", "gid", "firstUid", "uids", "firstGid", "gids" ->
                numbers.put(name, number());
            default -> {
              return false;
            }
          }
          return true;
        });
    if (texts.size() < 2 || !numbers.keySet().containsAll(Set.of("uid", "gid"))) {
      throw wrong("\"writer\" has a backend, a driver, a uid and a gid");
    }
    return new Manifest.Writer(
        texts.get("backend"),
        texts.get("driver"),
        tools,
        numbers.get("uid").intValue(),
        numbers.get("gid").intValue(),
        fakeroot[0],
        ranges(numbers));
  }

  @SuppressWarnings("NullAway") // that each is there was checked before
  private static Optional<Identity.IdRanges> ranges(Map<String, Long> numbers) {
    if (!numbers.keySet().containsAll(Set.of("firstUid", "uids", "firstGid", "gids"))) {
      return Optional.empty();
    }
    return Optional.of(
        new Identity.IdRanges(
            numbers.get("firstUid"),
            numbers.get("uids"),
            numbers.get("firstGid"),
            numbers.get("gids")));
  }

  private void object(Key key) throws IOException {
    require(JsonToken.START_OBJECT, "an object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (!key.read(name)) {
        throw wrong("\"" + name + "\" is none of its keys");
      }
    }
  }

  private String text() throws IOException {
    require(JsonToken.VALUE_STRING, "a text");
    return parser.getText();
  }

  private <T extends Enum<T>> T constant(Class<T> type) throws IOException {
    String text = text();
    try {
      return Enum.valueOf(type, text);
    } catch (IllegalArgumentException e) {
      throw wrong("\"" + text + "\" is none of " + EnumSet.allOf(type));
    }
  }

  private int integer() throws IOException {
    require(JsonToken.VALUE_NUMBER_INT, "a whole number");
    return parser.getIntValue();
  }

  /** Of a user: from 0 to what 32 bits hold. */
  private long number() throws IOException {
    require(JsonToken.VALUE_NUMBER_INT, "a whole number");
    long number = parser.getLongValue();
    if (number < 0 || number > 0xFFFFFFFFL) {
      throw wrong(number + " is no id");
    }
    return number;
  }

  private boolean truth() throws IOException {
    if (parser.currentToken() == null || !parser.currentToken().isBoolean()) {
      throw wrong("it must be true or false here");
    }
    return parser.getBooleanValue();
  }

  private void require(JsonToken token, String what) throws IOException {
    if (parser.currentToken() != token) {
      throw wrong("it must be " + what + " here");
    }
  }

  private JsonParseException wrong(String problem) {
    return new JsonParseException(
        parser,
        problem + " (line " + parser.currentLocation().getLineNr() + ")",
        parser.currentLocation());
  }

  static String write(Manifest manifest) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeNumberField("format", FORMAT);
      if (manifest.volume().isPresent()) {
        json.writeStringField("volume", manifest.volume().get());
      }
      json.writeStringField("created", manifest.created().toString());
      if (manifest.base().isPresent()) {
        json.writeObjectFieldStart("base");
        json.writeStringField("location", manifest.base().get().location());
        json.writeStringField("identity", manifest.base().get().identity());
        json.writeEndObject();
      }
      json.writeArrayFieldStart("dialects");
      for (Dialect dialect : manifest.dialects()) {
        json.writeString(dialect.name());
      }
      json.writeEndArray();
      if (manifest.writer().isPresent()) {
        write(manifest.writer().get(), json);
      }
      if (manifest.hardLinks().isPresent()) {
        json.writeStringField("hardLinks", manifest.hardLinks().get().name());
      }
      json.writeEndObject();
    }
    return text + "\n";
  }

  private static void write(Manifest.Writer writer, JsonGenerator json) throws IOException {
    json.writeObjectFieldStart("writer");
    json.writeStringField("backend", writer.backend());
    json.writeStringField("driver", writer.driver());
    json.writeObjectFieldStart("tools");
    for (Map.Entry<String, String> tool : writer.tools().entrySet()) {
      json.writeStringField(tool.getKey(), tool.getValue());
    }
    json.writeEndObject();
    json.writeNumberField("uid", writer.uid());
    json.writeNumberField("gid", writer.gid());
    json.writeBooleanField("fakeroot", writer.fakeroot());
    if (writer.subordinate().isPresent()) {
      Identity.IdRanges ids = writer.subordinate().get();
      json.writeNumberField("firstUid", ids.firstUid());
      json.writeNumberField("uids", ids.uids());
      json.writeNumberField("firstGid", ids.firstGid());
      json.writeNumberField("gids", ids.gids());
    }
    json.writeEndObject();
  }
}
