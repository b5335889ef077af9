package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.overlaysdk.Configuration;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OwnNamespaceTest {
  private static final String UNSHARE = "/usr/bin/unshare";
  private static final List<String> TRY =
      List.of(
          UNSHARE,
          "--user",
          "--map-root-user",
          "--map-auto",
          "--mount",
          "--propagation",
          "private",
          "true");

  private final Host host = mock(Host.class);
  private final OwnNamespace namespace = new OwnNamespace(host, Configuration.builder().build());

  private void user(Optional<Identity.IdRanges> ids) {
    when(host.identity())
        .thenReturn(new Identity(1001, 1001, "ann", Path.of("/home/ann"), false, ids));
  }

  private void unshare() {
    user(Optional.of(new Identity.IdRanges(100000, 65536, 100000, 65536)));
    when(host.find("unshare")).thenReturn(Optional.of(Path.of(UNSHARE)));
    when(host.ask(TRY)).thenReturn(Optional.of(new Host.Answer(0, "", "")));
  }

  @Test
  void isThereWithSubordinateIds() {
    unshare();
    assertEquals(Optional.empty(), namespace.refusal());
  }

  @Test
  void saysWhyItIsNotThere() {
    user(Optional.empty());
    assertEquals(
        Optional.of("ann has no subordinate ids (/etc/subuid, /etc/subgid)"), namespace.refusal());
    unshare();
    when(host.ask(TRY))
        .thenReturn(Optional.of(new Host.Answer(1, "", "unshare: Operation not permitted\n")));
    assertEquals(
        Optional.of("its user namespace cannot be made: unshare: Operation not permitted"),
        namespace.refusal());
    when(host.find("unshare")).thenReturn(Optional.empty());
    assertTrue(namespace.refusal().orElseThrow().contains("install the package util-linux"));
  }

  @Test
  void itsJvmHasTheClassesOfTheEngine() {
    List<String> places = List.of(OwnClasses.path().split(File.pathSeparator));
    assertTrue(places.size() >= 5, places::toString);
    places.forEach(place -> assertTrue(Files.exists(Path.of(place)), place));
  }
}
