package io.overlaysdk.spi;

import io.overlaysdk.UnsupportedException;
import java.util.List;

/**
 * Turns the description of a session into invocations of one container tool. Implemented by
 * backends, found with {@link java.util.ServiceLoader}, called by the engine.
 *
 * @implSpec A public class with a public constructor without parameters, named both in {@code
 *     module-info} ({@code provides}) and in {@code META-INF/services}: a static {@code provider()}
 *     method is not found on the class path. Instances have no state and may be shared between
 *     threads. Constructing one does nothing.
 */
public interface Backend {

  /** The name by which configuration and command line call it: lower case, such as apptainer. */
  String name();

  /** Where nobody named one, backends with a higher number are tried first. */
  default int preference() {
    return 0;
  }

  /**
   * Looks whether the tool is here and what it can do.
   *
   * @param host the only way to look at the machine
   */
  Probe probe(Host host);

  /**
   * The ways in which the tool can run this session, the best first; never empty.
   *
   * @implSpec Pure: the same request gives equal plans, and nothing is started, read or written.
   * @throws UnsupportedException where the tool cannot run exactly this; the message names the
   *     feature, the tool, and what would help
   */
  List<Plan> plans(Request request);
}
