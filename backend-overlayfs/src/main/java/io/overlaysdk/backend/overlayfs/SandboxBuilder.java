package io.overlaysdk.backend.overlayfs;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.backend.support.rootfs.RootTools;
import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds a sandbox, which is a directory, where no container tool is: only from a definition that
 * starts from nothing ({@code Bootstrap: scratch}); every other is refused. Found with {@link
 * java.util.ServiceLoader}; not for direct use.
 */
public final class SandboxBuilder implements ImageBuilder {
  private static final String SCRIPT = read("build-sandbox.sh");

  /** For ServiceLoader. */
  public SandboxBuilder() {}

  @Override
  public String name() {
    return OverlayfsBackend.NAME;
  }

  /** What a container tool builds is a SIF, in one file. */
  @Override
  public int preference() {
    return -10;
  }

  @Override
  public Probe probe(Host host) {
    return RootTools.probeKernel(host);
  }

  @Override
  public List<Step> build(BuildRequest request) {
    String unshare = request.tool().tool(RootTools.UNSHARE).orElseThrow().path().toString();
    List<String> words = new ArrayList<>(List.of("-c", SCRIPT, "overlay-sdk", unshare));
    words.add(request.identity().isRoot() ? "root" : "user");
    words.add(request.definition().toString());
    words.add(request.target().toString());
    return List.of(
        new Step.Run(
            "build the sandbox " + request.target() + " from " + request.definition(),
            Invocation.of(request.tool().tool(RootTools.SHELL).orElseThrow().path(), words)));
  }

  private static String read(String name) {
    try (InputStream in = SandboxBuilder.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
