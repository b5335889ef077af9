package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.overlaysdk.layers.oci.OciArchive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What an OCI image of one layer says of itself: image-spec 1.0, config, manifest and index. */
final class OciImage {
  private static final String TYPE = "application/vnd.oci.image.";

  /** As Apptainer's own environment has it. */
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /** As /.singularity.d/actions/run has it. */
  private static final String ENVIRONMENT =
      "for script in /.singularity.d/env/*.sh; do [ ! -f \"$script\" ] || . \"$script\"; done\n";

  private OciImage() {}

  /**
   * Completes an archive that has its layer already.
   *
   * @param packed what came of writing the layer
   * @param architecture in Go's names
   */
  static void complete(Path file, Packed packed, CommitHistory history, String architecture)
      throws IOException {
    try (FileChannel archive =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long size = archive.size() - OciArchive.LAYER_START;
      byte[] config = config(packed, history, architecture);
      byte[] manifest = manifest(config, packed.digest(), size);
      Map<String, byte[]> files = new LinkedHashMap<>();
      files.put(OciArchive.blob(digest(config)), config);
      files.put(OciArchive.blob(digest(manifest)), manifest);
      files.put("index.json", index(manifest));
      files.put("oci-layout", json(out -> out.writeStringField("imageLayoutVersion", "1.0.0")));
      OciArchive.complete(archive, packed.digest(), files);
    }
  }

  private static String digest(byte[] bytes) {
    return Digests.sha256(ByteBuffer.wrap(bytes));
  }

  private static byte[] config(Packed packed, CommitHistory history, String architecture)
      throws IOException {
    Map<String, String> labels = labels(packed);
    return json(
        out -> {
          if (history.time().isPresent()) {
            out.writeStringField("created", history.time().get());
          }
          out.writeStringField("architecture", architecture);
          out.writeStringField("os", "linux");
          out.writeObjectFieldStart("config");
          strings(out, "Env", PATH);
          start(out, packed);
          out.writeObjectFieldStart("Labels");
          for (Map.Entry<String, String> label : labels.entrySet()) {
            out.writeStringField(label.getKey(), label.getValue());
          }
          out.writeEndObject();
          out.writeEndObject();
          out.writeObjectFieldStart("rootfs");
          out.writeStringField("type", "layers");
          strings(out, "diff_ids", "sha256:" + packed.digest());
          out.writeEndObject();
          out.writeArrayFieldStart("history");
          out.writeStartObject();
          if (history.time().isPresent()) {
            out.writeStringField("created", history.time().get());
          }
          out.writeStringField("created_by", "overlay commit");
          out.writeStringField(
              "comment", "from " + history.base() + ", SHA-256 " + history.baseDigest());
          out.writeEndObject();
          out.writeEndArray();
        });
  }

  /**
   * Runs the runscript in the image's environment. Its text is part of the configuration: where
   * Apptainer builds an image of this one, what is started here becomes the runscript, and must not
   * start that.
   */
  private static void start(JsonGenerator out, Packed packed) throws IOException {
    byte[] script = packed.kept().get(Packing.RUNSCRIPT);
    String text = script == null ? "" : new String(script, UTF_8);
    if (text.startsWith("#!/bin/sh\n")) {
      strings(out, "Entrypoint", "/bin/sh", "-c", ENVIRONMENT + text, "runscript");
    } else if (packed.kept().containsKey(Packing.RUN)) {
      strings(out, "Entrypoint", Packing.RUN.toString());
    } else {
      strings(out, "Cmd", "/bin/sh");
    }
  }

  /** Those of the image, as far as they are what Apptainer writes: a flat object of strings. */
  static Map<String, String> labels(Packed packed) {
    Map<String, String> labels = new TreeMap<>();
    byte[] text = packed.kept().get(Packing.LABELS);
    if (text != null) {
      try (JsonParser parser = new JsonFactory().createParser(text)) {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          if (parser.nextToken() == JsonToken.VALUE_STRING) {
            labels.put(name, parser.getText());
          } else {
            parser.skipChildren();
          }
        }
      } catch (IOException e) {
        // the file is in the image as it is; what is no label cannot be one of the config either
        return Map.of();
      }
    }
    return labels;
  }

  private static byte[] manifest(byte[] config, String layer, long size) throws IOException {
    return json(
        out -> {
          out.writeNumberField("schemaVersion", 2);
          out.writeStringField("mediaType", TYPE + "manifest.v1+json");
          out.writeObjectFieldStart("config");
          descriptor(out, "config.v1+json", digest(config), config.length);
          out.writeEndObject();
          out.writeArrayFieldStart("layers");
          out.writeStartObject();
          descriptor(out, "layer.v1.tar", layer, size);
          out.writeEndObject();
          out.writeEndArray();
        });
  }

  private static byte[] index(byte[] manifest) throws IOException {
    return json(
        out -> {
          out.writeNumberField("schemaVersion", 2);
          out.writeArrayFieldStart("manifests");
          out.writeStartObject();
          descriptor(out, "manifest.v1+json", digest(manifest), manifest.length);
          out.writeObjectFieldStart("annotations");
          out.writeStringField("org.opencontainers.image.ref.name", "latest");
          out.writeEndObject();
          out.writeEndObject();
          out.writeEndArray();
        });
  }

  private static void descriptor(JsonGenerator out, String type, String sha256, long size)
      throws IOException {
    out.writeStringField("mediaType", TYPE + type);
    out.writeStringField("digest", "sha256:" + sha256);
    out.writeNumberField("size", size);
  }

  private static void strings(JsonGenerator out, String name, String... values) throws IOException {
    out.writeArrayFieldStart(name);
    for (String value : values) {
      out.writeString(value);
    }
    out.writeEndArray();
  }

  private interface Fields {
    void write(JsonGenerator out) throws IOException;
  }

  private static byte[] json(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = new JsonFactory().createGenerator(bytes)) {
      out.writeStartObject();
      fields.write(out);
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }
}
