package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The names of a layer that share their file with another one, but for one name of each file.
 *
 * @param names relative to the layer, in the order of their bytes
 * @param complete whether all directories could be read
 */
record LinkedFiles(List<byte[]> names, boolean complete) {
  LinkedFiles {
    names = List.copyOf(names);
  }

  /**
   * @param scratch where find(1) may write: what it prints has no limit
   */
  static LinkedFiles in(Path root, Path scratch, Host host, Launcher launcher) {
    Path list = scratch.resolve("links-" + UUID.randomUUID());
    Invocation find =
        Invocation.of(
            host.find("find").orElse(Path.of("/usr/bin/find")),
            List.of(
                // with a slash at the end it goes through a link at this place
                root + "/",
                "-xdev",
                "-type",
                "f",
                "-links",
                "+1",
                "-fprintf",
                list.toString(),
                "%i\\0%P\\0"));
    try {
      Launcher.Outcome outcome = launcher.run(find, Launcher.Terms.toTheEnd());
      return new LinkedFiles(allButFirst(Files.readAllBytes(list)), outcome.status() == 0);
    } catch (IOException e) {
      throw new OverlayException("cannot look for linked files in " + root + ": " + e, e);
    } finally {
      delete(list);
    }
  }

  private static List<byte[]> allButFirst(byte[] list) {
    Map<String, List<byte[]>> files = new HashMap<>();
    List<byte[]> fields = fields(list);
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      files
          .computeIfAbsent(Records.text(fields.get(i)), inode -> new ArrayList<>())
          .add(fields.get(i + 1));
    }
    List<byte[]> names = new ArrayList<>();
    for (List<byte[]> file : files.values()) {
      file.sort(Arrays::compareUnsigned);
      names.addAll(file.subList(1, file.size()));
    }
    names.sort(Arrays::compareUnsigned);
    return names;
  }

  private static List<byte[]> fields(byte[] list) {
    List<byte[]> fields = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < list.length; i++) {
      if (list[i] == 0) {
        fields.add(Arrays.copyOfRange(list, start, i));
        start = i + 1;
      }
    }
    return fields;
  }

  private static void delete(Path list) {
    try {
      Files.deleteIfExists(list);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + list + ": " + e, e);
    }
  }
}
