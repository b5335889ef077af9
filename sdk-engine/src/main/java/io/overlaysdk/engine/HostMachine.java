package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** The machine that this JVM runs on. */
final class HostMachine implements Host {
  private static final int NOBODY = -1;
  private static final int LONGEST_TEXT = 64 * 1024;

  private static final List<String> BEHIND_PATH = List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

  private final Map<String, Path> executables;
  private final Map<String, String> environment;
  private final Function<List<String>, Optional<Answer>> asking;
  private final Path root;

  /**
   * @param executables where programs are that the configuration names, by name
   * @param environment the variables of this process
   * @param asking runs a program, as {@link #ask} says
   */
  HostMachine(
      Map<String, Path> executables,
      Map<String, String> environment,
      Function<List<String>, Optional<Answer>> asking) {
    this(executables, environment, asking, Path.of("/"));
  }

  /**
   * @param root under which {@code proc}, {@code etc} and the programs behind PATH are looked for
   */
  HostMachine(
      Map<String, Path> executables,
      Map<String, String> environment,
      Function<List<String>, Optional<Answer>> asking,
      Path root) {
    this.executables = Map.copyOf(executables);
    this.environment = Map.copyOf(environment);
    this.asking = asking;
    this.root = root;
  }

  @Override
  public String os() {
    return System.getProperty("os.name");
  }

  @Override
  public String architecture() {
    return architecture(System.getProperty("os.arch"));
  }

  /** What Go calls the architecture that a JVM calls {@code name}. */
  static String architecture(String name) {
    return switch (name) {
      case "x86_64" -> "amd64";
      case "aarch64" -> "arm64";
      case "x86", "i386", "i486", "i586", "i686" -> "386";
      case "loongarch64" -> "loong64";
      default -> name; // amd64, arm, ppc64, ppc64le, s390x and riscv64 are called so by both
    };
  }

  /**
   * @throws OverlayException where the kernel does not tell who this is
   */
  @Override
  public Identity identity() {
    if (!os().equals("Linux")) {
      // enough to read and explain what another machine will run
      return new Identity(
          NOBODY,
          NOBODY,
          System.getProperty("user.name", "?"),
          Path.of(System.getProperty("user.home", "/")).toAbsolutePath(),
          false,
          Optional.empty());
    }
    ProcessStatus status = status();
    int uid = status.uid();
    Accounts accounts = new Accounts(root.resolve("etc"));
    Optional<Accounts.User> account = accounts.user(uid);
    String user = account.map(Accounts.User::name).orElseGet(() -> userName(uid));
    Path home =
        Stream.of(
                account.flatMap(Accounts.User::home),
                Accounts.absolute(System.getProperty("user.home", "")),
                Accounts.absolute(environment.getOrDefault("HOME", "")))
            .flatMap(Optional::stream)
            .findFirst()
            .orElse(Path.of("/"));
    return new Identity(
        uid,
        status.gid(),
        user,
        home,
        uid == 0 && status.isCapable(read(root.resolve("proc/sys/kernel/cap_last_cap")).orElse("")),
        accounts.subordinate(user, uid));
  }

  private static String userName(int uid) {
    // the JVM knows the users of directory services; it says ? for a user id without a name
    String name = System.getProperty("user.name", "?");
    return name.isEmpty() || name.equals("?") ? Integer.toUnsignedString(uid) : name;
  }

  private ProcessStatus status() {
    Path file = root.resolve("proc/self/status");
    return new ProcessStatus(
        read(file)
            .orElseThrow(
                () ->
                    new OverlayException(
                        "cannot tell who runs this: "
                            + file
                            + " cannot be read; /proc must be mounted")));
  }

  /**
   * @throws InvalidSpecException where the configuration names a program that is not there: another
   *     one in its place would not be what the site asked for
   */
  @Override
  public Optional<Path> find(String name) {
    if (name.isEmpty() || name.indexOf('/') >= 0) {
      return Optional.empty();
    }
    Path configured = executables.get(name);
    if (configured != null) {
      if (!isProgram(configured)) {
        throw new InvalidSpecException(
            "the configuration says that "
                + name
                + " is "
                + configured
                + ", and there is no program that this user can execute; correct the"
                + " configuration, or take the entry out so that PATH is searched");
      }
      return Optional.of(configured);
    }
    Stream<Path> path =
        Stream.of(environment.getOrDefault("PATH", "").split(":"))
            .map(Accounts::absolute)
            .flatMap(Optional::stream);
    Stream<Path> behind =
        BEHIND_PATH.stream().map(directory -> root.resolve(directory.substring(1)));
    return Stream.concat(path, behind)
        .map(directory -> directory.resolve(name))
        .filter(HostMachine::isProgram)
        .findFirst();
  }

  private static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }

  @Override
  public Optional<Answer> ask(List<String> words) {
    return asking.apply(words);
  }

  /** Also for files of {@code /proc}, whose size is 0. What is longer than 64 KiB is not small. */
  @Override
  public Optional<String> read(Path file) {
    // a pipe or a terminal would make this wait
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(LONGEST_TEXT + 1);
      return bytes.length > LONGEST_TEXT ? Optional.empty() : Optional.of(new String(bytes, UTF_8));
    } catch (IOException e) {
      if (Exhaustion.isNoAnswer(e)) {
        throw new OverlayException("cannot read " + file + ": " + e, e);
      }
      return Optional.empty();
    }
  }

  @Override
  public boolean isWritable(Path path) {
    return Files.isReadable(path) && Files.isWritable(path);
  }
}
