package io.overlaysdk.backend.apptainer;

import static io.overlaysdk.testkit.RequestBuilder.imageFacts;
import static io.overlaysdk.testkit.RequestBuilder.root;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Command;
import io.overlaysdk.Gpu;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ApptainerRefusalsTest {
  private static final FakeHost HOST = FakeHosts.apptainer("1.4.5");

  private static Probe.Present tool(FakeHost host) {
    return (Probe.Present) new ApptainerBackend().probe(host);
  }

  private static RequestBuilder sif(FakeHost host) {
    return RequestBuilder.sif(tool(host));
  }

  private static void assertRefused(String message, RequestBuilder request) {
    assertRefused(message, request.request());
  }

  private static void assertRefused(String message, Request request) {
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> new ApptainerBackend().plans(request));
    assertEquals(
        message.replace("TOOL", "Apptainer 1.4.5 (/usr/bin/apptainer)"), refused.getMessage());
  }

  @Test
  void refusesToWriteToASquashfs() {
    assertRefused(
        "the writable overlay /o.sqfs, which is a squashfs: TOOL can only read one. Give it"
            + " read-only, or use a directory or an ext3 image.",
        sif(HOST).writable(Kind.SQUASHFS, "/o.sqfs"));
  }

  @Test
  void refusesToWriteToALayer() {
    assertRefused(
        "the writable overlay /o, which has no \"upper\": TOOL would make one inside and hide what"
            + " is there. Give it read-only, or make an overlay and put the layer below it.",
        sif(HOST).writable(Kind.LAYER, "/o"));
  }

  @Test
  void refusesTheHostAsImage() {
    assertRefused(
        "the machine's own root as image: TOOL runs images only. Name an image, or use a backend"
            + " that can, such as overlayfs.",
        RequestBuilder.on(tool(HOST), imageFacts(ImageFacts.Kind.HOST, "/", List.of())));
  }

  @Test
  void refusesAnEncryptedImage() {
    assertRefused(
        "the image /i.sif, which is encrypted: TOOL would ask for a key, and a session has none to"
            + " give. Decrypt the image, or use one that is not encrypted.",
        RequestBuilder.on(
            tool(HOST),
            imageFacts(ImageFacts.Kind.SIF, "/i.sif", List.of(root(Format.ENCRYPTED, "amd64")))));
  }

  @Test
  void refusesAnImageForAnotherProcessor() {
    assertRefused(
        "the image /images/base.sif, which is for amd64: TOOL runs on a machine for arm64 here. Use"
            + " an image that was built for arm64.",
        sif(HOST).architecture("arm64"));
  }

  @Test
  void refusesARunningInstanceAsImage() {
    assertRefused(
        "the image instance://mine: TOOL cannot fetch from \"instance\" for a session of its own."
            + " Give the path of the image.",
        RequestBuilder.on(
            tool(HOST), imageFacts(ImageFacts.Kind.REMOTE, "instance://mine", List.of())));
  }

  @Test
  void refusesTargetsInWhatTheToolMakesItself() {
    for (String target : List.of("/dev", "/dev/shm", "/proc/sys", "/sys")) {
      assertRefused(
          "the bind of /data at "
              + target
              + ": TOOL makes /dev, /proc and /sys itself. Bind it elsewhere; a device of the host"
              + " can be bound at its own path.",
          sif(HOST).bind("/data", target));
    }
  }

  @Test
  void refusesATargetWithACarriageReturn() {
    assertRefused(
        "the bind of /data at /a\\x0d\\x0ab: TOOL cannot take a target with a carriage return."
            + " Choose another target.",
        sif(HOST).bind("/data", "/a\r\nb"));
  }

  @Test
  void refusesAnOverlayWithAColonWhereTheScratchDirectoryHasOneToo() {
    Request request = sif(HOST).writable(Kind.DIRECTORY, "/a:b").request();
    assertRefused(
        "the overlay /a:b: TOOL cannot take this path, nor one through /scratch:1. Use a scratch"
            + " directory without a colon in its path.",
        new Request(
            request.spec(),
            request.tool(),
            request.image(),
            request.overlays(),
            request.binds(),
            request.identity(),
            request.architecture(),
            Path.of("/scratch:1")));
  }

  @Test
  void refusesFakerootWithoutSubordinateIds() {
    assertRefused(
        "fakeroot: TOOL needs subordinate ids to keep the owners of files, and ada has none. Ask the"
            + " administrator for lines in /etc/subuid and /etc/subgid.",
        sif(HOST).identity(Identities.userWithoutSubordinateIds()).spec(SessionSpec::fakeroot));
  }

  @Test
  void refusesFakerootWithoutNewuidmap() {
    assertRefused(
        "fakeroot: TOOL needs the program newuidmap to map subordinate ids. Install the package"
            + " uidmap (shadow-utils).",
        sif(FakeHosts.bare("1.4.5")).spec(SessionSpec::fakeroot));
  }

  @Test
  void refusesFakerootForRootWithoutAnyCapability() {
    assertRefused(
        "fakeroot: TOOL cannot leave root its capabilities, because it is not known which are"
            + " withheld. Run as a plain user.",
        sif(HOST).identity(Identities.rootWithoutAllCapabilities()).spec(SessionSpec::fakeroot));
  }

  @Test
  void refusesAGraphicsProcessorThatIsNotThere() {
    assertRefused(
        "the amd graphics processor: TOOL would go on without it: no such device is open to ada"
            + " here. Run on a machine with one and its driver.",
        sif(HOST).spec(spec -> spec.gpu(Gpu.AMD)));
  }

  @Test
  void refusesOverlaysOfAPlainUserWithoutTheProgramsThatMountThem() {
    FakeHost host = FakeHosts.bare("1.4.5");
    assertRefused(
        "the overlay /o: TOOL needs the program fuse-overlayfs to mount it for a plain user. Install"
            + " the package fuse-overlayfs.",
        sif(host).writable(Kind.DIRECTORY, "/o"));
    host = host.program("fuse-overlayfs", "/usr/bin/fuse-overlayfs");
    assertRefused(
        "the overlay /o.img: TOOL needs the program fuse2fs to mount it for a plain user. Install"
            + " the package fuse2fs.",
        sif(host).writable(Kind.EXT3, "/o.img"));
    assertRefused(
        "the overlay /o.sqfs: TOOL needs the program squashfuse to mount it for a plain user."
            + " Install the package squashfuse.",
        sif(host).readOnly(Kind.SQUASHFS, "/o.sqfs"));
  }

  @Test
  void refusesOverlaysOfAPlainUserWhereAnOldVersionIsSetuid() {
    FakeHost host =
        FakeHosts.apptainer("1.2.5")
            .answer("APPTAINER_SUID_INSTALL=1", "/usr/bin/apptainer", "buildcfg");
    UnsupportedException refused =
        assertThrows(
            UnsupportedException.class,
            () -> new ApptainerBackend().plans(sif(host).writable(Kind.DIRECTORY, "/o").request()));
    assertEquals(
        "the overlay /o: Apptainer 1.2.5 (/usr/bin/apptainer) is installed setuid, and mounts"
            + " overlays for plain users only since 1.3.0. Use the backend fuse-overlayfs, or"
            + " Apptainer, or another kind of overlay.",
        refused.getMessage());
  }

  @Test
  void refusesToWriteOverADirectoryWithTheKernelForAPlainUser() {
    FakeHost host = HOST.answer("APPTAINER_SUID_INSTALL=0", "/usr/bin/apptainer", "buildcfg");
    assertRefused(
        "a writable overlay over the directory /images/tree: TOOL writes it with the kernel, where"
            + " rm -r fails with an I/O error, and its configuration, which would have to say"
            + " \"enable overlay = driver\", cannot be read. Use a SIF, the backend fuse-overlayfs,"
            + " or ask the administrator for that line.",
        RequestBuilder.directory(tool(host)).writable(Kind.DIRECTORY, "/o"));
  }

  @Test
  void refusesWhatTheSiteSwitchesOff() {
    String remedy =
        ". Ask the administrator to change /etc/apptainer/apptainer.conf, or use another backend.";
    assertRefused(
        "a session: TOOL is told \"mount dev = no\"" + remedy,
        sif(HOST.file(FakeHosts.CONF, "mount dev = no\n")));
    assertRefused(
        "the bind at /in: TOOL is told \"user bind control = no\"" + remedy,
        sif(HOST.file(FakeHosts.CONF, "user bind control = no\n")).bind("/data", "/in"));
    assertRefused(
        "the overlay /o: TOOL is told \"enable overlay = no\"" + remedy,
        sif(HOST.file(FakeHosts.CONF, "enable overlay = no\n")).readOnly(Kind.DIRECTORY, "/o"));
  }

  @Test
  void refusesVariablesThatItWouldChange() {
    assertVariableRefused("HOME", "/work", "sets it itself. Leave it out");
    assertVariableRefused(
        "TEXT",
        "one\r\ntwo",
        "drops each carriage return of it that is followed by a line feed. Leave those out");
  }

  private static void assertVariableRefused(String name, String value, String reason) {
    Plan plan = new ApptainerBackend().plans(sif(HOST).request()).get(0);
    Command command = Command.of("/tool").variable(name, value);
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> plan.enter(command, Stdio.PIPES));
    assertEquals(
        "the variable "
            + name
            + " in an image without a shell: Apptainer 1.4.5 (/usr/bin/apptainer) "
            + reason
            + ", or use an image that has /bin/sh.",
        refused.getMessage());
  }
}
