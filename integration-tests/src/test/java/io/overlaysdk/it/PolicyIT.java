package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Image;
import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a policy does not allow is refused before anything starts. */
@ExtendWith(Images.Shared.class)
class PolicyIT {
  @TempDir private Path temp;

  @Test
  void anImageThatIsNotAllowedStartsNothing(Images images) throws IOException {
    Path allowed = Files.createDirectory(temp.resolve("allowed"));
    Path link = Files.createSymbolicLink(allowed.resolve("link.sif"), images.tutorialFile());
    Policy policy = Policy.builder().imagePaths(List.of(allowed)).build();
    try (Trap trap = new Trap("apptainer", temp, site -> site.policy(policy))) {
      SessionSpec spec = SessionSpec.on(Image.at(link));
      trap.refuses(PolicyException.class, spec, images.tutorialFile(), "use one that does");
    }
  }

  @Test
  void onlyAnImageThatIsSignedAsAWholeIsRun(Images images) throws Exception {
    Path directory = Files.createDirectory(temp.resolve("images"));
    Path key = key("site");
    Policy policy = Policy.builder().verifiedImages(List.of(key)).build();
    Path unsigned = copy(images.tutorialFile(), directory.resolve("unsigned.sif"));
    Path signed = copy(unsigned, directory.resolve("signed.sif"));
    sign(signed, "site");
    Path changed = copy(signed, directory.resolve("changed.sif"));
    overwrite(changed, Files.size(unsigned) / 2);
    Path extended = copy(signed, directory.resolve("extended.sif"));
    Programs.run("apptainer", "sif", "add", "--datatype", "7", extended.toString(), key.toString());
    key("other");
    Path others = copy(unsigned, directory.resolve("others.sif"));
    sign(others, "other");
    try (Bench bench = Bench.of("overlayfs", temp, site -> site.policy(policy))) {
      for (Path image : List.of(unsigned, changed, extended, others)) {
        PolicyException e =
            assertThrows(PolicyException.class, () -> bench.start(bench.on(Image.at(image))));
        assertEquals("images.verified", e.rule());
        assertTrue(e.getMessage().contains(image.toString()), e::getMessage);
        bench.assertNothingLeft();
      }
      try (Session session = bench.start(bench.on(Image.at(signed)))) {
        assertEquals("yes\n", session.run("echo", "yes").orThrow().stdout());
      }
    }
  }

  private static Path copy(Path from, Path to) throws IOException {
    return Files.copy(from, to);
  }

  /** The public key; the private one lies beside it. */
  private Path key(String name) throws IOException, GeneralSecurityException {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    pem(name + ".private", "PRIVATE KEY", pair.getPrivate().getEncoded());
    return pem(name + ".public", "PUBLIC KEY", pair.getPublic().getEncoded());
  }

  private Path pem(String name, String what, byte[] content) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return Files.writeString(
        temp.resolve(name),
        "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
  }

  private void sign(Path image, String name) throws IOException {
    Programs.run("apptainer", "sign", "--key", temp + "/" + name + ".private", image.toString());
  }

  /** Some bytes of the root file system. */
  private static void overwrite(Path image, long at) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap("somebody was here".getBytes(UTF_8)), at);
    }
  }
}
