package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.engine.MountTable.Mount;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts.Place;
import io.overlaysdk.spi.ImageFacts.Use;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On the machine that runs the test, with mounts that are only said to be there. */
final class HostPlacesTest {
  private static final Path ELSEWHERE = Path.of("/no/scratch");

  /** Not below /tmp, which no session shows. */
  private Path top;

  @BeforeEach
  void makeTree() throws IOException {
    top = Files.createTempDirectory(Path.of("/var/tmp"), "overlay-sdk-places");
    for (String directory : List.of("plain/deep", "divided/mounted", "divided/beside", "home")) {
      Files.createDirectories(top.resolve(directory));
    }
    Files.writeString(top.resolve("divided/file"), "content");
    Files.createSymbolicLink(top.resolve("divided/link"), Path.of("file"));
  }

  @AfterEach
  void deleteTree() throws IOException {
    Deletion.tree(top);
  }

  private static Identity user(Path home) {
    return new Identity(1000, 1000, "ada", home, false, Optional.empty());
  }

  private static Identity root() {
    return new Identity(0, 0, "root", Path.of("/root"), true, Optional.empty());
  }

  private Map<String, Use> below(Identity identity, Path scratch, Mount... mounts) {
    List<Mount> all = new ArrayList<>(List.of(mount(Path.of("/"), "ext4")));
    all.addAll(List.of(mounts));
    return HostPlaces.of(identity, scratch, all).stream()
        .filter(place -> place.path().startsWith(top) && !place.path().equals(top))
        .collect(Collectors.toMap(place -> top.relativize(place.path()).toString(), Place::use));
  }

  private static Mount mount(Path at, String type) {
    return new Mount(at, type, Set.of());
  }

  @Test
  void takesADirectoryWholeWhereNothingIsMountedInIt() {
    Path parent = Path.of("/").resolve(top.getName(0));
    List<Place> places =
        HostPlaces.of(user(Path.of("/")), ELSEWHERE, List.of(mount(Path.of("/"), "ext4")));
    assertTrue(places.contains(new Place(parent, Use.OVERLAY)), places::toString);
  }

  @Test
  void dividesADirectoryInWhichSomethingIsMounted() {
    Mount mount = mount(top.resolve("divided/mounted"), "xfs");
    assertEquals(
        Map.of(
            "plain", Use.OVERLAY,
            "divided", Use.FOLDER,
            "divided/mounted", Use.OVERLAY,
            "divided/beside", Use.OVERLAY,
            "divided/file", Use.READ_ONLY,
            "divided/link", Use.LINK,
            "home", Use.OVERLAY),
        below(user(Path.of("/")), ELSEWHERE, mount));
  }

  @Test
  void givesTheHomeDirectoryAnOverlayOfItsOwnOverThatAroundIt() {
    assertEquals(Map.of("home", Use.OVERLAY), below(user(top.resolve("home")), ELSEWHERE));
    List<Place> places =
        HostPlaces.of(user(top.resolve("home")), ELSEWHERE, List.of(mount(Path.of("/"), "ext4")));
    Path around = Path.of("/").resolve(top.getName(0));
    assertTrue(
        places.indexOf(new Place(around, Use.OVERLAY))
            < places.indexOf(new Place(top.resolve("home"), Use.OVERLAY)),
        places::toString);
  }

  @Test
  void keepsApartWhereTheSessionMountsItsOwn() {
    Map<String, Use> places = below(user(Path.of("/")), top.resolve("plain/deep/scratch"));
    assertEquals(Use.FOLDER, places.get("plain"));
    assertEquals(Use.FOLDER, places.get("plain/deep"));
  }

  @Test
  void onlyShowsWhatTheKernelTakesAsNoLayer() {
    Mount mount = mount(top.resolve("divided/mounted"), "fuse.sshfs");
    assertEquals(Use.READ_ONLY, below(user(Path.of("/")), ELSEWHERE, mount).get("divided/mounted"));
    assertEquals(Map.of("divided/mounted", Use.READ_ONLY), below(root(), ELSEWHERE, mount));
  }

  @Test
  void hasNothingOfFileSystemsWithoutFiles() {
    Mount mount = mount(top.resolve("divided/mounted"), "cgroup2");
    assertEquals(Use.FOLDER, below(user(Path.of("/")), ELSEWHERE, mount).get("divided/mounted"));
    assertEquals(Map.of(), below(root(), ELSEWHERE, mount));
  }

  @Test
  void givesRootAnOverlayForEachMountInTheOrderOfTheirPaths() {
    Mount outer = mount(top.resolve("divided"), "ext4");
    Mount inner = mount(top.resolve("divided/mounted"), "tmpfs");
    Mount gone = mount(top.resolve("not/there"), "ext4");
    List<Place> places =
        HostPlaces.of(root(), ELSEWHERE, List.of(mount(Path.of("/"), "ext4"), inner, outer, gone));
    assertEquals(
        List.of(new Place(outer.at(), Use.OVERLAY), new Place(inner.at(), Use.OVERLAY)), places);
  }

  @Test
  void leavesOutWhatEverySessionHasForItself() {
    List<Place> places =
        HostPlaces.of(
            root(),
            ELSEWHERE,
            List.of(
                mount(Path.of("/"), "ext4"),
                mount(Path.of("/tmp"), "tmpfs"),
                mount(Path.of("/dev/shm"), "tmpfs")));
    assertEquals(List.of(), places);
  }
}
