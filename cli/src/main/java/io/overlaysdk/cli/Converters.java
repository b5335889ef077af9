package io.overlaysdk.cli;

import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.Share;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of options with the API's own readers, so that YAML and options mean alike. */
abstract class Converters<T> implements ITypeConverter<T> {
  private final Function<String, T> reader;

  private Converters(Function<String, T> reader) {
    this.reader = reader;
  }

  @Override
  public T convert(String text) {
    try {
      return reader.apply(text);
    } catch (InvalidSpecException e) {
      throw new TypeConversionException(e.getMessage());
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "this machine's locale has no form for the path: " + e.getMessage());
    }
  }

  static final class OfImage extends Converters<Image> {
    OfImage() {
      super(Image::parse);
    }
  }

  static final class OfOverlay extends Converters<Overlay> {
    OfOverlay() {
      super(Overlay::parse);
    }
  }

  /** A size, or nothing: as much as the scratch disk holds. */
  static final class OfEphemeral extends Converters<Overlay> {
    OfEphemeral() {
      super(OfEphemeral::read);
    }

    private static Overlay read(String text) {
      return text.isEmpty()
          ? Overlay.ephemeral()
          : Overlay.ephemeral(new Amount.OfBytes().convert(text));
    }
  }

  static final class OfBind extends Converters<Bind> {
    OfBind() {
      super(Bind::parse);
    }
  }

  static final class OfShare extends Converters<Share> {
    OfShare() {
      super(Share::parse);
    }
  }

  static final class OfContainerPath extends Converters<ContainerPath> {
    OfContainerPath() {
      super(ContainerPath::of);
    }
  }

  static final class OfPath extends Converters<Path> {
    OfPath() {
      super(OfPath::read);
    }

    private static Path read(String text) {
      if (text.isEmpty()) {
        throw new InvalidSpecException("a path cannot be empty");
      }
      return Path.of(text);
    }
  }

  static final class OfNetwork extends Converters<Network> {
    OfNetwork() {
      super(OfNetwork::read);
    }

    private static Network read(String text) {
      return switch (text) {
        case "host" -> Network.HOST;
        case "none" -> Network.NONE;
        default -> throw new InvalidSpecException("no network: \"" + text + "\": host or none");
      };
    }
  }

  static final class OfGpu extends Converters<Gpu> {
    OfGpu() {
      super(OfGpu::read);
    }

    private static Gpu read(String text) {
      return switch (text) {
        case "nvidia" -> Gpu.NVIDIA;
        case "amd" -> Gpu.AMD;
        default -> throw new InvalidSpecException("no gpu: \"" + text + "\": nvidia or amd");
      };
    }
  }
}
