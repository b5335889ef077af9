package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.InexpressibleException;
import io.overlaysdk.layers.UnreadableLayerException;
import io.overlaysdk.layers.UnreadableMarkersException;
import io.overlaysdk.layers.oci.InvalidLayerException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class FailureTest {
  private static final Path FILE = Path.of("/o/upper/é");

  private static <T extends OverlayException> T sent(T thrown) {
    OverlayException received = Failure.of(Failure.fields(thrown));
    assertEquals(thrown.getClass(), received.getClass());
    assertEquals(thrown.getMessage(), received.getMessage());
    @SuppressWarnings("unchecked")
    T same = (T) received;
    return same;
  }

  @Test
  void keepsTypeAndMessage() {
    sent(new InvalidSpecException("é\nb"));
    sent(new UnsupportedException("u"));
    sent(new CorruptOverlayException("c"));
    sent(new InvalidLayerException("l"));
    sent(new OverlayException("o"));
  }

  @Test
  void keepsTheFactsOfEachType() {
    LaunchException launch =
        sent(new LaunchException("cannot mount", List.of("fuse2fs", "-f", "a b"), "no device\n"));
    assertEquals(List.of("fuse2fs", "-f", "a b"), launch.invocation());
    assertEquals("no device\n", launch.toolOutput());

    OverlayBusyException busy = sent(new OverlayBusyException(FILE, "process 7"));
    assertEquals(FILE, busy.overlay());
    assertEquals("process 7", busy.holder());
    assertEquals(Optional.empty(), busy.details());
    OverlayHolder holder =
        new OverlayHolder(
            "make",
            OptionalLong.of(7),
            Optional.of("jane"),
            Optional.empty(),
            Optional.of(Instant.EPOCH),
            Optional.of(true),
            Optional.of(Instant.MAX));
    assertEquals(Optional.of(holder), sent(new OverlayBusyException(FILE, holder)).details());

    var unreadable = new UnreadableLayerException(FILE, "m", new AccessDeniedException("x"));
    assertEquals(FILE, sent(unreadable).file());
    assertTrue(sent(unreadable).getCause() instanceof AccessDeniedException);

    UnreadableMarkersException markers =
        sent(new UnreadableMarkersException(Path.of("/o/upper"), FILE));
    assertEquals(List.of(Path.of("/o/upper"), FILE), List.of(markers.layer(), markers.entry()));

    var entries = List.of(new InexpressibleException.Entry(FILE, "is a metacopy"));
    InexpressibleException inexpressible =
        sent(new InexpressibleException(Path.of("/o/upper"), entries));
    assertEquals(entries, inexpressible.entries());
  }

  @Test
  void tellsWhereAnErrorOfTheEngineWas() {
    OverlayException received = Failure.of(Failure.fields(new IllegalStateException("why")));
    assertTrue(received.getMessage().contains("IllegalStateException: why"));
    assertTrue(received.getMessage().contains("FailureTest"));
  }
}
