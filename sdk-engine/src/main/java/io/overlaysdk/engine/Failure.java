package io.overlaysdk.engine;

import static io.overlaysdk.engine.Records.field;
import static io.overlaysdk.engine.Records.text;

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
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** An exception as the fields of a record, so that another process can throw it again. */
final class Failure {
  /** Begins the second line of a launch exception, which its constructor writes anew. */
  private static final String RAN = "\n  ran: ";

  private Failure() {}

  /** What is thrown with the facts of its type; of other types the message remains. */
  static List<byte[]> fields(Throwable thrown) {
    List<byte[]> fields = new ArrayList<>();
    fields.add(field(thrown.getClass().getSimpleName()));
    fields.add(
        field(
            thrown instanceof OverlayException
                ? Objects.toString(thrown.getMessage())
                : trace(thrown)));
    if (thrown instanceof LaunchException launch) {
      fields.add(field(launch.toolOutput()));
      launch.invocation().forEach(word -> fields.add(field(word)));
    } else if (thrown instanceof OverlayBusyException busy) {
      fields.add(PathBytes.of(busy.overlay()));
      fields.add(field(busy.holder()));
      busy.details().ifPresent(holder -> fields.addAll(fields(holder)));
    } else if (thrown instanceof UnreadableLayerException layer) {
      fields.add(PathBytes.of(layer.file()));
      fields.add(field(layer.getCause() instanceof AccessDeniedException ? "denied" : ""));
    } else if (thrown instanceof UnreadableMarkersException markers) {
      fields.add(PathBytes.of(markers.layer()));
      fields.add(PathBytes.of(markers.entry()));
    } else if (thrown instanceof InexpressibleException inexpressible) {
      fields.add(PathBytes.of(inexpressible.layer()));
      inexpressible
          .entries()
          .forEach(
              entry -> {
                fields.add(PathBytes.of(entry.file()));
                fields.add(field(entry.reason()));
              });
    }
    return fields;
  }

  private static List<byte[]> fields(OverlayHolder holder) {
    OptionalLong process = holder.process();
    return List.of(
        field(holder.command()),
        field(process.isPresent() ? Long.toString(process.getAsLong()) : ""),
        field(holder.user().orElse("")),
        field(holder.host().orElse("")),
        field(holder.since().map(Instant::toString).orElse("")),
        field(holder.alive().map(Object::toString).orElse("")),
        field(holder.seen().map(Instant::toString).orElse("")));
  }

  private static Optional<OverlayHolder> holder(List<byte[]> fields) {
    if (fields.size() < 11) {
      return Optional.empty();
    }
    Optional<Long> process = some(fields, 5).map(Long::valueOf);
    return Optional.of(
        new OverlayHolder(
            word(fields, 4),
            process.map(OptionalLong::of).orElse(OptionalLong.empty()),
            some(fields, 6),
            some(fields, 7),
            some(fields, 8).map(Instant::parse),
            some(fields, 9).map(Boolean::valueOf),
            some(fields, 10).map(Instant::parse)));
  }

  private static Optional<String> some(List<byte[]> fields, int index) {
    return Optional.of(word(fields, index)).filter(text -> !text.isEmpty());
  }

  private static String trace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text, true));
    return "internal error in another process of the engine: " + text;
  }

  /** The exception that these fields were made of. */
  static OverlayException of(List<byte[]> fields) {
    String type = text(fields.get(0));
    String message = text(fields.get(1));
    return switch (type) {
      case "InvalidSpecException" -> new InvalidSpecException(message);
      case "UnsupportedException" -> new UnsupportedException(message);
      case "CorruptOverlayException" -> new CorruptOverlayException(message);
      case "InvalidLayerException" -> new InvalidLayerException(message);
      case "LaunchException" -> launch(message, fields);
      case "OverlayBusyException" ->
          new OverlayBusyException(path(fields, 2), word(fields, 3), holder(fields));
      case "UnreadableLayerException" -> unreadable(message, fields);
      case "UnreadableMarkersException" ->
          new UnreadableMarkersException(path(fields, 2), path(fields, 3));
      case "InexpressibleException" ->
          new InexpressibleException(path(fields, 2), inexpressible(fields));
      default -> new OverlayException(message);
    };
  }

  private static LaunchException launch(String message, List<byte[]> fields) {
    int end = message.indexOf(RAN);
    return new LaunchException(
        end < 0 ? message : message.substring(0, end),
        fields.subList(3, fields.size()).stream().map(Records::text).toList(),
        word(fields, 2));
  }

  private static UnreadableLayerException unreadable(String message, List<byte[]> fields) {
    Path file = path(fields, 2);
    boolean denied = word(fields, 3).equals("denied");
    return new UnreadableLayerException(
        file, message, denied ? new AccessDeniedException(file.toString()) : null);
  }

  private static List<InexpressibleException.Entry> inexpressible(List<byte[]> fields) {
    List<InexpressibleException.Entry> entries = new ArrayList<>();
    for (int i = 3; i < fields.size(); i += 2) {
      entries.add(new InexpressibleException.Entry(path(fields, i), word(fields, i + 1)));
    }
    return entries;
  }

  private static Path path(List<byte[]> fields, int index) {
    return PathBytes.path(fields.get(index));
  }

  private static String word(List<byte[]> fields, int index) {
    return text(fields.get(index));
  }
}
