package io.overlaysdk.yaml;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.overlaysdk.ConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns text into nodes, token by token. What nobody needs in a configuration and what could make a
 * small file large is refused as it comes: anchors and aliases, tags, a second document, doubled
 * keys, deep nesting, too many values.
 */
final class NodeParser {
  /** Each level is a few calls on the stack; the deepest file that means something has nine. */
  static final int DEEPEST = 50;

  static final int MOST_NODES = 20_000;
  static final int LONGEST_KEY = 256;

  private static final YAMLFactory YAML = new YAMLFactory();

  private final Path file;
  private final YAMLParser parser;
  private int nodes;

  private NodeParser(Path file, YAMLParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /**
   * The one document in {@code text}; empty where there is nothing but comments.
   *
   * @throws ConfigException where it is not YAML, or more of it than is read here
   */
  static Optional<Node> parse(Path file, String text) {
    try (YAMLParser parser = YAML.createParser(text)) {
      return new NodeParser(file, parser).document();
    } catch (JsonProcessingException e) {
      throw SyntaxErrors.error(file, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<Node> document() throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      return Optional.empty();
    }
    Node root = node(first, KeyPath.ROOT, 0);
    if (parser.nextToken() != null) {
      throw here(KeyPath.ROOT).error("a second document begins here; a file holds one");
    }
    boolean empty = root instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.NOTHING;
    return empty ? Optional.empty() : Optional.of(root);
  }

  private Node node(JsonToken token, KeyPath keys, int depth) throws IOException {
    Place place = here(keys);
    refuseReferences(place);
    if (depth > DEEPEST) {
      throw place.error("nested too deeply: " + DEEPEST + " levels are the most");
    }
    if (++nodes > MOST_NODES) {
      throw place.error("too much in one file: " + MOST_NODES + " values are the most");
    }
    return switch (token) {
      case START_OBJECT -> mapping(place, depth);
      case START_ARRAY -> items(place, depth);
      default -> new Node.Scalar(place, parser.getText(), kind(token));
    };
  }

  private Node mapping(Place place, int depth) throws IOException {
    Map<String, Node.Entry> entries = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      Place key = here(place.keys().key(name));
      refuseReferences(key);
      if (name.length() > LONGEST_KEY) {
        throw key.error("a key of " + name.length() + " characters; none is that long");
      }
      Node value = node(parser.nextToken(), key.keys(), depth + 1);
      Node.Entry before = entries.putIfAbsent(name, new Node.Entry(key, value));
      if (before != null) {
        throw key.error("the key is there already, in line " + before.key().line());
      }
    }
    return new Node.Mapping(place, entries);
  }

  private Node items(Place place, int depth) throws IOException {
    List<Node> items = new ArrayList<>();
    JsonToken token;
    while ((token = parser.nextToken()) != JsonToken.END_ARRAY) {
      items.add(node(token, place.keys().item(items.size()), depth + 1));
    }
    return new Node.Items(place, items);
  }

  /**
   * Jackson 2.22 does not tell of the anchor of a single value; without its alias it means nothing.
   */
  private void refuseReferences(Place place) throws IOException {
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw place.error(
          "anchors (&name) and aliases (*name) are not read here, because a few of them can stand"
              + " for gigabytes; write the value out, or quote the text if it is one");
    }
    if (parser.getTypeId() != null) {
      throw place.error(
          "tags (!name) are not read here; leave it out, or quote the text if it is one");
    }
  }

  private static Node.Kind kind(JsonToken token) {
    return switch (token) {
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Node.Kind.NUMBER;
      case VALUE_TRUE, VALUE_FALSE -> Node.Kind.TRUTH;
      case VALUE_NULL -> Node.Kind.NOTHING;
      default -> Node.Kind.TEXT;
    };
  }

  private Place here(KeyPath keys) {
    JsonLocation location = parser.currentTokenLocation();
    return new Place(file, location.getLineNr(), location.getColumnNr(), keys);
  }
}
