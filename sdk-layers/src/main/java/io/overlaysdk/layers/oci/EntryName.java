package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The name of an entry of an untrusted archive, taken apart; it leads to nowhere but down. */
final class EntryName {
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_PATH = 4095;

  private final List<byte[]> components;
  private final boolean directory;

  private EntryName(List<byte[]> components, boolean directory) {
    this.components = components;
    this.directory = directory;
  }

  /**
   * Takes a name apart. Repeated slashes and {@code .} are dropped.
   *
   * @throws BadHeader where it is empty, absolute, too long or too deep, or holds {@code ..}
   */
  static EntryName parse(byte[] name, LayerLimits limits) throws BadHeader {
    if (name.length == 0) {
      throw new BadHeader("an entry without a name");
    }
    if (name[0] == '/') {
      throw new BadHeader("an absolute name");
    }
    if (name.length > LONGEST_PATH) {
      throw new BadHeader("a name of " + name.length + " bytes; no path is longer than 4095");
    }
    List<byte[]> components = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= name.length; i++) {
      if (i == name.length || name[i] == '/') {
        add(components, Arrays.copyOfRange(name, start, i));
        start = i + 1;
      }
    }
    if (components.size() > limits.depth()) {
      throw new BadHeader(
          "a name of "
              + components.size()
              + " components, where this import allows "
              + limits.depth()
              + " (LayerLimits.withDepth)");
    }
    return new EntryName(components, name[name.length - 1] == '/');
  }

  private static void add(List<byte[]> components, byte[] component) throws BadHeader {
    if (is(component, "") || is(component, ".")) {
      return;
    }
    if (is(component, "..")) {
      throw new BadHeader("a name with \"..\"");
    }
    if (component.length > LONGEST_NAME) {
      throw new BadHeader("a name with a component of " + component.length + " bytes");
    }
    if (!components.isEmpty() && LayerNames.isMarker(components.get(components.size() - 1))) {
      throw new BadHeader("something below a whiteout");
    }
    components.add(component);
  }

  private static boolean is(byte[] component, String text) {
    return component.length == text.length() && Arrays.equals(component, text.getBytes(US_ASCII));
  }

  /** Whether it is the root of the layer. */
  boolean isRoot() {
    return components.isEmpty();
  }

  /** Whether it ends in a slash. */
  boolean isDirectory() {
    return directory;
  }

  byte[] last() {
    return components.get(components.size() - 1);
  }

  boolean isMarker() {
    return !isRoot() && LayerNames.isMarker(last());
  }

  ContainerPath path() {
    return path(components.size());
  }

  ContainerPath parent() {
    return path(components.size() - 1);
  }

  /** The path of the first components. */
  ContainerPath path(int count) {
    ContainerPath path = RawPaths.ROOT;
    for (byte[] component : components.subList(0, count)) {
      path = RawPaths.child(path, component);
    }
    return path;
  }

  /**
   * What a marker hides.
   *
   * @throws BadHeader where that is no name
   */
  ContainerPath hidden() throws BadHeader {
    byte[] hidden = LayerNames.hidden(last());
    if (is(hidden, "") || is(hidden, ".") || is(hidden, "..") || LayerNames.isMarker(hidden)) {
      throw new BadHeader("a whiteout that names no file");
    }
    return RawPaths.child(parent(), hidden);
  }
}
