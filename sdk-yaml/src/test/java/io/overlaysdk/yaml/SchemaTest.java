package io.overlaysdk.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The schemas, for editors, name the same keys and words as the code that reads the files. */
class SchemaTest {

  @Test
  void configurationSchemaNamesTheKeysThatAreRead() throws IOException {
    Node schema = schema("configuration.schema.json");
    assertEquals(
        Map.of(
            "",
            Set.copyOf(ConfigurationFile.KEYS),
            "bindParts",
            Set.copyOf(HostParts.BIND_KEYS),
            "policy",
            Set.copyOf(PolicyReader.KEYS),
            "policyImages",
            Set.copyOf(PolicyReader.IMAGE_KEYS),
            "policyBinds",
            HostParts.ACCESS.keySet(),
            "policyCreate",
            Set.copyOf(PolicyReader.CREATE_KEYS)),
        keys(schema));
    assertWords(
        HostParts.SHARES.keySet(), schema, "$defs", "policy", "properties", "share", "items");
    assertWords(HostParts.SHARES.keySet(), schema, "properties", "share", "items");
    assertWords(HostParts.ACCESS.keySet(), schema, "$defs", "bindParts", "properties", "access");
  }

  @Test
  void workflowSchemaNamesTheKeysThatAreRead() throws IOException {
    Map<String, Set<String>> expected = new HashMap<>();
    expected.put("", Set.copyOf(WorkflowFile.KEYS));
    expected.put("image", Set.copyOf(DeclaredImage.KEYS));
    expected.put("overlay", Set.copyOf(DeclaredOverlay.KEYS));
    StepReader.KEYS.forEach((action, keys) -> expected.put(action, Set.copyOf(keys)));
    expected.put("session", Set.copyOf(RunReader.KEYS));
    expected.put("usedOverlay", Set.copyOf(RunReader.OVERLAY_KEYS));
    expected.put("bindParts", Set.copyOf(HostParts.BIND_KEYS));
    expected.put("runExpectation", Set.copyOf(ExpectationReader.RUN_KEYS));
    expected.put("showExpectation", Set.copyOf(ExpectationReader.SHOW_KEYS));
    assertEquals(expected, keys(schema("workflow.schema.json")));
  }

  @Test
  void workflowSchemaNamesTheWordsThatAreRead() throws IOException {
    Node schema = schema("workflow.schema.json");
    assertWords(StepReader.EXISTING.keySet(), schema, "$defs", "existing");
    assertWords(HostParts.ACCESS.keySet(), schema, "$defs", "access");
    assertWords(RunReader.GPU.keySet(), schema, "$defs", "session", "properties", "gpu");
    assertWords(RunReader.NETWORK.keySet(), schema, "$defs", "session", "properties", "network");
    assertWords(
        HostParts.SHARES.keySet(), schema, "$defs", "session", "properties", "share", "items");
  }

  /** The keys of each kind of object in a schema; "" is the whole file. None takes other keys. */
  private static Map<String, Set<String>> keys(Node schema) {
    Map<String, Set<String>> keys = new HashMap<>();
    keys.put("", keysOf(schema));
    at(schema, "$defs")
        .entries()
        .forEach(
            (name, entry) -> {
              if (entry.value().entries().containsKey("properties")) {
                keys.put(name, keysOf(entry.value()));
              }
            });
    return keys;
  }

  private static Set<String> keysOf(Node object) {
    assertFalse(at(object, "additionalProperties").truth());
    return new HashSet<>(at(object, "properties").entries().keySet());
  }

  private static void assertWords(Collection<String> words, Node schema, String... keys) {
    assertEquals(List.copyOf(words), Values.texts(at(at(schema, keys), "enum")));
  }

  private static Node at(Node node, String... keys) {
    for (String key : keys) {
      node = node.entries().get(key).value();
    }
    return node;
  }

  /** JSON is YAML as far as these files go. */
  private static Node schema(String name) throws IOException {
    try (InputStream in = SchemaTest.class.getResourceAsStream(name)) {
      return NodeParser.parse(Path.of(name), new String(in.readAllBytes(), UTF_8)).orElseThrow();
    }
  }
}
