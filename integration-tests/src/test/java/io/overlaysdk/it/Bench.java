package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The SDK with one backend, and with scratch and state directories of its own: whatever a test did,
 * both are empty when it closes.
 */
public final class Bench implements AutoCloseable {
  private static final Map<String, List<String>> PROGRAMS =
      Map.of(
          "apptainer", List.of("apptainer", "squashfuse", "fuse-overlayfs", "fuse2fs"),
          "singularity", List.of("singularity", "squashfuse", "fuse-overlayfs", "fuse2fs"),
          "fuse-overlayfs", List.of("fuse-overlayfs", "unshare", "mount", "squashfuse", "fuse2fs"),
          "overlayfs", List.of("unshare", "mount", "squashfuse", "fuse2fs"));

  private final String backend;
  private final Path scratch;
  private final Path state;
  private final OverlaySdk sdk;

  private Bench(String backend, Path directory, UnaryOperator<Configuration.Builder> more)
      throws IOException {
    PROGRAMS.get(backend).forEach(Tools::require);
    this.backend = backend;
    this.scratch = Files.createDirectories(directory.resolve("scratch"));
    this.state = directory.resolve("state");
    this.sdk =
        OverlaySdk.open(more.apply(Configuration.builder().scratch(scratch).state(state)).build());
  }

  /**
   * @param directory where scratch and state directories are made
   */
  public static Bench of(String backend, Path directory) throws IOException {
    return of(backend, directory, configuration -> configuration);
  }

  public static Bench of(String backend, Path directory, UnaryOperator<Configuration.Builder> more)
      throws IOException {
    return new Bench(backend, directory, more);
  }

  public OverlaySdk sdk() {
    return sdk;
  }

  /** A session on {@code image}, to be run by this backend and no other. */
  public SessionSpec on(Image image) {
    return SessionSpec.on(image).backend(backend);
  }

  public Session start(SessionSpec spec) {
    return sdk.start(spec);
  }

  /** Fails where anything was made that is not taken away again. */
  void assertNothingLeft() throws IOException {
    assertEquals(List.of(), entries(scratch), "scratch directory");
    assertEquals(List.of(), entries(state), "journal");
  }

  private static List<Path> entries(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  @Override
  public void close() throws IOException {
    sdk.close();
    assertNothingLeft();
  }
}
