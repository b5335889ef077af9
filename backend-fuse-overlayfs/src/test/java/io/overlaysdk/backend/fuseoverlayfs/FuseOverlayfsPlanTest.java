package io.overlaysdk.backend.fuseoverlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Network;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FuseOverlayfsPlanTest {
  private static final String ROOT = "/scratch/session-1/root";
  private static final List<String> UNSHARE_USER =
      List.of("/usr/bin/unshare", "--user", "--map-current-user", "--keep-caps");
  private static final List<String> UNSHARE_FAKEROOT =
      List.of("/usr/bin/unshare", "--user", "--map-root-user", "--map-auto");
  private static final String NAMESPACES =
      "--mount --propagation private --pid --fork --kill-child --mount-proc";
  private static final String BASE =
      "link file0 /images/base.sif attach layer0 leave 5 /usr/bin/squashfuse_ll -o"
          + " ro,allow_other,offset=40960 file0 layer0";
  private static final String POINTS =
      "make points/dev+points/proc+points/sys+points/etc point / /dev point / /proc point / /sys point /etc/resolv.conf /etc/resolv.conf";
  private static final String ENTER =
      "enter /usr/bin/unshare --mount --pid --fork --kill-child /usr/bin/sh -c SCRIPT overlay-sdk ";
  private static final String PLACES = "devices processes  system";
  private static final String GUARDED_PLACES = "devices processes guarded system";
  private static final String ACCOUNT =
      "account passwd 1000 ada:x:1000:1000::/home/ada:/bin/sh account group 1000 ada:x:1000:";
  private static final String RESOLVER = "offer ro /etc/resolv.conf /etc/resolv.conf";
  private static final String SQUASH = ",squash_to_uid=1000,squash_to_gid=1000";

  private static Probe.Present tool(Host host) {
    return (Probe.Present) new FuseOverlayfsBackend().probe(host);
  }

  private static RequestBuilder sif() {
    return RequestBuilder.sif(tool(Machines.debian()));
  }

  private static Plan plan(RequestBuilder request) {
    List<Plan> plans = new FuseOverlayfsBackend().plans(request.request());
    assertEquals(1, plans.size());
    return plans.get(0);
  }

  /** The words, with the constant scripts replaced by a name. */
  private static List<String> words(Invocation invocation) {
    return invocation.words().stream()
        .map(word -> word.startsWith("# sh -c THIS") ? "SCRIPT" : word)
        .map(word -> word.startsWith("points/") ? word.replace(' ', '+') : word)
        .toList();
  }

  private static List<String> words(RequestBuilder request) {
    return words(plan(request).enter(Command.of("true"), Stdio.PIPES));
  }

  /** Each part is one word, or several that a blank parts. */
  private static List<String> list(List<String> first, String... parts) {
    List<String> all = new ArrayList<>(first);
    for (String part : parts) {
      all.addAll(List.of(part.split(" ")));
    }
    return all;
  }

  private static List<String> user(String... operations) {
    List<String> all = list(UNSHARE_USER, NAMESPACES, "/usr/bin/sh -c SCRIPT overlay-sdk " + ROOT);
    return list(
        list(all, operations),
        "enter /usr/bin/unshare self keep /home/ada / /bin/sh -c SCRIPT overlay-sdk 0 true");
  }

  private static List<String> root(List<String> unshare, String... operations) {
    List<String> all = list(unshare, NAMESPACES, "/usr/bin/sh -c SCRIPT overlay-sdk " + ROOT);
    return list(
        list(all, operations),
        "enter /usr/bin/unshare as-is keep /root / /bin/sh -c SCRIPT overlay-sdk 0 true");
  }

  private static String merge(String layers) {
    return "attach merged await 4 /usr/bin/fuse-overlayfs -o allow_other,lowerdir="
        + layers
        + " merged";
  }

  private static final String WRITABLE = ENTER + PLACES;
  private static final String READ_ONLY = ENTER + "seal " + PLACES;

  @Test
  void mountsASifAndADirectoryOverlayForAPlainUser() {
    RequestBuilder request =
        sif()
            .writable(OverlayFacts.Kind.DIRECTORY, "/overlays/mine")
            .bind("/scratch/session-1/tmp", "/tmp")
            .bind("/data", "/data", Access.READ_ONLY);
    assertEquals(
        user(
            BASE,
            "bind layer1 /overlays/mine thaw layer1/work/work",
            POINTS.replace("points/etc", "points/etc+points/tmp"),
            "point /scratch/session-1/tmp /tmp point /data /data",
            merge("layer0:points,upperdir=layer1/upper,workdir=layer1/work" + SQUASH),
            WRITABLE,
            ACCOUNT,
            RESOLVER,
            "place rw /scratch/session-1/tmp /tmp place ro /data /data"),
        words(request));
  }

  @Test
  void preparesOneDirectory() {
    assertEquals(List.of(new Step.MakeDirectory(Path.of(ROOT))), plan(sif()).prepare());
  }

  @Test
  void givesAReadOnlyRootWithoutAWritableOverlay() {
    assertEquals(
        user(
            BASE,
            POINTS,
            merge("layer0:points" + SQUASH).replace("await", "leave"),
            READ_ONLY,
            ACCOUNT,
            RESOLVER),
        words(sif()));
  }

  @Test
  void keepsTheOwnersOfTheImageForRoot() {
    RequestBuilder request =
        sif().identity(Identities.root()).writable(OverlayFacts.Kind.DIRECTORY, "/overlays/mine");
    assertEquals(
        root(
            List.of("/usr/bin/unshare"),
            BASE,
            "bind layer1 /overlays/mine thaw layer1/work/work",
            POINTS,
            merge("layer0:points,upperdir=layer1/upper,workdir=layer1/work"),
            ENTER + GUARDED_PLACES,
            RESOLVER),
        words(request));
  }

  @Test
  void mapsSubordinateIdsForFakeroot() {
    RequestBuilder request =
        sif().spec(SessionSpec::fakeroot).writable(OverlayFacts.Kind.EXT3, "/overlays/mine.img");
    assertEquals(
        root(
            UNSHARE_FAKEROOT,
            BASE,
            "link file1 /overlays/mine.img attach layer1 await 5 /usr/bin/fuse2fs -o rw,allow_other"
                + " file1 layer1 thaw layer1/work/work",
            POINTS,
            merge("layer0:points,upperdir=layer1/upper,workdir=layer1/work"),
            WRITABLE,
            RESOLVER),
        words(request));
  }

  @Test
  void runsRootWithFakerootAsRoot() {
    RequestBuilder request = sif().identity(Identities.root()).spec(SessionSpec::fakeroot);
    assertEquals("--mount", words(request).get(1));
  }

  @Test
  void stacksOverlaysBottomToTop() {
    RequestBuilder request =
        sif()
            .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/one")
            .readOnly(OverlayFacts.Kind.LAYER, "/overlays/two")
            .readOnly(OverlayFacts.Kind.SQUASHFS, "/overlays/three")
            .readOnly(OverlayFacts.Kind.EXT3, "/overlays/four")
            .writable(OverlayFacts.Kind.EXT3, "/overlays/five");
    assertEquals(
        user(
            BASE,
            "bind layer1 /overlays/one bind layer2 /overlays/two",
            "link file3 /overlays/three attach layer3 leave 5 /usr/bin/squashfuse_ll -o"
                + " ro,allow_other,offset=0 file3 layer3",
            "link file4 /overlays/four attach layer4 await 5 /usr/bin/fuse2fs -o"
                + " ro,allow_other,fakeroot file4 layer4",
            "link file5 /overlays/five attach layer5 await 5 /usr/bin/fuse2fs -o"
                + " rw,allow_other,fakeroot file5 layer5 thaw layer5/work/work",
            POINTS,
            merge(
                "layer4/upper:layer3:layer2:layer1/upper:layer0:points"
                    + ",upperdir=layer5/upper,workdir=layer5/work"
                    + SQUASH),
            WRITABLE,
            ACCOUNT,
            RESOLVER),
        words(request));
  }

  @Test
  void mountsTheOverlayPartitionsOfASif() {
    ImageFacts image =
        RequestBuilder.imageFacts(
            Kind.SIF,
            "/images/base.sif",
            List.of(
                RequestBuilder.root(Format.SQUASHFS, "amd64"),
                new Part(Role.OVERLAY, Format.SQUASHFS, 2097152, 4096, "amd64"),
                new Part(Role.OVERLAY, Format.EXT3, 4194304, 4096, "amd64")));
    assertEquals(
        user(
            BASE,
            "link file1 /images/base.sif attach layer1 leave 5 /usr/bin/squashfuse_ll -o"
                + " ro,allow_other,offset=2097152 file1 layer1",
            "link file2 /images/base.sif attach layer2 await 5 /usr/bin/fuse2fs -o"
                + " ro,allow_other,fakeroot,offset=4194304 file2 layer2",
            POINTS,
            merge("layer2/upper:layer1:layer0:points" + SQUASH).replace("await", "leave"),
            READ_ONLY,
            ACCOUNT,
            RESOLVER),
        words(RequestBuilder.on(tool(Machines.debian()), image)));
  }

  @Test
  void bindsADirectoryImageUnderAPlainName() {
    List<String> words = words(RequestBuilder.directory(tool(Machines.debian())));
    assertEquals(
        List.of("bind", "layer0", "/images/tree"),
        words.subList(words.indexOf("bind"), words.indexOf("bind") + 3));
  }

  @Test
  void keepsAwkwardPathsOutOfEveryOptionString() {
    String awkward = "/x/a,b:c d\"e'f\\g\nh";
    RequestBuilder request =
        RequestBuilder.sif(tool(Machines.debian()), awkward)
            .readOnly(OverlayFacts.Kind.EXT3, awkward + 1)
            .readOnly(OverlayFacts.Kind.LAYER, awkward + 2)
            .writable(OverlayFacts.Kind.DIRECTORY, awkward + 3)
            .bind(awkward + 4, awkward + 5);
    List<String> holding = words(request).stream().filter(word -> word.contains("\n")).toList();
    assertEquals(
        List.of(
            awkward,
            awkward + 1,
            awkward + 2,
            awkward + 3,
            awkward + 4,
            awkward + 5,
            awkward + 4,
            awkward + 5),
        holding);
  }

  @Test
  void makesAMountPointThatAnEarlierBindLacks() {
    List<String> words = words(sif().bind("/tmp1", "/tmp").bind("/data", "/tmp/data"));
    int place = words.indexOf("place");
    assertEquals(
        list(List.of(), "place rw /tmp1 /tmp within rw /data /tmp/data"),
        words.subList(place, place + 8));
  }

  @Test
  void cutsTheNetworkOffAndLeavesTheResolverOut() {
    List<String> words = words(sif().spec(spec -> spec.network(Network.NONE)));
    assertTrue(words.contains("--net"));
    assertFalse(words.contains("/etc/resolv.conf"));
  }

  @Test
  void passesDirectoryAndVariablesWithoutShowingValues() {
    Command command =
        Command.of("env", "-0")
            .variable("A", "secret")
            .variable("B", "")
            .directory(ContainerPath.of("/app"));
    Invocation invocation = plan(sif()).enter(command, Stdio.TERMINAL);
    List<String> words = words(invocation);
    assertEquals(
        list(
            List.of(),
            "enter /usr/bin/unshare self keep /home/ada /app /bin/sh -c SCRIPT"
                + " overlay-sdk 2 A B env -0"),
        words.subList(words.size() - 15, words.size()));
    assertEquals("console", words.get(words.indexOf("seal") - 1));
    assertEquals(
        Map.of("OVERLAYSDK_VALUE_0", "secret", "OVERLAYSDK_VALUE_1", ""), invocation.environment());
  }

  @Test
  void saysWhatIsKnownOnlyAfterTheBuild() {
    ImageFacts image = RequestBuilder.imageFacts(Kind.PENDING, "/images/later.sif", List.of());
    assertTrue(
        words(RequestBuilder.on(tool(Machines.debian()), image))
            .contains("ro,allow_other,offset=(known after the build)"));
  }

  private static String refusal(Request request) {
    return assertThrows(UnsupportedException.class, () -> new FuseOverlayfsBackend().plans(request))
        .getMessage();
  }

  private static String refusal(Kind kind, String location, Part... parts) {
    ImageFacts image = RequestBuilder.imageFacts(kind, location, List.of(parts));
    return refusal(RequestBuilder.on(tool(Machines.debian()), image).request());
  }

  @Test
  void refusesImagesThatItCannotMount() {
    assertEquals(
        "fuse-overlayfs: the image docker://alpine is not on this machine. Fetch it first (apptainer"
            + " pull IMAGE.sif docker://alpine) and use the file.",
        refusal(Kind.REMOTE, "docker://alpine"));
    assertTrue(refusal(Kind.HOST, "/").contains("the machine's own root cannot be the image"));
    assertTrue(
        refusal(Kind.SIF, "/s.sif", RequestBuilder.root(Format.ENCRYPTED, "amd64"))
            .contains("/s.sif is encrypted"));
    assertTrue(
        refusal(Kind.SIF, "/s.sif", RequestBuilder.root(Format.SQUASHFS, "arm64"))
            .contains("/s.sif is for arm64, this machine is amd64"));
    assertTrue(refusal(Kind.SIF, "/s.sif").contains("/s.sif holds no root file system"));
  }

  @Test
  void refusesGraphicsProcessors() {
    assertTrue(
        refusal(sif().spec(spec -> spec.gpu(Gpu.NVIDIA)).request()).contains("NVIDIA graphics"));
  }

  @Test
  void refusesExt3WithoutFuse2fs() {
    RequestBuilder request =
        RequestBuilder.sif(tool(Machines.withoutExt3()))
            .writable(OverlayFacts.Kind.EXT3, "/overlays/mine.img");
    assertTrue(refusal(request.request()).contains("/overlays/mine.img is an ext3 file system"));
  }

  @Test
  void refusesFakerootWithoutSubordinateIds() {
    RequestBuilder request =
        sif().spec(SessionSpec::fakeroot).identity(Identities.userWithoutSubordinateIds());
    assertTrue(refusal(request.request()).contains("ada has none in /etc/subuid"));
  }

  @Test
  void refusesFakerootWhereTheProbeSawItFail() {
    Host host = Machines.debian().answer(new Answer(1, "", "no newuidmap"), Machines.TRY_FAKEROOT);
    RequestBuilder request = RequestBuilder.sif(tool(host)).spec(SessionSpec::fakeroot);
    assertTrue(refusal(request.request()).contains("fakeroot does not work here: no newuidmap"));
  }

  @Test
  void refusesFakerootOverTheDirectoryOfAUserThatIsNotMapped() {
    ImageFacts image = new ImageFacts(Kind.DIRECTORY, "/images/tree", List.of(), 1001);
    RequestBuilder request =
        RequestBuilder.on(tool(Machines.debian()), image).spec(SessionSpec::fakeroot);
    assertTrue(refusal(request.request()).contains("which belongs to user 1001"));
  }

  @Test
  void refusesAScratchDirectoryInsideOfALayer() {
    RequestBuilder request = sif().writable(OverlayFacts.Kind.DIRECTORY, "/scratch");
    assertTrue(refusal(request.request()).contains("lies inside of the layer /scratch"));
  }
}
