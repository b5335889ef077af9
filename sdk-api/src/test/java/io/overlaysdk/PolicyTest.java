package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyTest {
  private static final URI REMOTE = URI.create("docker://debian:12");
  private static final Path IMAGES = Path.of("/images");

  @Test
  void allowsEverythingWhereNothingIsSaid() {
    Policy none = Policy.none();
    assertEquals(none, Policy.builder().build());
    assertEquals(List.of(), none.rules());
    assertFalse(none.restrictsImages());
    assertTrue(none.allows(REMOTE) && none.allowsHostImage());
    assertTrue(none.allowsBuilds() && none.allowsNetwork());
    assertTrue(none.allowsDevices() && none.allowsFakeroot());
    assertEquals(Optional.empty(), none.binds());
    assertEquals(OptionalLong.empty(), none.overlayBytes());
  }

  @Test
  void saysItsRulesInTheWordsOfTheFile() {
    Policy policy =
        Policy.builder()
            .imagePaths(List.of(IMAGES))
            .imageOwners(List.of("root"))
            .remoteImages(List.of("docker://registry.example/"))
            .verifiedImages(List.of())
            .binds(Map.of(Path.of("/data"), Access.READ_ONLY))
            .shares(Set.of(Share.WORKING_DIRECTORY))
            .denyNetwork()
            .denyCapabilities()
            .requireLocks()
            .overlayBytes(1 << 20)
            .build();
    assertEquals(
        List.of(
            "images.paths [/images]",
            "images.owners [root]",
            "images.remote [docker://registry.example/]",
            "images.verified true",
            "binds {/data=READ_ONLY}",
            "share [cwd]",
            "network false",
            "capabilities false",
            "locks required",
            "create.size 1048576"),
        policy.rules());
  }

  @Test
  void isAValueThatDoesNotChangeWithItsBuilder() {
    Policy.Builder builder = Policy.builder().denyNetwork();
    Policy before = builder.build();
    assertEquals(before, Policy.builder().denyNetwork().build());
    assertEquals(before.hashCode(), Policy.builder().denyNetwork().build().hashCode());
    assertNotEquals(before, builder.denyFakeroot().build());
    assertNotEquals(before, Policy.builder().denyNetwork().source(IMAGES).build());
    assertTrue(before.allowsFakeroot());
  }

  @Test
  void whatNoRuleCanBeKeptOfIsAllowedOnlyByName() {
    Policy paths = Policy.builder().imagePaths(List.of(IMAGES)).build();
    assertFalse(paths.allows(REMOTE));
    assertFalse(paths.allowsHostImage());
    Policy named =
        Policy.builder()
            .imagePaths(List.of(IMAGES))
            .remoteImages(List.of("docker://"))
            .hostImage(true)
            .build();
    assertTrue(named.allows(REMOTE));
    assertTrue(named.allowsHostImage());
  }

  @Test
  void theMachineAsTheImageIsABindOfEverything() {
    assertFalse(Policy.builder().binds(Map.of()).build().allowsHostImage());
    assertTrue(Policy.builder().binds(Map.of()).hostImage(true).build().allowsHostImage());
  }

  @Test
  void allRemoteImagesOrNone() {
    assertTrue(Policy.builder().remoteImages(true).build().allows(REMOTE));
    assertFalse(Policy.builder().remoteImages(false).build().allows(REMOTE));
    assertEquals(
        List.of("images.remote true"), Policy.builder().remoteImages(true).build().rules());
    assertEquals(
        List.of("images.remote false"), Policy.builder().remoteImages(false).build().rules());
  }

  @ParameterizedTest
  @CsvSource({
    "docker://,                          docker://debian:12",
    "docker://registry.example,          docker://registry.example/a:1",
    "docker://registry.example/,         docker://registry.example/a:1",
    "docker://registry.example/team,     docker://registry.example/team/tool:1",
    "docker://registry.example/team,     docker://registry.example/team:1",
    "docker://registry.example/team,     docker://registry.example/team@sha256:00",
    "docker://debian:12,                 docker://debian:12"
  })
  void aUriMayGoOnAtTheEndOfAPart(String prefix, URI image) {
    assertTrue(Policy.builder().remoteImages(List.of(prefix)).build().allows(image));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker://registry.example.evil.org/a",
        "docker://registry.example:5000/a",
        "docker://registry.example@evil.org/a",
        "docker://registry.example/team/../other/a",
        "docker://registry.example/team/%2e%2e/other/a",
        "docker://registry.example/teammate/a",
        "docker://registry.example/",
        "oras://registry.example/team/a",
        "DOCKER://registry.example/team/a"
      })
  void aUriThatOnlyLooksAlikeIsAnotherOne(URI image) {
    assertFalse(
        Policy.builder()
            .remoteImages(List.of("docker://registry.example/team"))
            .build()
            .allows(image));
    assertFalse(
        Policy.builder().remoteImages(List.of("docker://registry.example")).build().allows(image)
            && !image.toString().startsWith("docker://registry.example/"));
  }

  @Test
  void refusesRulesThatMeanNothing() {
    Policy.Builder builder = Policy.builder();
    List<Path> relative = List.of(Path.of("images"));
    assertTrue(refusal(() -> builder.imagePaths(relative)).contains("absolute path: images"));
    assertTrue(refusal(() -> builder.verifiedImages(relative)).contains("absolute path: images"));
    assertTrue(refusal(() -> builder.verifier(Path.of("a"))).contains("absolute path: a"));
    assertTrue(
        refusal(() -> builder.binds(Map.of(Path.of("a"), Access.READ_ONLY))).contains("path: a"));
    assertTrue(refusal(() -> builder.imageDigests(List.of("abc"))).contains("64 hexadecimal"));
    assertTrue(refusal(() -> builder.remoteImages(List.of("debian"))).contains("\"debian\""));
    assertTrue(refusal(() -> builder.overlayBytes(0)).contains("more than nothing"));
    assertTrue(refusal(() -> builder.overlayInodes(-1)).contains("-1"));
    assertTrue(refusal(() -> builder.ephemeralBytes(0)).contains("0"));
  }

  @Test
  void digestsMayBeWrittenInCapitals() {
    assertEquals(
        Optional.of(List.of("ab".repeat(32))),
        Policy.builder().imageDigests(List.of("AB".repeat(32))).build().imageDigests());
  }

  @Test
  void aRefusalNamesTheRuleAndItsFile() {
    PolicyException e =
        new PolicyException("images.paths", Optional.of(Path.of("/p.yaml")), "the image /x lies");
    assertEquals("images.paths", e.rule());
    assertEquals(Optional.of(Path.of("/p.yaml")), e.source());
    assertEquals(
        "not allowed by the policy in /p.yaml (images.paths): the image /x lies. Where it has to be,"
            + " ask who keeps the policy",
        e.getMessage());
    assertTrue(
        new PolicyException("network", Optional.empty(), "x")
            .getMessage()
            .startsWith("not allowed by the policy of this program (network): x"));
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }
}
