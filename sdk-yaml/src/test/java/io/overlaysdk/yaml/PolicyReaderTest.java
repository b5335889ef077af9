package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Access;
import io.overlaysdk.Policy;
import io.overlaysdk.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyReaderTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  @TempDir Path directory;

  private Policy read(String text) throws IOException {
    return Written.to(directory, text).configuration().policy();
  }

  private Policy.Builder here() {
    return Policy.builder().source(directory.resolve("file.yaml"));
  }

  @Test
  void readsEveryKey() throws IOException {
    Policy expected =
        here()
            .imagePaths(List.of(Path.of("/images"), Path.of("/other")))
            .imageOwners(List.of("root", "1000"))
            .imageDigests(List.of(DIGEST))
            .remoteImages(List.of("docker://registry.example/"))
            .hostImage(false)
            .verifiedImages(List.of(Path.of("/etc/overlay-sdk/site.pem")))
            .verifier(Path.of("/usr/bin/apptainer"))
            .binds(Map.of(Path.of("/ref"), Access.READ_ONLY, Path.of("/data"), Access.READ_WRITE))
            .shares(Set.of(Share.WORKING_DIRECTORY))
            .denyBuilds()
            .denyNetwork()
            .denyDevices()
            .denyFakeroot()
            .denyCapabilities()
            .requireLocks()
            .overlayBytes(100L << 30)
            .overlayInodes(1 << 20)
            .ephemeralBytes(10L << 30)
            .build();
    assertEquals(
        expected,
        read(
            """
            policy:
              images:
                paths: [/images, /other]
                owners: [root, 1000]
                digests: [%s]
                remote: ["docker://registry.example/"]
                host: false
                verified: [/etc/overlay-sdk/site.pem]
                verifier: /usr/bin/apptainer
              binds: {read-only: [/ref], read-write: [/data]}
              share: [cwd]
              build: false
              network: false
              devices: false
              fakeroot: false
              capabilities: false
              locks: required
              create: {size: 100G, inodes: 1M, ephemeral: 10G}
            """
                .formatted(DIGEST)));
  }

  @Test
  void whatIsAllowedIsNoRule() throws IOException {
    Policy policy =
        read("policy: {images: {verified: false}, network: true, devices: true, build: true}");
    assertEquals(List.of(), policy.rules());
    assertEquals(Policy.none(), read("grace: 1s"));
  }

  @Test
  void anEmptyListAllowsNothing() throws IOException {
    assertEquals(
        List.of("images.paths []", "binds {}", "share []"),
        read("policy: {images: {paths: []}, binds: {}, share: []}").rules());
  }

  @Test
  void remoteAndVerifiedMayBeYesOrNo() throws IOException {
    assertEquals(
        List.of("images.remote true", "images.verified true"),
        read("policy: {images: {remote: true, verified: true}}").rules());
    assertEquals(List.of("images.remote false"), read("policy: {images: {remote: false}}").rules());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{image: {}}              | 10 | policy.image              | did you mean \"images\"?",
        "{images: {path: [/a]}}   | 19 | policy.images.path        | did you mean \"paths\"?",
        "{images: {paths: [/a, b]}} | 31 | policy.images.paths[1]  | must be an absolute path: b",
        "{images: {paths: /a}}    | 26 | policy.images.paths       | expected a list",
        "{images: {digests: [ab]}} | 29 | policy.images.digests[0] | 64 hexadecimal digits",
        "{images: {remote: [a]}}  | 28 | policy.images.remote[0]   | has a scheme, such as docker://",
        "{images: {remote: no}}   | 27 | policy.images.remote      | expected true or false",
        "{images: {verified: []}} | 29 | policy.images.verified    | name a key, or write true",
        "{images: {verified: [k]}} | 30 | policy.images.verified[0] | must be an absolute path: k",
        "{images: {verifier: a}}  | 29 | policy.images.verifier    | must be an absolute path: a",
        "{binds: {readonly: []}}  | 18 | policy.binds.readonly     | did you mean \"read-only\"?",
        "{binds: {read-only: [a]}} | 30 | policy.binds.read-only[0] | must be an absolute path: a",
        "{binds: {read-only: [/a], read-write: [/a]}} | 48 | policy.binds.read-write[0] | there already",
        "{share: [homes]}         | 18 | policy.share[0]           | did you mean \"home\"?",
        "{network: none}          | 19 | policy.network            | expected true or false",
        "{locks: lease}           | 17 | policy.locks              | can only be required, not \"lease\"",
        "{create: {size: 0}}      | 25 | policy.create.size        | more than nothing, not 0",
        "{create: {sizes: 1G}}    | 19 | policy.create.sizes       | did you mean \"size\"?",
        "[]                       | 9  | policy                    | expected keys with values",
      })
  void refusesWhatIsWrongAtItsPlace(String text, int column, String keyPath, String problem)
      throws IOException {
    Written.to(directory, "policy: " + text + "\n")
        .configurationFailsAt(1, column, keyPath, problem);
  }
}
