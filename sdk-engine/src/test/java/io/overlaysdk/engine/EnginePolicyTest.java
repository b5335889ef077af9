package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.CommitMode;
import io.overlaysdk.Configuration;
import io.overlaysdk.Finding;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Every way in asks the policy, whatever the configuration says. */
@Timeout(60)
class EnginePolicyTest {
  private static final Path SOURCE = Path.of("/etc/overlay-sdk/config.yaml");

  @TempDir Path directory;
  private Path image;
  private SessionSpec spec;

  @BeforeEach
  void makeAnImage() throws IOException {
    image = Files.createDirectory(directory.resolve("image"));
    spec = SessionSpec.on(Image.at(image));
  }

  private OverlaySdk open(Policy.Builder site, Configuration.Builder configuration)
      throws IOException {
    Path services = Files.createDirectories(directory.resolve("services/META-INF/services"));
    Files.writeString(
        services.resolve("io.overlaysdk.spi.Backend"), HostBackend.class.getName() + "\n");
    URL[] path = {directory.resolve("services").toUri().toURL()};
    Configuration built =
        configuration
            .scratch(Files.createDirectories(directory.resolve("scratch")))
            .state(directory.resolve("state"))
            .build();
    return Engine.open(
        built,
        site.source(SOURCE).build(),
        new URLClassLoader(path, HostBackend.class.getClassLoader()),
        System.getenv());
  }

  private void refuses(String rule, Executable action) throws IOException {
    PolicyException e = assertThrows(PolicyException.class, action);
    assertEquals(rule, e.rule(), e.getMessage());
    assertTrue(e.getMessage().contains(SOURCE.toString()), e.getMessage());
    try (Stream<Path> left = Files.list(directory.resolve("scratch"))) {
      assertEquals(List.of(), left.toList());
    }
    assertFalse(Files.exists(directory.resolve("state")) && !isEmpty(directory.resolve("state")));
  }

