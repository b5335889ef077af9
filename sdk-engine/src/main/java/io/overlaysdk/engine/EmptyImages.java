package io.overlaysdk.engine;

import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes ext3 images in which nothing is but {@code upper} and {@code work}; mounts none. */
final class EmptyImages {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final String DIRECTORY_TYPE = "04";

  /** What debugfs (1.47) prints of a directory, behind the command that it repeats. */
  private static final Pattern SEEN =
      Pattern.compile(
          "stat (/\\w+)\\RInode: \\d+ +Type: directory +Mode:\\s+0?([0-7]{4}) .*\\R.*\\R"
              + "User:\\s*(\\d+)\\s+Group:\\s*(\\d+) .*\\R");

  private static final Pattern ATTRIBUTE =
      Pattern.compile("(?m)^  (user\\..*) \\(\\d+\\)( = .*)?$");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.@:+-]+");

  private final Host host;
  private final Launcher launcher;
  private final Function<String, Scratch> scratches;

  EmptyImages(Host host, Launcher launcher, Function<String, Scratch> scratches) {
    this.host = host;
    this.launcher = launcher;
    this.scratches = scratches;
  }

  /** Makes one of this size, whose directories are this user's. */
  static void format(Host host, Scratch scratch, Path file, ImageSize size) {
    format(host, scratch, file, size, Optional.empty());
  }

  /**
   * @param volume which image it is to be: {@link ImageTop#volume}; empty for a new one
   */
  static void format(
      Host host, Scratch scratch, Path file, ImageSize size, Optional<String> volume) {
    Path content = scratch.directory().resolve("content");
    Ephemeral maker = new Ephemeral(host);
    List<Step> steps = new ArrayList<>();
    steps.add(new Step.MakeDirectory(content));
    steps.add(new Step.MakeDirectory(content.resolve("upper")));
    steps.add(new Step.MakeDirectory(content.resolve("work")));
    steps.add(maker.format(content, file, size, volume));
    if (size.full()) {
      steps.add(maker.fill(file, size));
    }
    scratch.perform(steps, LIMIT);
  }

  /**
   * Makes one that is like another.
   *
   * @param like has the size, the number of inodes, the owner and the mode
   * @param root has the attributes of the directories
   */
  void make(Path file, Path like, Path root) {
    make(file, like, root, List.of());
  }

  /** The same, with room for all that is in some images. */
  void make(Path file, Path like, Path root, List<Path> holding) {
    try (Scratch scratch = scratches.apply("an empty image like " + like)) {
      Map<String, Looks> wanted = looks(root, scratch);
      format(host, scratch, file, size(like, holding, scratch));
      give(file, wanted, root, scratch);
      imitate(like, file);
      new OverlayReader().read(Overlay.at(file));
    } catch (RuntimeException e) {
      remove(file, e);
      throw e;
    }
  }

  private static void remove(Path file, RuntimeException failure) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private ImageSize size(Path like, List<Path> holding, Scratch scratch) {
    Size size = Size.of(like);
    long bytes = 0;
    long inodes = 0;
    for (Path image : holding) {
      Size one = Size.of(image);
      bytes += one.bytes() - one.room().freeBytes();
      inodes += one.room().inodes() - one.room().freeInodes();
    }
    ImageSize made =
        ImageSize.of(Math.max(size.bytes(), bytes)).inodes(Math.max(size.room().inodes(), inodes));
    return holding.isEmpty() && isFull(like, size.bytes(), scratch) ? made.taken() : made;
  }

  private record Size(long bytes, ExtSuperblock.Room room) {
    static Size of(Path image) {
      try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
        return new Size(file.size(), ExtSuperblock.room(file, 0));
      }
    }
  }

  /** Whether it has all its space already; no file attribute of Java's tells. */
  private boolean isFull(Path image, long bytes, Scratch scratch) {
    Invocation stat =
        Invocation.of(
            host.find("stat").orElse(Path.of("/usr/bin/stat")),
            List.of("-c", "%b", "--", image.toString()));
    String blocks = run(stat, "", scratch).outputText().strip();
    return blocks.matches("[0-9]{1,15}") && Long.parseLong(blocks) * 512 >= bytes;
  }

  /** Whether nothing is in the {@code upper} of an image. */
  boolean isEmpty(Path image) {
    try (Scratch scratch = scratches.apply("a look into " + image)) {
      long entries =
          debugfs(image, false, List.of("ls -p /upper"), scratch)
              .lines()
              .filter(line -> line.startsWith("/"))
              .count();
      // itself, and what it is in
      return entries <= 2;
    }
  }

  /**
   * Owner, mode and attributes of a directory.
   *
   * @param attributes those of users, by name, each in a file
   */
  private record Looks(String mode, String uid, String gid, Map<String, Path> attributes) {
    boolean isLike(Looks other) {
      return mode.equals(other.mode)
          && uid.equals(other.uid)
          && gid.equals(other.gid)
          && attributes.keySet().equals(other.attributes.keySet());
    }
  }

  /** By the name of the directory. */
  private Map<String, Looks> looks(Path image, Scratch scratch) {
    String output = debugfs(image, false, List.of("stat /upper", "stat /work"), scratch);
    Map<String, Looks> looks = new LinkedHashMap<>();
    Matcher seen = SEEN.matcher(output);
    while (seen.find()) {
      int end = output.indexOf("debugfs: ", seen.end());
      String rest = output.substring(seen.end(), end < 0 ? output.length() : end);
      Map<String, Path> attributes = new LinkedHashMap<>();
      Matcher attribute = ATTRIBUTE.matcher(rest);
      while (attribute.find()) {
        String name = attribute.group(1);
        if (!Uppers.isInternal(name.substring("user.".length()))) {
          requirePlain(name, image);
          attributes.put(name, scratch.directory().resolve("value" + attributes.size()));
        }
      }
      // work is nobody's but the driver's
      looks.put(
          seen.group(1),
          new Looks(
              seen.group(2),
              seen.group(3),
              seen.group(4),
              seen.group(1).equals("/upper") ? attributes : Map.of()));
    }
    if (!looks.containsKey("/upper")) {
      throw new InvalidSpecException(
          "the image "
              + image
              + " has no directory \"upper\", so that nothing can be kept of it yet; use it in a"
              + " session first, or make one with overlay create --size");
    }
    return looks;
  }

  private static void requirePlain(String name, Path image) {
    if (!PLAIN.matcher(name).matches()) {
      throw new UnsupportedException(
          "the root directory in "
              + image
              + " has the extended attribute \""
              + name
              + "\", and debugfs cannot give one of that name to another; remove it first");
    }
  }

  private void give(Path image, Map<String, Looks> wanted, Path root, Scratch scratch) {
    List<String> reading = new ArrayList<>();
    List<String> writing = new ArrayList<>();
    wanted.forEach(
        (at, looks) -> {
          writing.add("sif " + at + " mode " + DIRECTORY_TYPE + looks.mode());
          writing.add("sif " + at + " uid " + looks.uid());
          writing.add("sif " + at + " gid " + looks.gid());
          looks
              .attributes()
              .forEach(
                  (name, value) -> {
                    reading.add("ea_get -f " + quoted(value) + " " + at + " " + name);
                    writing.add("ea_set -f " + quoted(value) + " " + at + " " + name);
                  });
        });
    if (!reading.isEmpty()) {
      debugfs(root, false, reading, scratch);
    }
    debugfs(image, true, writing, scratch);
    Map<String, Looks> made = looks(image, scratch);
    wanted.forEach(
        (at, looks) -> {
          Looks now = made.get(at);
          if (now == null || !looks.isLike(now)) {
            throw new OverlayException(
                "cannot give " + at + " in " + image + " what it has in " + root + ": " + looks);
          }
        });
  }

  private static String quoted(Path file) {
    return '"' + file.toString().replace("\"", "\"\"") + '"';
  }

  /** What it prints; it fails with status 0. */
  private String debugfs(Path image, boolean write, List<String> commands, Scratch scratch) {
    Path program = Programs.require(host, "debugfs", "look into " + image);
    List<String> words = new ArrayList<>(write ? List.of("-w") : List.of());
    words.addAll(List.of("-f", "-", image.toString()));
    String script = String.join("\n", commands) + "\n";
    return run(Invocation.of(program, words), script, scratch).outputText();
  }

  private Launcher.Outcome run(Invocation invocation, String input, Scratch scratch) {
    Launcher.Outcome outcome =
        launcher.run(
            invocation,
            new Launcher.Terms(
                Optional.of(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8))),
                Stdio.PIPES,
                Optional.of(LIMIT),
                scratch::started));
    if (outcome.status() != 0) {
      throw new LaunchException(
          invocation.executable() + " failed with status " + outcome.status(),
          invocation.words(),
          outcome.errorText());
    }
    return outcome;
  }

  /** Owner and mode. */
  static void imitate(Path like, Path file) {
    try {
      for (String attribute : List.of("unix:uid", "unix:gid")) {
        Object id = Files.getAttribute(like, attribute, LinkOption.NOFOLLOW_LINKS);
        if (!id.equals(Files.getAttribute(file, attribute))) {
          Files.setAttribute(file, attribute, id);
        }
      }
      int mode = (int) Files.getAttribute(like, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      Modes.set(file, mode & 07777);
    } catch (IOException e) {
      throw new OverlayException("cannot make " + file + " look like " + like + ": " + e, e);
    }
  }
}
