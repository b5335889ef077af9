package io.overlaysdk.engine;

import static io.overlaysdk.engine.Records.field;
import static io.overlaysdk.engine.Records.text;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of a {@link Job.Pack}.
 *
 * @param digest the SHA-256 of what was written, where it is one stream
 * @param metadata whether a layer above the base changes what the image says of itself
 * @param kept the files of the image that are wanted besides, as far as they are there
 */
record Packed(
    LayerReport report, String digest, boolean metadata, Map<ContainerPath, byte[]> kept) {

  void write(Records.Writer out) {
    Reports.write(report, out);
    out.write(field(digest), field(Boolean.toString(metadata)));
    List<byte[]> files = new ArrayList<>();
    kept.forEach(
        (path, content) -> {
          files.add(path.bytes());
          files.add(content);
        });
    out.write(files);
  }

  static Packed read(Records.Reader in) {
    LayerReport report = Reports.read(in);
    List<byte[]> fields = in.next();
    List<byte[]> files = in.next();
    Map<ContainerPath, byte[]> kept = new HashMap<>();
    for (int i = 0; i < files.size(); i += 2) {
      kept.put(ContainerPath.of(files.get(i)), files.get(i + 1));
    }
    return new Packed(report, text(fields.get(0)), Boolean.parseBoolean(text(fields.get(1))), kept);
  }
}
