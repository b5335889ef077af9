package io.overlaysdk.it;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.OverlaySdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The images that the tests run on: built once for all of them, and deleted at the end. No test
 * writes to one.
 */
final class Images implements AutoCloseable {
  /** One program, under a name that is no shell's, and nothing else that could be run. */
  private static final String WITHOUT_SHELL =
      """
      Bootstrap: scratch

      %setup
          root=$APPTAINER_ROOTFS
          mkdir -p "$root/app" "$root/dev" "$root/etc" "$root/proc" "$root/sys" "$root/tmp"
          cp /bin/busybox "$root/app/busybox"
          printf 'root:x:0:0:root:/root:/bin/sh\\n' >"$root/etc/passwd"
          printf 'root:x:0:\\n' >"$root/etc/group"
          touch "$root/etc/resolv.conf"
      """;

  private static final List<String> PROGRAMS =
      List.of("apptainer", "busybox", "mksquashfs", "setsid");

  private final Path directory;
  private final Path tutorial;
  private final Path sandbox;
  private final Path shellless;
  private final Path shelllessSandbox;

  private Images(Path directory) {
    this.directory = directory;
    this.tutorial = directory.resolve("tutorial.sif");
    this.sandbox = directory.resolve("tutorial");
    this.shellless = directory.resolve("shellless.sif");
    this.shelllessSandbox = directory.resolve("shellless");
  }

  private static Images build() throws IOException {
    Images images = new Images(Files.createTempDirectory("overlay-sdk-images"));
    Configuration configuration =
        Configuration.builder()
            .scratch(images.directory)
            .state(images.directory.resolve("state"))
            .build();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      Path definition = images.directory.resolve("shellless.def");
      Files.writeString(definition, WITHOUT_SHELL);
      sdk.build(Checkout.root().resolve("examples/tutorial/base.def"), images.tutorial);
      sdk.build(definition, images.shellless);
      fill(images.sandbox);
      fill(images.shelllessSandbox);
      addShell(images.sandbox);
      return images;
    } catch (IOException | RuntimeException e) {
      images.close();
      throw e;
    }
  }

  private static void fill(Path root) throws IOException {
    for (String name : List.of("app", "dev", "etc", "proc", "root", "srv", "sys", "tmp")) {
      Files.createDirectories(root.resolve(name));
    }
    Files.copy(Tools.require("busybox"), root.resolve("app/busybox"));
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    Files.writeString(root.resolve("etc/group"), "root:x:0:\n");
    Files.createFile(root.resolve("etc/resolv.conf"));
    Files.writeString(root.resolve("app/message.txt"), "Hello from the base container!\n");
  }

  private static void addShell(Path root) throws IOException {
    Path bin = Files.createDirectory(root.resolve("bin"));
    for (String applet : Programs.run("busybox", "--list").split("\n")) {
      Files.createSymbolicLink(bin.resolve(applet), Path.of("../app/busybox"));
    }
  }

  /** A busybox with a shell, as the tutorial has it, in a SIF. */
  Image tutorial() {
    return Image.at(tutorial);
  }

  Path tutorialFile() {
    return tutorial;
  }

  /** Much the same in a directory, without what Apptainer adds to an image. */
  Image sandbox() {
    return Image.at(sandbox);
  }

  /** A SIF without {@code /bin/sh}: all that runs is {@code /app/busybox APPLET}. */
  Image shellless() {
    return Image.at(shellless);
  }

  /** Likewise, in a directory. */
  Image shelllessSandbox() {
    return Image.at(shelllessSandbox);
  }

  @Override
  public void close() throws IOException {
    Programs.run("rm", "-rf", directory.toString());
  }

  /** Gives tests the one that all share. */
  static final class Shared implements BeforeAllCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
        ExtensionContext.Namespace.create(Images.class);

    /** Here an abort is a skip; in the middle of resolving a parameter it would be an error. */
    @Override
    public void beforeAll(ExtensionContext context) {
      PROGRAMS.forEach(Tools::require);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Images.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(NAMESPACE)
          .computeIfAbsent(Images.class, key -> buildOrFail(), Images.class);
    }

    private static Images buildOrFail() {
      try {
        return build();
      } catch (IOException e) {
        throw new IllegalStateException("the images for the tests could not be built", e);
      }
    }
  }
}
