package io.overlaysdk.engine;

import static io.overlaysdk.engine.Records.field;
import static io.overlaysdk.engine.Records.text;

import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Work on layers at rest, so fully described that another process can do it as well; {@link
 * LayerWork} does it.
 */
sealed interface Job {
  /** Bottom to top. */
  List<LayerSource> layers();

  /** What owners mean to the process that does it. */
  Owning owning();

  /** The same, done by a process to which they mean something else. */
  Job as(Owning other);

  /** As a record. */
  List<byte[]> fields();

  /**
   * What the topmost layer changes in the others.
   *
   * @param whole whether it is a tree of its own, so that what it has not is deleted
   */
  record ListChanges(
      List<LayerSource> layers,
      Owning owning,
      Changes.Detail detail,
      boolean whole,
      List<ContainerPath> mountPoints)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new ListChanges(layers, other, detail, whole, mountPoints);
    }

    @Override
    public List<byte[]> fields() {
      List<byte[]> fields =
          begin(
              "changes",
              layers,
              field(owning.name()),
              field(detail.name()),
              field(Boolean.toString(whole)));
      mountPoints.forEach(path -> fields.add(path.bytes()));
      return fields;
    }
  }

  /** The topmost layer becomes an archive. */
  record Export(List<LayerSource> layers, Owning owning, Path target, Optional<String> latest)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Export(layers, other, target, latest);
    }

    @Override
    public List<byte[]> fields() {
      return begin(
          "export", layers, field(owning.name()), PathBytes.of(target), field(latest.orElse("")));
    }
  }

  /**
   * The topmost layer becomes a squashfs in neutral form.
   *
   * @param target a new file
   * @param latest nothing in it is younger than this, seconds since 1970
   */
  record Freeze(List<LayerSource> layers, Owning owning, Path target, OptionalLong latest)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Freeze(layers, other, target, latest);
    }

    @Override
    public List<byte[]> fields() {
      String time = latest.isPresent() ? Long.toString(latest.getAsLong()) : "";
      return begin("freeze", layers, field(owning.name()), PathBytes.of(target), field(time));
    }
  }

  /**
   * The layers become a file system, or the topmost does.
   *
   * @param target what is written: a file, or a directory that is not there yet
   * @param line what is added to the history in it
   */
  record Pack(
      List<LayerSource> layers,
      Owning owning,
      Path target,
      Product product,
      Optional<String> latest,
      String line)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Pack(layers, other, target, product, latest, line);
    }

    @Override
    public List<byte[]> fields() {
      return begin(
          "pack",
          layers,
          field(owning.name()),
          PathBytes.of(target),
          field(product.name()),
          field(latest.orElse("")),
          field(line));
    }
  }

  /**
   * Whether the topmost layer changes the same as the one below it, each on what lies below both.
   *
   * @param except paths at which it need not
   */
  record Compare(List<LayerSource> layers, Owning owning, List<ContainerPath> except)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Compare(layers, other, except);
    }

    @Override
    public List<byte[]> fields() {
      List<byte[]> fields = begin("compare", layers, field(owning.name()));
      except.forEach(path -> fields.add(path.bytes()));
      return fields;
    }
  }

  /** What layers become. */
  enum Product {
    /** The topmost layer, in neutral form, as a squashfs. */
    LAYER,
    /** All of them as the squashfs in a file that will be a SIF. */
    SIF,
    /** All of them as the layer in a file that will be an OCI archive. */
    OCI,
    /** All of them as a directory. */
    DIRECTORY
  }

  /**
   * An archive becomes an overlay on these layers.
   *
   * @param overlay where that is made
   * @param named what the user called it: an image is filled as a copy
   * @param workshop the name of a directory that is made meanwhile, in the overlay, or beside one
   *     that is new
   */
  record Import(
      List<LayerSource> layers,
      Owning owning,
      Path archive,
      Path overlay,
      Path named,
      String workshop,
      Into into)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Import(layers, other, archive, overlay, named, workshop, into);
    }

    @Override
    public List<byte[]> fields() {
      return begin(
          "import",
          layers,
          field(owning.name()),
          PathBytes.of(archive),
          PathBytes.of(overlay),
          PathBytes.of(named),
          field(workshop),
          field(into.name()));
    }
  }

  /** Where an archive is unpacked. */
  enum Into {
    /** A directory overlay that is not there yet. */
    NEW,
    /** A directory overlay with nothing in it. */
    DIRECTORY,
    /** A copy of an ext3 image with nothing in it. */
    EXT3
  }

  /** In which dialects the only layer marks what it hides. */
  record FindDialects(List<LayerSource> layers, Owning owning) implements Job {
    @Override
    public Job as(Owning other) {
      return new FindDialects(layers, other);
    }

    @Override
    public List<byte[]> fields() {
      return begin("dialects", layers, field(owning.name()));
    }
  }

  /**
   * An overlay comes into neutral form.
   *
   * @param layers what lies below it; with {@link Form#COPY} the topmost is itself
   * @param overlay the directory overlay, or the image
   * @param workshop the name of a directory that is made in the overlay meanwhile
   */
  record Neutral(List<LayerSource> layers, Owning owning, Path overlay, String workshop, Form form)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Neutral(layers, other, overlay, workshop, form);
    }

    @Override
    public List<byte[]> fields() {
      return begin(
          "neutral",
          layers,
          field(owning.name()),
          PathBytes.of(overlay),
          field(workshop),
          field(form.name()));
    }
  }

  /** Which names of the only layer share their file with another one. */
  record FindLinks(List<LayerSource> layers, Owning owning) implements Job {
    @Override
    public Job as(Owning other) {
      return new FindLinks(layers, other);
    }

    @Override
    public List<byte[]> fields() {
      return begin("links", layers, field(owning.name()));
    }
  }

  /**
   * Names of the only layer become files of their own.
   *
   * @param overlay a directory overlay that is not there yet
   * @param names relative to the layer
   */
  record Separate(List<LayerSource> layers, Owning owning, Path overlay, List<byte[]> names)
      implements Job {
    @Override
    public Job as(Owning other) {
      return new Separate(layers, other, overlay, names);
    }

    @Override
    public List<byte[]> fields() {
      List<byte[]> fields = begin("separate", layers, field(owning.name()), PathBytes.of(overlay));
      fields.addAll(names);
      return fields;
    }
  }

  /** What is brought into neutral form. */
  enum Form {
    /** A directory overlay, in place. */
    DIRECTORY,
    /** A copy of an ext3 image. */
    EXT3,
    /** A directory overlay that is not there yet, which becomes a copy of a layer. */
    COPY
  }

  private static List<byte[]> begin(String kind, List<LayerSource> layers, byte[]... more) {
    List<byte[]> fields = new ArrayList<>();
    fields.add(field(kind));
    fields.add(field(Integer.toString(layers.size())));
    for (LayerSource layer : layers) {
      fields.add(PathBytes.of(layer.file()));
      fields.add(field(layer.format().name()));
      fields.add(field(Long.toString(layer.offset())));
      fields.add(
          field(
              layer.base() + " " + layer.inUpper() + " " + layer.joined() + " " + layer.neutral()));
    }
    fields.addAll(List.of(more));
    return fields;
  }

  /** The job that these are the fields of. */
  static Job of(List<byte[]> fields) {
    int at = 2;
    List<LayerSource> layers = new ArrayList<>();
    for (int i = Integer.parseInt(text(fields.get(1))); i > 0; i--) {
      String[] flags = text(fields.get(at + 3)).split(" ");
      layers.add(
          new LayerSource(
              PathBytes.path(fields.get(at)),
              LayerSource.Format.valueOf(text(fields.get(at + 1))),
              Long.parseLong(text(fields.get(at + 2))),
              Boolean.parseBoolean(flags[0]),
              Boolean.parseBoolean(flags[1]),
              Boolean.parseBoolean(flags[2]),
              Boolean.parseBoolean(flags[3])));
      at += 4;
    }
    return of(text(fields.get(0)), layers, fields.subList(at, fields.size()));
  }

  private static Job of(String kind, List<LayerSource> layers, List<byte[]> rest) {
    Owning owning = Owning.valueOf(text(rest.get(0)));
    return switch (kind) {
      case "changes" ->
          new ListChanges(
              layers,
              owning,
              Changes.Detail.valueOf(text(rest.get(1))),
              Boolean.parseBoolean(text(rest.get(2))),
              rest.subList(3, rest.size()).stream().map(ContainerPath::of).toList());
      case "export" ->
          new Export(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              Optional.of(text(rest.get(2))).filter(latest -> !latest.isEmpty()));
      case "freeze" ->
          new Freeze(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              text(rest.get(2)).isEmpty()
                  ? OptionalLong.empty()
                  : OptionalLong.of(Long.parseLong(text(rest.get(2)))));
      case "pack" ->
          new Pack(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              Product.valueOf(text(rest.get(2))),
              Optional.of(text(rest.get(3))).filter(latest -> !latest.isEmpty()),
              text(rest.get(4)));
      case "compare" ->
          new Compare(
              layers,
              owning,
              rest.subList(1, rest.size()).stream().map(ContainerPath::of).toList());
      case "import" ->
          new Import(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              PathBytes.path(rest.get(2)),
              PathBytes.path(rest.get(3)),
              text(rest.get(4)),
              Into.valueOf(text(rest.get(5))));
      case "dialects" -> new FindDialects(layers, owning);
      case "links" -> new FindLinks(layers, owning);
      case "separate" ->
          new Separate(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              List.copyOf(rest.subList(2, rest.size())));
      case "neutral" ->
          new Neutral(
              layers,
              owning,
              PathBytes.path(rest.get(1)),
              text(rest.get(2)),
              Form.valueOf(text(rest.get(3))));
      default -> throw new IllegalArgumentException("no job: " + kind);
    };
  }
}
