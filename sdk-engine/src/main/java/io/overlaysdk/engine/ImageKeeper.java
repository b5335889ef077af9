package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.LaunchException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A JVM that has the tool's lock of images as long as a container lives that outlives the process
 * which opened its session. Only a process that lives can have such a lock, and of the programs
 * that come with a system none takes it (flock(1) does from util-linux 2.41 on).
 */
final class ImageKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(ImageKeeper.class);
  private static final String HELD = "held\n";
  private static final long LOOK_MILLIS = 500;
  private static final long PATIENCE_SECONDS = 10;
  private static final long POLL_MILLIS = 5;

  /** Most of what a JVM takes is for work that this one never does. */
  private static final List<String> SMALL = List.of("-Xint", "-Xmx8m", "-Xss256k");

  private final List<Image> images;
  private final Path messages;
  private final Running running;

  private ImageKeeper(List<Image> images, Path messages, Running running) {
    this.images = images;
    this.messages = messages;
    this.running = running;
  }

  /**
   * An image.
   *
   * @param alone whether nobody else may read it either
   */
  record Image(Path path, boolean alone) {
    private static final String ALONE = "alone";
    private static final String SHARED = "shared";

    private List<String> words() {
      return List.of(alone ? ALONE : SHARED, path.toString());
    }

    private static Image of(List<String> words) {
      return new Image(Path.of(words.get(1)), words.get(0).equals(ALONE));
    }
  }

  /**
   * Starts one that waits until the images are let go of here. Empty where there are none, and
   * where it cannot be started, which is said in the log.
   *
   * @param scratch a directory of the session
   * @param container whose end ends it
   * @param started is told its pid
   */
  static Optional<ImageKeeper> start(
      List<Image> images,
      Path scratch,
      Journal.ProcessKey container,
      Launcher launcher,
      LongConsumer started) {
    if (images.isEmpty()) {
      return Optional.empty();
    }
    Path messages = scratch.resolve("keeper.log");
    try {
      List<String> words = OwnClasses.java(ImageKeeper.class, SMALL);
      words.add(container.toString());
      images.forEach(image -> words.addAll(image.words()));
      return Optional.of(
          new ImageKeeper(
              images, messages, launcher.detach(Invocation.of(words), messages, started)));
    } catch (UnsupportedException | LaunchException e) {
      warn(images, e.toString());
      return Optional.empty();
    }
  }

  private static void warn(List<Image> images, String reason) {
    LOG.warn(
        "while the session stays, only those of this SDK are kept out of {}: {}",
        images.stream().map(Image::path).toList(),
        reason);
  }

  /** Waits until it has the images, which are let go of here. */
  void awaitHeld() {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    try {
      while (!Files.readString(messages).endsWith(HELD)) {
        if (running.ended().isDone() || System.nanoTime() > until) {
          warn(images, "their locks were not taken over: " + running.messages());
          return;
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    } catch (IOException e) {
      warn(images, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes the process whose end it waits for, and of each image how it is held, and the path. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Journal.ProcessKey container = Journal.ProcessKey.parse(arguments[0]).orElseThrow();
    List<FileChannel> held = new ArrayList<>();
    for (int i = 1; i < arguments.length; i += 2) {
      held.add(hold(Image.of(List.of(arguments[i], arguments[i + 1]))));
    }
    System.out.write(HELD.getBytes(UTF_8));
    System.out.flush();
    while (container.mayLive()) {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    for (FileChannel channel : held) {
      channel.close();
    }
  }

  /** Waits for whoever has it. */
  private static FileChannel hold(Image image) throws IOException {
    FileChannel channel =
        FileChannel.open(
            image.path(),
            image.alone() ? StandardOpenOption.WRITE : StandardOpenOption.READ,
            LinkOption.NOFOLLOW_LINKS);
    channel.lock(0, Long.MAX_VALUE, !image.alone());
    return channel;
  }
}
