package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageReaderTest {
  private static final String LAUNCHER = "#!/usr/bin/env run-singularity\n";

  @TempDir Path given;
  private Path dir;

  @BeforeEach
  void resolveLinks() throws IOException {
    dir = given.toRealPath();
  }

  @Test
  void takesTheHostForItsRoot() {
    assertEquals(
        new ImageFacts(Kind.HOST, "/", List.of(), -1), new ImageReader().read(Image.host()));
  }

  @Test
  void leavesAUriToTheTool() {
    assertEquals(
        new ImageFacts(Kind.REMOTE, "docker://debian:12", List.of(), -1),
        new ImageReader().read(Image.of(URI.create("docker://debian:12"))));
  }

  @Test
  void readsADirectoryWithItsOwner() throws IOException {
    int owner = (int) Files.getAttribute(dir, "unix:uid");

    assertEquals(new ImageFacts(Kind.DIRECTORY, dir.toString(), List.of(), owner), read(dir));
  }

  @Test
  void readsASifWhateverItsName() throws IOException {
    ImageFacts facts = read(file("picture.png", SifBytes.valid().bytes()));

    assertEquals(Kind.SIF, facts.kind());
    assertEquals(dir.resolve("picture.png"), facts.path());
    assertEquals(List.of(new Part(Role.ROOT, Format.SQUASHFS, 2486, 4096, "amd64")), facts.parts());
  }

  @Test
  void readsASquashfsToItsEnd() throws IOException {
    ImageFacts facts = read(file("image", SifBytes.squashfs()));

    assertEquals(Kind.SQUASHFS, facts.kind());
    assertEquals(List.of(new Part(Role.ROOT, Format.SQUASHFS, 0, 4096, "")), facts.parts());
  }

  @Test
  void readsAnExt3ToItsEnd() throws IOException {
    ImageFacts facts = read(file("image", SifBytes.ext3()));

    assertEquals(Kind.EXT3, facts.kind());
    assertEquals(List.of(new Part(Role.ROOT, Format.EXT3, 0, 8192, "")), facts.parts());
  }

  @Test
  void findsTheFileSystemBehindTheLauncherLine() throws IOException {
    ImageFacts squashfs = read(file("a", concat(LAUNCHER.getBytes(UTF_8), SifBytes.squashfs())));
    ImageFacts ext3 = read(file("b", concat(LAUNCHER.getBytes(UTF_8), SifBytes.ext3())));

    assertEquals(List.of(new Part(Role.ROOT, Format.SQUASHFS, 31, 4096, "")), squashfs.parts());
    assertEquals(List.of(new Part(Role.ROOT, Format.EXT3, 31, 8192, "")), ext3.parts());
  }

  @Test
  void refusesAFileSystemBehindAnyOtherScript() throws IOException {
    Path path = file("a", concat("#!/bin/sh\n".getBytes(UTF_8), SifBytes.squashfs()));

    assertContains(refused(path), "is no container image");
  }

  @Test
  void followsTheLinksOfTheCallersPath() throws IOException {
    Path image = file("image", SifBytes.squashfs());
    Path link = Files.createSymbolicLink(dir.resolve("link"), image);

    assertEquals(image, read(link).path());
  }

  @Test
  void takesOddNames() throws IOException {
    for (String name : List.of("a b", "a:b", "a,b", "a\nb", "\"a'b\"", "-a", "$HOME")) {
      assertEquals(dir.resolve(name), read(file(name, SifBytes.squashfs())).path());
    }
  }

  @Test
  void saysWhereItLookedForAMissingImage() {
    assertEquals(
        "there is no image at "
            + dir.resolve("no.sif")
            + ": its directory is there, but holds no such name; correct the path",
        refused(dir.resolve("no.sif")).getMessage());
    assertContains(refused(dir.resolve("no/no.sif")), "its directory is not there either");
  }

  @Test
  void saysThatALinkLeadsNowhere() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("gone"));

    assertContains(refused(link), "there is a link, and what it leads to is missing");
  }

  @Test
  void refusesALoopOfLinks() throws IOException {
    Path link = dir.resolve("link");
    Files.createSymbolicLink(link, link);

    assertContains(refused(link), "cannot be looked up");
  }

  @Test
  void refusesAFileAsADirectory() throws IOException {
    refused(file("image", SifBytes.squashfs()).resolve("below"));
  }

  @Test
  void refusesAnUnreadableImageWithItsPermissions() throws IOException {
    Path image = file("image", SifBytes.squashfs());
    Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("-wx------"));
    assumeFalse(Files.isReadable(image), "root reads everything");

    assertContains(refused(image), "its permissions are -wx------");
  }

  @Test
  void refusesADeviceWithoutOpeningIt() {
    assertContains(refused(Path.of("/dev/null")), "is a character device");
  }

  @Test
  void refusesANamedPipeWithoutWaitingForAWriter() throws Exception {
    Path pipe = dir.resolve("pipe");
    Tools.run("mkfifo", pipe.toString());

    assertTimeoutPreemptively(
        Duration.ofSeconds(10), () -> assertContains(refused(pipe), "is a named pipe"));
  }

  @Test
  void refusesADirectoryInTheOciLayout() throws IOException {
    file("oci-layout", "{}".getBytes(UTF_8));

    assertContains(refused(dir), "apptainer build NEW.sif oci:" + dir);
  }

  static Stream<Arguments> noImages() {
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(UTF_8), 0, tar, 257, 5);
    byte[] oci = tar.clone();
    System.arraycopy("oci-layout".getBytes(UTF_8), 0, oci, 0, 10);
    return Stream.of(
        Arguments.of(new byte[0], "it is empty;"),
        Arguments.of("hello\n".getBytes(UTF_8), "it is text;"),
        Arguments.of("h\u00e9llo\n".getBytes(UTF_8), "it is text;"),
        Arguments.of("#!/bin/sh\necho\n".getBytes(UTF_8), "it is a script;"),
        Arguments.of(new byte[4096], "it is nothing but zeros at its start;"),
        Arguments.of(new byte[] {0x1f, (byte) 0x8b, 8, 0}, "it is a gzip file;"),
        Arguments.of(tar, "it is a tar archive;"),
        Arguments.of(tar, "docker-archive:"),
        Arguments.of(oci, "it is a tar archive in the OCI layout;"),
        Arguments.of(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, "it is a program (ELF);"),
        Arguments.of(new byte[] {'P', 'K', 3, 4}, "it is a zip archive;"),
        Arguments.of(
            new byte[] {1, 2, 3, (byte) 0xff, 5}, "which begins with the bytes 01 02 03 ff;"));
  }

  @ParameterizedTest
  @MethodSource("noImages")
  void saysWhatAFileIsThatIsNoImage(byte[] content, String expected) throws IOException {
    Path path = file("base.sif", content);

    assertContains(refused(path), "the file " + path + " is no container image: ");
    assertContains(refused(path), expected);
  }

  @Test
  void tellsExt2AndExt4FromExt3() throws IOException {
    assertContains(refused(file("a", SifBytes.ext(0x38, 0x2, 0x3))), "is an ext2 file system");
    assertContains(refused(file("b", SifBytes.ext(0x3c, 0x2c2, 0x46b))), "is an ext4 file system");
    assertContains(refused(file("c", SifBytes.ext(0x3c, 0x2, 0x400))), "is an ext4 file system");
  }

  static Stream<Arguments> damagedFileSystems() {
    byte[] squashfs = SifBytes.squashfs();
    byte[] ext3 = SifBytes.ext3();
    return Stream.of(
        Arguments.of(Arrays.copyOf(squashfs, 95), "95 bytes long"),
        Arguments.of(SifBytes.with(squashfs, 40, 8, 4097), "(bytes_used) is 4097"),
        Arguments.of(SifBytes.with(squashfs, 40, 8, -1), "(bytes_used) is -1"),
        Arguments.of(SifBytes.with(squashfs, 40, 8, 95), "(bytes_used) is 95"),
        Arguments.of(SifBytes.with(squashfs, 28, 2, 5), "version is 5"),
        Arguments.of(SifBytes.with(squashfs, 20, 2, 9), "compressor is 9"),
        Arguments.of(SifBytes.with(squashfs, 12, 4, 1000), "block size is 1000 with logarithm 17"),
        Arguments.of(SifBytes.with(squashfs, 22, 2, 64), "with logarithm 64"),
        Arguments.of(Arrays.copyOf(ext3, 2000), "2000 bytes long"),
        Arguments.of(Arrays.copyOf(ext3, 8191), "8 blocks of 1024 bytes"),
        Arguments.of(SifBytes.with(ext3, 1024 + 4, 4, 0), "0 blocks of 1024 bytes"),
        Arguments.of(SifBytes.with(ext3, 1024 + 4, 4, -1), "4294967295 blocks"),
        Arguments.of(SifBytes.with(ext3, 1024 + 24, 4, 7), "(s_log_block_size) is 7"),
        Arguments.of(SifBytes.with(ext3, 1024 + 24, 4, -1), "(s_log_block_size) is -1"),
        Arguments.of(SifBytes.with(ext3, 1024 + 58, 2, 2), "has errors; repair it first"),
        Arguments.of(SifBytes.with(ext3, 1024 + 96, 4, 6), "needs its journal replayed"));
  }

  @ParameterizedTest
  @MethodSource("damagedFileSystems")
  void refusesDamagedFileSystems(byte[] content, String expected) throws IOException {
    Path path = file("image", content);
    CorruptOverlayException refusal = assertThrows(CorruptOverlayException.class, () -> read(path));

    assertContains(refusal, "the image " + path);
    assertContains(refusal, expected);
  }

  @Test
  void namesTheRepairOfAFileSystemBehindTheLauncherLine() throws IOException {
    byte[] dirty = SifBytes.with(SifBytes.ext3(), 1024 + 96, 4, 6);
    Path path = file("image", concat(LAUNCHER.getBytes(UTF_8), dirty));

    assertContains(
        assertThrows(CorruptOverlayException.class, () -> read(path)),
        "tail -c +32 " + path + " > NEW.img, then e2fsck -fp NEW.img, and use that");
  }

  private ImageFacts read(Path path) {
    return new ImageReader().read(Image.at(path));
  }

  private InvalidSpecException refused(Path path) {
    return assertThrows(InvalidSpecException.class, () -> read(path));
  }

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(dir.resolve(name), content);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static void assertContains(Exception e, String expected) {
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }
}
