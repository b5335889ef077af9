package io.overlaysdk.layers;

import io.overlaysdk.spi.Dialect;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * One layer of an overlay: a directory on the host, and how its markers are to be read. A value;
 * nothing is read before {@link #open}.
 *
 * <p>The markers are recognised by evidence unless {@link #in} says who wrote them: {@code
 * .wh.NAME} is a whiteout only where the layer shows that fuse-overlayfs wrote it, because on any
 * other driver a user may have a file of that name.
 */
public final class Layer {
  private final Path root;
  private final boolean base;
  private final @Nullable Dialect stated;
  private final @Nullable ExtendedAttributes extended;
  private final @Nullable Layer under;

  private Layer(
      Path root,
      boolean base,
      @Nullable Dialect stated,
      @Nullable ExtendedAttributes extended,
      @Nullable Layer under) {
    this.root = root.toAbsolutePath().normalize();
    this.base = base;
    this.stated = stated;
    this.extended = extended;
    this.under = under;
  }

  /** The upper directory {@code root}, whose markers are recognised by evidence. */
  public static Layer at(Path root) {
    return new Layer(root, false, null, null, null);
  }

  /**
   * The root of an image, below every overlay. It hides nothing, so its entries are what they are;
   * only a 0:0 character device is left out, because no driver shows one.
   */
  public static Layer base(Path root) {
    return new Layer(root, true, Dialect.NEUTRAL, null, null);
  }

  /** The same layer, written by a driver that the caller knows, such as from a manifest. */
  public Layer in(Dialect dialect) {
    return new Layer(root, base, Objects.requireNonNull(dialect, "dialect"), extended, under);
  }

  /** The same layer, with a way to the attributes that Java cannot read. */
  public Layer with(ExtendedAttributes attributes) {
    return new Layer(root, base, stated, Objects.requireNonNull(attributes, "attributes"), under);
  }

  /**
   * This layer and the one right below it, seen as one: what both together change in what lies
   * below them. The attributes that Java cannot read are looked up in each of them as it says.
   *
   * @throws IllegalArgumentException where one of them is the root of an image
   */
  public Layer over(Layer lower) {
    if (base || lower.base) {
      throw new IllegalArgumentException("the root of an image is no part of an overlay");
    }
    return new Layer(root, false, stated, extended, under == null ? lower : under.over(lower));
  }

  /** The layer that is one with this one, right below it. */
  Optional<Layer> under() {
    return Optional.ofNullable(under);
  }

  /** The directory on the host, absolute; of several layers seen as one, that of the topmost. */
  public Path root() {
    return root;
  }

  /** Whether this is the root of an image. */
  public boolean isBase() {
    return base;
  }

  /** Who wrote the markers, where the caller said so. */
  public Optional<Dialect> dialect() {
    return Optional.ofNullable(stated);
  }

  /** The way to the attributes that Java cannot read, where the caller gave one. */
  public Optional<ExtendedAttributes> extended() {
    return Optional.ofNullable(extended);
  }

  /**
   * Opens the root of this layer. The layer must be at rest: not the upper directory of a mount.
   *
   * @throws io.overlaysdk.OverlayException where it is no directory or cannot be read
   */
  public LayerDirectory open() {
    return LayerDirectory.root(this);
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
