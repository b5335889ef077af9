package io.overlaysdk.backend.overlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What differs from the other merged root: how the layers are mounted and merged. */
final class OverlayfsPlanTest {
  private static final String USER_MERGE =
      "attach merged leave 7 /usr/bin/mount -t overlay -o %s,userxattr overlay merged";

  private static Probe.Present tool(Host host) {
    return (Probe.Present) new OverlayfsBackend().probe(host);
  }

  private static Plan plan(RequestBuilder request) {
    List<Plan> plans = new OverlayfsBackend().plans(request.request());
    assertEquals(1, plans.size());
    return plans.get(0);
  }

  /** The operations that mount, from the first to the last that the outer script is told. */
  private static String mounts(RequestBuilder request) {
    List<String> words = plan(request).enter(Command.of("true"), Stdio.PIPES).words();
    int first = words.indexOf(request.request().scratch() + "/root") + 1;
    String all = String.join(" ", words.subList(first, words.indexOf("enter")));
    return all.replaceAll("make( points/\\S+)+ ", "").replaceAll("point \\S+ \\S+ ", "");
  }

  private static String refusal(RequestBuilder request) {
    return assertThrows(
            UnsupportedException.class, () -> new OverlayfsBackend().plans(request.request()))
        .getMessage();
  }

  @Test
  void mergesADirectoryForAPlainUserWithUserxattr() {
    RequestBuilder request =
        RequestBuilder.directory(tool(Machines.bare()))
            .writable(OverlayFacts.Kind.DIRECTORY, "/overlays/mine");
    String layers =
        "lowerdir=/images/tree:points,upperdir=/overlays/mine/upper,workdir=/overlays/mine/work";
    assertEquals(
        "need /images/tree need /overlays/mine " + USER_MERGE.formatted(layers), mounts(request));
    assertEquals(Optional.of(Dialect.KERNEL_USERXATTR), plan(request).writes());
  }

  @Test
  void bindsADirectoryWhosePathAnOptionCouldMisread() {
    RequestBuilder request =
        RequestBuilder.directory(tool(Machines.bare()))
            .writable(OverlayFacts.Kind.DIRECTORY, "/over,lays/mi:ne");
    String layers = "lowerdir=/images/tree:points,upperdir=layer0/upper,workdir=layer0/work";
    assertEquals(
        "need /images/tree bind layer0 /over,lays/mi:ne " + USER_MERGE.formatted(layers),
        mounts(request));
  }

  @Test
  void saysThatTheFilesOfASquashfsAreTheUsers() {
    assertEquals(
        "link file0 /images/base.sif attach layer0 leave 5 /usr/bin/squashfuse -o"
            + " ro,allow_other,offset=40960,uid=1000,gid=1000 file0 layer0 "
            + USER_MERGE.formatted("lowerdir=layer0:points"),
        mounts(RequestBuilder.sif(tool(Machines.withFuse()))));
  }

  @Test
  void leavesTheOwnersOfASquashfsAloneForFakeroot() {
    String mounts =
        mounts(RequestBuilder.sif(tool(Machines.withFuse())).spec(spec -> spec.fakeroot()));
    assertTrue(mounts.contains("offset=40960 file0"), mounts);
  }

  /** Without it mount(8) says that the loop devices overlap. */
  @Test
  void tellsLoopDevicesWhereAPartitionEndsIfThereAreSeveral() {
    ImageFacts image =
        RequestBuilder.imageFacts(
            Kind.SIF,
            "/images/base.sif",
            List.of(
                RequestBuilder.root(Format.SQUASHFS, "amd64"),
                new Part(Role.OVERLAY, Format.SQUASHFS, 2097152, 4096, "amd64")));
    String mounts =
        mounts(
            RequestBuilder.on(tool(Machines.withLoop().identity(Identities.root())), image)
                .identity(Identities.root()));
    assertTrue(mounts.contains("ro,loop,offset=40960,sizelimit="), mounts);
    assertTrue(mounts.contains("ro,loop,offset=2097152,sizelimit=4096 file1 layer1"), mounts);
  }

  @Test
  void mountsThroughLoopDevicesForRoot() {
    RequestBuilder request =
        RequestBuilder.sif(tool(Machines.withLoop().identity(Identities.root())))
            .identity(Identities.root())
            .readOnly(OverlayFacts.Kind.SQUASHFS, "/overlays/one.sqfs")
            .writable(OverlayFacts.Kind.EXT3, "/overlays/two.img");
    assertEquals(
        "link file0 /images/base.sif attach layer0 leave 7 /usr/bin/mount -t squashfs -o"
            + " ro,loop,offset=40960 file0 layer0"
            + " link file1 /overlays/one.sqfs attach layer1 leave 7 /usr/bin/mount -t squashfs -o"
            + " ro,loop,offset=0 file1 layer1"
            + " link file2 /overlays/two.img attach layer2 leave 7 /usr/bin/mount -t ext3 -o"
            + " rw,loop file2 layer2"
            + " attach merged leave 7 /usr/bin/mount -t overlay -o lowerdir=layer1:layer0:points,"
            + "upperdir=layer2/upper,workdir=layer2/work,"
            + "redirect_dir=off,metacopy=off,index=off overlay merged",
        mounts(request));
    assertEquals(Optional.of(Dialect.KERNEL_TRUSTED), plan(request).writes());
    assertEquals(
        Set.of(Dialect.NEUTRAL, Dialect.KERNEL_PLAIN, Dialect.KERNEL_TRUSTED),
        plan(request).reads());
  }

  @Test
  void refusesAnExt3OverlayOfAPlainUser() {
    RequestBuilder request =
        RequestBuilder.directory(tool(Machines.withFuse()))
            .writable(OverlayFacts.Kind.EXT3, "/overlays/mine.img");
    assertTrue(refusal(request).contains("writes no changes through FUSE"), refusal(request));
  }

  @Test
  void refusesADirectoryOfAnotherUser() {
    ImageFacts image = new ImageFacts(Kind.DIRECTORY, "/images/tree", List.of(), 0);
    String refusal = refusal(RequestBuilder.on(tool(Machines.bare()), image));
    assertTrue(refusal.contains("/images/tree belongs to user 0"), refusal);
  }

  @Test
  void refusesASifWhereNothingMountsIt() {
    String without = refusal(RequestBuilder.sif(tool(Machines.bare())));
    assertTrue(without.contains("/dev/fuse cannot be opened"), without);
    String old = refusal(RequestBuilder.sif(tool(Machines.withSquashfuse(""))));
    assertTrue(old.contains("Install squashfuse 0.5 or newer"), old);
  }
}
