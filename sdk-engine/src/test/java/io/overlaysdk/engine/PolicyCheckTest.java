package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import io.overlaysdk.testkit.Identities;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class PolicyCheckTest {
  @TempDir Path temp;
  private Path directory;
  private Path allowed;
  private Path other;

  @BeforeEach
  void makeTwoDirectories() throws IOException {
    directory = temp.toRealPath();
    allowed = Files.createDirectory(directory.resolve("allowed"));
    other = Files.createDirectory(directory.resolve("other"));
  }

  private PolicyCheck check(Policy.Builder... policies) {
    Host none = new Host();
    return new PolicyCheck(
        List.of(policies).stream().map(Policy.Builder::build).toList(),
        new DigestMemory(directory.resolve("digests")),
        new Signatures(none.machine(), none.launcher()));
  }

  /** A machine on whose PATH nothing is, and what starts programs on it. */
  private record Host(Environment environment) {
    Host() {
      this(new Environment(Map.of("PATH", "/nowhere")));
    }

    HostMachine machine() {
      return new HostMachine(
          Map.of(), environment.caller(), words -> Optional.empty(), Path.of("/nowhere"));
    }

    Launcher launcher() {
      return new Launcher(
          environment, Guard.none(), Optional.empty(), Duration.ofSeconds(2), 1 << 16);
    }
  }

  private static String refusal(String rule, Executable action) {
    PolicyException e = assertThrows(PolicyException.class, action);
    assertEquals(rule, e.rule(), e.getMessage());
    return e.getMessage();
  }

  private static Path sif(Path file) throws IOException {
    return Files.write(file, SifBytes.valid().bytes());
  }

  private static Admission use(PolicyCheck check, Path image) {
    return check.image(new ImageReader().read(Image.at(image)));
  }

  @Test
  void anImageLiesBelowAnAllowedDirectoryWhateverItsPathSays() throws IOException {
    Path good = sif(allowed.resolve("image.sif"));
    Path bad = sif(other.resolve("image.sif"));
    Path toBad = Files.createSymbolicLink(allowed.resolve("link.sif"), bad);
    Path toGood = Files.createSymbolicLink(other.resolve("link.sif"), good);
    Files.createSymbolicLink(allowed.resolve("out"), other);
    PolicyCheck check = check(Policy.builder().imagePaths(List.of(allowed)));
    use(check, good);
    use(check, toGood);
    use(check, other.resolve("../allowed/image.sif"));
    for (Path path :
        List.of(
            bad,
            toBad,
            allowed.resolve("../other/image.sif"),
            allowed.resolve("out/image.sif"),
            allowed.resolve("out/../other/image.sif"))) {
      assertTrue(refusal("images.paths", () -> use(check, path)).contains(bad.toString()));
    }
  }

  @Test
  void aDirectoryWithALongerNameIsAnotherOne() throws IOException {
    Path alike = Files.createDirectory(directory.resolve("allowed2"));
    PolicyCheck check = check(Policy.builder().imagePaths(List.of(allowed)));
    refusal("images.paths", () -> use(check, alike));
  }

  @Test
  void theAllowedDirectoryMayBeALink() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), allowed);
    use(check(Policy.builder().imagePaths(List.of(link))), sif(allowed.resolve("image.sif")));
  }

  @Test
  void anImageBelongsToAnAllowedUserByNameOrId() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    String id = Files.getAttribute(image, "unix:uid").toString();
    use(check(Policy.builder().imageOwners(List.of(id))), image);
    use(check(Policy.builder().imageOwners(List.of(Files.getOwner(image).getName()))), image);
    String message =
        refusal(
            "images.owners",
            () -> use(check(Policy.builder().imageOwners(List.of("nobody-else", "99"))), image));
    assertTrue(message.contains("(user id " + id + ")"), message);
  }

  @Test
  void anImageHasAnAllowedDigest() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    String digest = Digests.sha256(image);
    PolicyCheck check = check(Policy.builder().imageDigests(List.of(digest)));
    use(check, image);
    Files.write(image, new byte[] {1}, StandardOpenOption.APPEND);
    String message = refusal("images.digests", () -> use(check, image));
    assertTrue(message.contains(Digests.sha256(image)), message);
    refusal("images.digests", () -> use(check, other));
  }

  @Test
  void whatIsFetchedAndTheMachineItselfAreAskedForByName() {
    Image remote = Image.of(URI.create("docker://registry.example/a"));
    PolicyCheck paths = check(Policy.builder().imagePaths(List.of(allowed)));
    assertTrue(refusal("images.remote", () -> paths.image(remote)).contains(remote.toString()));
    refusal("images.host", () -> paths.image(Image.host()));
    PolicyCheck named =
        check(
            Policy.builder()
                .imagePaths(List.of(allowed))
                .hostImage(true)
                .remoteImages(List.of("docker://registry.example/")));
    named.image(remote);
    named.image(Image.host());
    check().image(remote);
  }

  @Test
  void everyPolicyHasToAllowIt() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    Policy.Builder wide = Policy.builder().imagePaths(List.of(directory));
    Policy.Builder narrow = Policy.builder().imagePaths(List.of(allowed));
    Policy.Builder away = Policy.builder().imagePaths(List.of(other));
    use(check(wide, narrow), image);
    refusal("images.paths", () -> use(check(wide, away), image));
    refusal("images.paths", () -> use(check(away, wide), image));
    refusal("images.paths", () -> use(check(narrow, away), image));
    PolicyException e =
        assertThrows(
            PolicyException.class,
            () -> use(check(wide, Policy.builder().source(other).imageOwners(List.of())), image));
    assertEquals(Optional.of(other), e.source());
    assertTrue(e.getMessage().contains("in " + other), e.getMessage());
  }

  @Test
  void anImageThatIsExchangedAfterItWasAllowedIsNoticed() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    Admission admission = use(check(Policy.builder().imagePaths(List.of(allowed))), image);
    admission.requireUnchanged();
    Files.move(sif(other.resolve("new")), image, StandardCopyOption.REPLACE_EXISTING);
    assertThrows(OverlayException.class, admission::requireUnchanged);

    Admission below = use(check(Policy.builder().imagePaths(List.of(allowed))), image);
    Files.move(allowed, directory.resolve("moved"));
    Files.createSymbolicLink(allowed, directory.resolve("moved"));
    assertThrows(OverlayException.class, below::requireUnchanged);
  }

  @Test
  void whatADirectoryHoldsMayChange() throws IOException {
    Admission admission = use(check(Policy.builder().imagePaths(List.of(directory))), allowed);
    Files.createFile(allowed.resolve("new"));
    admission.requireUnchanged();
    Files.move(allowed, directory.resolve("moved"));
    assertThrows(OverlayException.class, admission::requireUnchanged);
  }

  @Test
  void aSignatureIsVerifiedByTheToolThatThePolicyNames() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    Path tool = tool("*good.pem*) exit 0;;");
    Policy.Builder bad = Policy.builder().verifier(tool).verifiedImages(List.of(key("bad.pem")));
    String message = refusal("images.verified", () -> use(check(bad), image));
    assertTrue(message.contains("not signed by this"), message);
    assertEquals("verify --all --key " + key("bad.pem") + " " + image, asked());

    Policy.Builder two =
        Policy.builder().verifier(tool).verifiedImages(List.of(key("bad.pem"), key("good.pem")));
    PolicyCheck check = check(two);
    use(check, image);
    use(check, image);
    assertEquals(
        3, Files.readAllLines(directory.resolve("asked")).size(), "what was verified is not again");
    Files.write(image, new byte[] {1}, StandardOpenOption.APPEND);
    use(check, image);
    assertEquals(5, Files.readAllLines(directory.resolve("asked")).size());
  }

  @Test
  void withoutKeysOnlyThoseThatTheToolHasCount() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    use(check(Policy.builder().verifier(tool("*) exit 0;;")).verifiedImages(List.of())), image);
    assertEquals("verify --all --local " + image, asked());
  }

  @Test
  void whatCannotBeVerifiedIsRefused() throws IOException {
    Path image = sif(allowed.resolve("image.sif"));
    Policy.Builder verified = Policy.builder().verifiedImages(List.of());
    assertTrue(
        refusal("images.verified", () -> use(check(verified), image)).contains("images.verifier"));
    verified.verifier(other.resolve("missing"));
    assertTrue(
        refusal("images.verified", () -> use(check(verified), image)).contains("no program at"));
    assertTrue(
        refusal("images.verified", () -> use(check(verified), other)).contains("it is no SIF"));
  }

  private Path key(String name) {
    return directory.resolve(name);
  }

  private Path tool(String whichSucceed) throws IOException {
    Path tool =
        Files.writeString(
            directory.resolve("tool"),
            "#!/bin/sh\necho \"$@\" >>"
                + directory.resolve("asked")
                + "\ncase \"$*\" in "
                + whichSucceed
                + " esac\necho 'FATAL:   not signed by this' >&2\nexit 255\n");
    return Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private String asked() throws IOException {
    List<String> lines = Files.readAllLines(directory.resolve("asked"));
    return lines.get(lines.size() - 1);
  }

  private static Bind bind(Path source, Access access) {
    return new Bind(source, ContainerPath.of("/inside"), access);
  }

  @Test
  void onlyWhatLiesAtOrBelowAnAllowedPathIsBound() throws IOException {
    Path file = Files.createFile(allowed.resolve("file"));
    Path link = Files.createSymbolicLink(allowed.resolve("link"), other);
    Path back = Files.createSymbolicLink(other.resolve("back"), file);
    PolicyCheck check = check(Policy.builder().binds(Map.of(allowed, Access.READ_WRITE)));
    List<Bind> good = List.of(bind(allowed, Access.READ_WRITE), bind(file, Access.READ_ONLY));
    assertEquals(good, check.binds(good));
    assertEquals(
        List.of(bind(file, Access.READ_WRITE)),
        check.binds(List.of(bind(back, Access.READ_WRITE))),
        "what was looked at is what is bound");
    for (Path source : List.of(other, link, directory, allowed.resolve("../other"), Path.of("/"))) {
      refusal("binds", () -> check.binds(List.of(bind(source, Access.READ_ONLY))));
    }
  }

  @Test
  void theNearestPathSaysHowItIsBound() throws IOException {
    Path inner = Files.createDirectory(allowed.resolve("inner"));
    PolicyCheck check =
        check(Policy.builder().binds(Map.of(allowed, Access.READ_ONLY, inner, Access.READ_WRITE)));
    check.binds(List.of(bind(allowed, Access.READ_ONLY), bind(inner, Access.READ_WRITE)));
    refusal("binds.read-only", () -> check.binds(List.of(bind(allowed, Access.READ_WRITE))));
    PolicyCheck both =
        check(
            Policy.builder().binds(Map.of(directory, Access.READ_WRITE)),
            Policy.builder().binds(Map.of(directory, Access.READ_ONLY)));
    both.binds(List.of(bind(inner, Access.READ_ONLY)));
    refusal("binds.read-only", () -> both.binds(List.of(bind(inner, Access.READ_WRITE))));
  }

  @Test
  void whoHasCapabilitiesDropsThemWhereTheyAreDenied() {
    SessionSpec spec = SessionSpec.on(Image.host());
    PolicyCheck check = check(Policy.builder().denyCapabilities());
    check.session(spec, Set.of(), Identities.plainUser());
    check.session(spec.dropCapabilities(), Set.of(), Identities.root());
    check.session(spec.fakeroot().dropCapabilities(), Set.of(), Identities.plainUser());
    assertTrue(
        refusal("capabilities", () -> check.session(spec, Set.of(), Identities.root()))
            .contains("--drop-caps"));
    refusal("capabilities", () -> check.session(spec.fakeroot(), Set.of(), Identities.plainUser()));
  }

  @Test
  void devicesAreNotBoundWhereTheyAreDenied() throws IOException {
    Path link = Files.createSymbolicLink(allowed.resolve("link"), Path.of("/dev/null"));
    PolicyCheck check = check(Policy.builder().denyDevices());
    check.binds(List.of(bind(allowed, Access.READ_WRITE)));
    for (Path source : List.of(Path.of("/dev"), Path.of("/dev/null"), Path.of("/"), link)) {
      refusal("devices", () -> check.binds(List.of(bind(source, Access.READ_ONLY))));
    }
  }

  @Test
  void aSessionAsksForNothingThatIsDenied() {
    SessionSpec spec = SessionSpec.on(Image.host());
    PolicyCheck check =
        check(
            Policy.builder().denyNetwork(),
            Policy.builder().denyDevices().denyFakeroot().shares(Set.of(Share.TMP)));
    SessionSpec alone = spec.network(Network.NONE);
    check.session(alone, Set.of(Share.TMP), Identities.plainUser());
    assertTrue(
        refusal("network", () -> check.session(spec, Set.of(), Identities.plainUser()))
            .contains("--network none"));
    refusal(
        "devices", () -> check.session(alone.gpu(Gpu.NVIDIA), Set.of(), Identities.plainUser()));
    refusal("fakeroot", () -> check.session(alone.fakeroot(), Set.of(), Identities.plainUser()));
    assertTrue(
        refusal("share", () -> check.session(alone, Set.of(Share.HOME), Identities.plainUser()))
            .contains("shares home"));
    check().session(spec.gpu(Gpu.AMD).fakeroot(), Set.of(Share.HOME), Identities.plainUser());
  }

  @Test
  void anEphemeralOverlayHasALimitWhereThereIsOne() {
    SessionSpec spec = SessionSpec.on(Image.host());
    PolicyCheck check = check(Policy.builder().ephemeralBytes(1 << 20));
    check.session(spec, Set.of(), Identities.plainUser());
    check.session(spec.overlay(Overlay.ephemeral(1 << 20)), Set.of(), Identities.plainUser());
    for (Overlay overlay : List.of(Overlay.ephemeral((1 << 20) + 1024), Overlay.ephemeral())) {
      refusal(
          "create.ephemeral",
          () -> check.session(spec.overlay(overlay), Set.of(), Identities.plainUser()));
    }
  }

  @Test
  void anOverlayIsNoLargerThanTheSmallestLimit() {
    PolicyCheck check =
        check(
            Policy.builder().overlayBytes(1 << 20).overlayInodes(1000),
            Policy.builder().overlayInodes(100));
    check.overlay("it", 1 << 20, OptionalLong.of(100));
    check.overlay("it", 1 << 20, OptionalLong.empty());
    refusal("create.size", () -> check.overlay("it", (1 << 20) + 1, OptionalLong.empty()));
    refusal("create.inodes", () -> check.overlay("it", 1, OptionalLong.of(101)));
  }

  private Path definition(String text) throws IOException {
    return Files.writeString(directory.resolve("x.def"), text);
  }

  @Test
  void aDefinitionBeginsWithAnAllowedImageInEveryStage() throws IOException {
    Path good = sif(allowed.resolve("image.sif"));
    PolicyCheck check =
        check(
            Policy.builder()
                .imagePaths(List.of(allowed))
                .remoteImages(List.of("docker://registry.example/")));
    check.build(definition("Bootstrap: scratch\n%post\n"));
    check.build(definition("bootstrap: localimage\nFrom: " + good + "\n%post\n true\n"));
    check.build(definition("From: registry.example/a:1\nBootstrap: docker\n"));
    assertTrue(
        refusal(
                "images.remote",
                () -> check.build(definition("Bootstrap: docker\nFrom: debian:12\n")))
            .contains("docker://debian:12"));
    refusal(
        "images.remote",
        () ->
            check.build(
                definition(
                    "Bootstrap: scratch\nStage: a\n%post\n true\nBootstrap: docker\nFrom: x\n")));
    Path bad = sif(other.resolve("image.sif"));
    refusal(
        "images.paths",
        () -> check.build(definition("Bootstrap: localimage\nFrom: " + bad + "\n")));
    for (String unknown :
        List.of(
            "Bootstrap: docker\nFrom: registry.example/a#b\n",
            "Bootstrap: docker\nFrom: registry.example/a\n\u00a0From: evil/a\n",
            "Bootstrap: docker\nFrom: registry.example/a\n#\r%x\nFrom: evil/a\n",
            "Bootstrap: docker\nFrom: registry.example/a\n%post\n \u00a0Bootstrap: docker\nFrom: evil/a\n",
            "Bootstrap: debootstrap\nOSVersion: x\n",
            "Bootstrap: docker-archive\nFrom: a.tar\n",
            "Bootstrap: docker\nRegistry: evil\nFrom: registry.example/a\n",
            "Bootstrap: docker\nFrom: registry.example/a\nFrom: evil/a\n",
            "Bootstrap: docker\nFrom: registry.example/{{ a }}\n",
            "Bootstrap: localimage\n")) {
      refusal("images", () -> check.build(definition(unknown)));
    }
    check(Policy.builder().denyNetwork()).build(definition("Bootstrap: debootstrap\n"));
  }

  @Test
  void nothingIsBuiltWhereThatIsDenied() throws IOException {
    PolicyCheck check = check(Policy.builder().denyBuilds());
    Path definition = definition("Bootstrap: scratch\n");
    refusal("build", () -> check.build(definition));
  }

  @Test
  void tellsPeopleWhichPoliciesHold() {
    Policy.Builder site = Policy.builder().source(Path.of("/etc/x.yaml")).denyNetwork();
    assertEquals(
        List.of("policy in /etc/x.yaml: network false", "policy of this program: fakeroot false"),
        check(site, Policy.builder().denyFakeroot()).lines());
    assertEquals(1, check(site, site).lines().size());
    assertEquals(List.of(), check(Policy.builder()).lines());
    assertEquals("none: everything is allowed", check().findings().get(0).found());
    assertEquals("network false", check(site).findings().get(0).found());
  }
}
