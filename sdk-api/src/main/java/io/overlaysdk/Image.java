package io.overlaysdk;

import io.overlaysdk.spi.Secrets;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The base of a session: a container image that no session ever writes to. What kind of image a
 * path holds (SIF, squashfs, ext3, a directory tree) is found when a session starts, by reading it.
 */
public final class Image {
  private static final String HOST_WORD = "host";

  /** Before the name of a host; a digest stands behind that of an image. */
  private static final Pattern USER =
      Pattern.compile("//[^/@]*@(?![a-z0-9+._-]+:[0-9a-f]{32,}/?$)");

  private static final Image HOST = new Image(null, null);

  private final @Nullable Path path;
  private final @Nullable URI uri;

  private Image(@Nullable Path path, @Nullable URI uri) {
    this.path = path;
    this.uri = uri;
  }

  /** The image in a file, or the root tree in a directory. That it exists is checked later. */
  public static Image at(Path path) {
    return new Image(Objects.requireNonNull(path, "path"), null);
  }

  /**
   * An image that a tool fetches by itself, such as {@code docker://debian:12}. Only backends whose
   * tool knows the scheme take it.
   *
   * @throws InvalidSpecException where {@code uri} has another form, names a user, which is for the
   *     tool to know, or names a file: that is {@link #at}
   */
  public static Image of(URI uri) {
    if (!uri.isAbsolute() || !uri.getRawSchemeSpecificPart().startsWith("//")) {
      throw new InvalidSpecException(
          "an image URI starts with a scheme, such as docker://: \"" + uri + "\"");
    }
    if (uri.getScheme().equalsIgnoreCase("file")) {
      throw new InvalidSpecException("an image on this machine is given by its path, not " + uri);
    }
    if (USER.matcher(uri.getRawSchemeSpecificPart()).lookingAt()) {
      throw new InvalidSpecException(
          "an image URI cannot hold a user or a password, which everybody could read in the list of"
              + " processes: "
              + Secrets.masked(uri.toString())
              + "; let the tool keep it (apptainer registry login)");
    }
    return new Image(null, uri);
  }

  /** The root file system of the machine itself, as a base that is not changed. */
  public static Image host() {
    return HOST;
  }

  /**
   * Reads the notation of the command line and of YAML: {@code host}, a text with {@code ://} as a
   * URI, anything else as a path.
   *
   * @throws InvalidSpecException where {@code text} is empty or a malformed URI
   */
  public static Image parse(String text) {
    if (text.isEmpty()) {
      throw new InvalidSpecException("an image is a path, a URI or \"host\"; it cannot be empty");
    }
    if (text.equals(HOST_WORD)) {
      return HOST;
    }
    if (!text.contains("://")) {
      return at(Texts.path("an image", text));
    }
    try {
      return of(new URI(text));
    } catch (URISyntaxException e) {
      throw new InvalidSpecException(
          "not an image URI: \"" + Secrets.masked(text) + "\": " + e.getReason(), e);
    }
  }

  /** Where the image is, unless it is fetched by URI or is the host. */
  public Optional<Path> path() {
    return Optional.ofNullable(path);
  }

  /** What a tool fetches, where the image was given by URI. */
  public Optional<URI> uri() {
    return Optional.ofNullable(uri);
  }

  /** Whether this is {@link #host()}. */
  public boolean isHost() {
    return path == null && uri == null;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Image image
        && Objects.equals(path, image.path)
        && Objects.equals(uri, image.uri);
  }

  @Override
  public int hashCode() {
    return Objects.hash(path, uri);
  }

  /** The notation that {@link #parse} reads. */
  @Override
  public String toString() {
    if (path == null) {
      return uri == null ? HOST_WORD : uri.toString();
    }
    String text = path.toString();
    return text.isEmpty() || text.equals(HOST_WORD) ? "./" + text : text;
  }
}