  private static boolean isEmpty(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    }
  }

  @Test
  void noWayInTakesAnImageThatIsNotAllowed() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Configuration.Builder wide =
        Configuration.builder()
            .policy(Policy.builder().imagePaths(List.of(Path.of("/"))).hostImage(true).build());
    try (OverlaySdk sdk = open(Policy.builder().imagePaths(List.of(elsewhere)), wide)) {
      Path target = directory.resolve("target");
      SessionSpec over = spec.overlay(sdk.createOverlay(directory.resolve("overlay")).readOnly());
      String rule = "images.paths";
      refuses(rule, () -> sdk.start(spec));
      refuses(rule, () -> sdk.start("name", spec));
      refuses(rule, () -> sdk.explain(spec, Command.of("true")));
      refuses(rule, () -> sdk.changes(over, Changes.Detail.ROOTS));
      refuses(rule, () -> sdk.exportLayer(over, target));
      refuses(rule, () -> sdk.importLayer(target, over));
      refuses(rule, () -> sdk.commit(over, target, CommitMode.FLATTENED));
      refuses(rule, () -> sdk.freeze(over, target));
      refuses(rule, () -> sdk.convert(over));
      refuses(rule, () -> sdk.adopt(over));
      refuses(rule, () -> sdk.flatten(over));
      refuses(rule, () -> sdk.rebase(over, Image.at(elsewhere), target, false));
      SessionSpec other = SessionSpec.on(Image.at(elsewhere)).overlays(over.overlays());
      refuses(rule, () -> sdk.rebase(other, Image.at(image), target, false));
      refuses("images.host", () -> sdk.start(SessionSpec.on(Image.host())));
      assertFalse(Files.exists(target));
      sdk.start(SessionSpec.on(Image.at(elsewhere))).close();
    }
  }

  @Test
  void aConfigurationCannotShareOrBindWhatTheSiteForbids() throws IOException {
    Path data = Files.createDirectory(directory.resolve("data"));
    Policy.Builder site = Policy.builder().shares(Set.of()).binds(Map.of(image, Access.READ_ONLY));
    try (OverlaySdk sdk = open(site, Configuration.builder().share(Share.ENVIRONMENT))) {
      refuses("share", () -> sdk.start(spec));
    }
    Configuration.Builder binds = Configuration.builder().bind(Bind.parse(data + ":/data:ro"));
    try (OverlaySdk sdk = open(site, binds)) {
      refuses("binds", () -> sdk.start(spec));
    }
    try (OverlaySdk sdk = open(site, Configuration.builder())) {
      refuses("binds", () -> sdk.start(spec.bind(data, "/data")));
      sdk.start(spec.bind(Bind.parse(image + ":/data:ro"))).close();
    }
  }

  @Test
  void whatIsSharedIsBoundAndHasToBeAllowed() throws IOException {
    Policy.Builder site = Policy.builder().binds(Map.of(image, Access.READ_WRITE));
    try (OverlaySdk sdk = open(site, Configuration.builder())) {
      refuses("binds", () -> sdk.start(spec.share(Share.WORKING_DIRECTORY)));
      refuses("binds", () -> sdk.start(spec.share(Share.TMP)));
      sdk.start(spec.share(Share.ENVIRONMENT)).close();
    }
  }

  @Test
  void anImageThatIsExchangedBeforeTheFirstCommandIsNotRun() throws IOException {
    Policy.Builder site = Policy.builder().imagePaths(List.of(directory.toRealPath()));
    try (OverlaySdk sdk = open(site, Configuration.builder());
        Session session = sdk.start(spec)) {
      Files.move(image, directory.resolve("away"));
      Files.createDirectory(image);
      OverlayException e = assertThrows(OverlayException.class, () -> session.run("true"));
      assertTrue(e.getMessage().contains("another one than the policy"), e.getMessage());
    }
  }

  @Test
  void overlaysAreMadeOfAllowedSizesOnly() throws IOException {
    Policy.Builder site = Policy.builder().overlayBytes(8 << 20).overlayInodes(600);
    try (OverlaySdk sdk = open(site, Configuration.builder())) {
      Path file = directory.resolve("overlay.img");
      refuses("create.size", () -> sdk.createOverlay(file, 9 << 20));
      refuses("create.inodes", () -> sdk.createOverlay(file, ImageSize.of(8 << 20).inodes(601)));
      // mkfs.ext3 gives it more than that by itself
      refuses("create.inodes", () -> sdk.createOverlay(file, 8 << 20));
      try (Stream<Path> left = Files.list(directory)) {
        assertTrue(left.noneMatch(path -> path.toString().contains("overlay.img")));
      }
      sdk.createOverlay(file, ImageSize.of(8 << 20).inodes(200));
      refuses("create.size", () -> sdk.resizeOverlay(file, 9 << 20));
      Path template = directory.resolve("template.img");
      try (OverlaySdk free = open(Policy.builder(), Configuration.builder())) {
        free.createOverlay(template, 9 << 20);
      }
      refuses(
          "create.size",
          () -> sdk.createOverlayFrom(template.toString(), directory.resolve("copy.img")));
      refuses("create.size", () -> sdk.fork(template, directory.resolve("fork.img")));
      sdk.createOverlayFrom(file.toString(), directory.resolve("copy.img"));
    }
  }

  @Test
  void anOverlayNeedsLocksWhateverTheConfigurationIs() throws IOException {
    OpenFile.Kernel kernel = OpenFile.kernel;
    try (OverlaySdk sdk = open(Policy.builder().requireLocks(), Configuration.builder())) {
      Overlay overlay = sdk.createOverlay(directory.resolve("overlay"));
      OpenFile.kernel =
          (channel, shares) -> {
            throw new IOException("No locks available");
          };
      refuses("locks", () -> sdk.start(spec.overlay(overlay)));
      refuses("locks", () -> sdk.changes(spec.overlay(overlay.readOnly()), Changes.Detail.ROOTS));
      refuses("locks", () -> sdk.convert(spec.overlay(overlay)));
      refuses("locks", () -> sdk.snapshot(directory.resolve("overlay"), "one"));
    } finally {
      OpenFile.kernel = kernel;
    }
  }

  @Test
  void explainAndDoctorSayWhichPolicyHolds() throws IOException {
    Configuration.Builder own =
        Configuration.builder().policy(Policy.builder().denyFakeroot().build());
    try (OverlaySdk sdk = open(Policy.builder().denyDevices(), own)) {
      List<String> lines = sdk.explain(spec, Command.of("true")).lines();
      assertTrue(lines.contains("policy in " + SOURCE + ": devices false"), lines::toString);
      assertTrue(lines.contains("policy of this program: fakeroot false"), lines::toString);
      List<Finding> findings = sdk.examine();
      assertEquals("read the policy in " + SOURCE, findings.get(0).tried());
      assertEquals("devices false", findings.get(0).found());
      assertEquals("fakeroot false", findings.get(1).found());
    }
  }

  @Test
  void anEphemeralOverlayNeedsASize() throws IOException {
    try (OverlaySdk sdk = open(Policy.builder().ephemeralBytes(8 << 20), Configuration.builder())) {
      refuses("create.ephemeral", () -> sdk.start(spec.overlay(Overlay.ephemeral())));
    }
  }
}
