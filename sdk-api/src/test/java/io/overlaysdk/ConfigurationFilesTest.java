package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationFilesTest {
  private static final String NAME = "overlay-sdk/config.yaml";

  @TempDir Path directory;
  private Path home;
  private Path xdg;
  private Path etc;

  @BeforeEach
  void noFileIsThere() {
    home = directory.resolve("home");
    xdg = directory.resolve("xdg");
    etc = directory.resolve("etc");
  }

  @Test
  void findsNothingWhereNothingIs() {
    assertEquals(Optional.empty(), find(Map.of()));
    assertEquals(Optional.empty(), find(Map.of("XDG_CONFIG_HOME", xdg.toString())));
  }

  @Test
  void theNamedFileWinsAndNeedNotBeThere() throws IOException {
    write(home.resolve(".config"));
    write(etc);
    assertEquals(
        Optional.of(Path.of("/nowhere/site.yaml")),
        find(Map.of("OVERLAYSDK_CONFIG", "/nowhere/site.yaml")));
  }

  @Test
  void anEmptyVariableNamesNoFile() throws IOException {
    Path file = write(etc);
    assertEquals(Optional.of(file), find(Map.of("OVERLAYSDK_CONFIG", "", "XDG_CONFIG_HOME", "")));
  }

  @Test
  void theUsersFileComesBeforeThatOfTheMachine() throws IOException {
    write(etc);
    Path file = write(home.resolve(".config"));
    assertEquals(Optional.of(file), find(Map.of()));
  }

  @Test
  void theMachinesFileIsFoundWhereTheUserHasNone() throws IOException {
    Path file = write(etc);
    assertEquals(Optional.of(file), find(Map.of()));
  }

  @Test
  void xdgConfigHomeStandsInForTheDirectoryInTheHome() throws IOException {
    write(home.resolve(".config"));
    Map<String, String> environment = Map.of("XDG_CONFIG_HOME", xdg.toString());
    assertEquals(Optional.empty(), find(environment));
    Path file = write(xdg);
    assertEquals(Optional.of(file), find(environment));
  }

  @Test
  void aRelativeXdgConfigHomeIsIgnored() throws IOException {
    Path file = write(home.resolve(".config"));
    assertEquals(Optional.of(file), find(Map.of("XDG_CONFIG_HOME", "relative")));
  }

  @Test
  void aHomeThatIsNoDirectoryHoldsNoFile() throws IOException {
    home = Files.createFile(directory.resolve("file"));
    assertEquals(Optional.empty(), find(Map.of()));
    home = Path.of("?");
    assertEquals(Optional.empty(), find(Map.of()));
  }

  @Test
  void aLinkThatLeadsNowhereIsNotPassedOver() throws IOException {
    write(etc);
    Path link = home.resolve(".config").resolve(NAME);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, directory.resolve("gone"));
    assertEquals(Optional.of(link), find(Map.of()));
    assertThrows(ConfigException.class, () -> Configuration.read(link));
  }

  @Test
  void theSitesFileIsFoundWhateverTheUserHas() throws IOException {
    assertEquals(Optional.empty(), ofSite());
    write(home.resolve(".config"));
    Path file = write(etc);
    assertEquals(Optional.of(file), ofSite());
  }

  @Test
  void aFileThatSomebodyElseMayWriteToIsNoPolicy() throws IOException {
    Path file = write(etc);
    mode(file, "rw-rw-r--");
    refusesSite(file + " (user id " + owner() + ", mode 664)");
    mode(file, "rw-r--rw-");
    refusesSite("chmod go-w");
    mode(file, "rw-r--r--");
    mode(file.getParent(), "rwxrwxr-x");
    refusesSite(file.getParent().toString());
    mode(file.getParent(), "rwxr-xr-x");
    assertEquals(Optional.of(file), ofSite());
  }

  @Test
  void aFileOfAnotherUserIsNoPolicy() throws IOException {
    Path file = write(etc);
    if (owner() == 0) {
      Files.setAttribute(file, "unix:uid", 12345);
    }
    assertThrows(ConfigException.class, () -> ConfigurationFiles.ofSite(etc, 0));
    int uid = (int) Files.getAttribute(file, "unix:uid");
    assertEquals(Optional.of(file), ConfigurationFiles.ofSite(etc, uid));
  }

  @Test
  void aLinkToAFileThatSomebodyElseMayWriteToIsNoPolicy() throws IOException {
    Path elsewhere = Files.createFile(Files.createDirectory(etc).resolve("elsewhere"));
    Path link = etc.resolve(NAME);
    Files.createSymbolicLink(
        Files.createDirectory(link.getParent()).resolve("config.yaml"), elsewhere);
    assertEquals(Optional.of(link), ofSite());
    mode(elsewhere, "rw-rw-rw-");
    refusesSite(elsewhere.toString());
    Files.delete(elsewhere);
    refusesSite("cannot be looked at");
  }

  /** Whoever may write to a directory on the way can have it lead elsewhere. */
  @Test
  void aLinkThatSomebodyElseMayChangeLeadsToNoPolicy() throws IOException {
    Path elsewhere = Files.createFile(Files.createDirectory(etc).resolve("elsewhere"));
    Path shared = Files.createDirectory(directory.resolve("shared"));
    Path between = Files.createSymbolicLink(shared.resolve("current"), elsewhere);
    Path link = etc.resolve(NAME);
    Files.createSymbolicLink(
        Files.createDirectory(link.getParent()).resolve("config.yaml"), between);
    assertEquals(Optional.of(link), ofSite());
    mode(shared, "rwxrwxrwx");
    refusesSite(shared.toString());
    mode(shared, "rwxr-xr-x");
    Files.delete(between);
    Files.createSymbolicLink(between, link);
    refusesSite("cannot be looked at");
  }

  private Optional<Path> ofSite() {
    return ConfigurationFiles.ofSite(etc, owner());
  }

  private void refusesSite(String problem) {
    ConfigException e = assertThrows(ConfigException.class, this::ofSite);
    assertTrue(e.getMessage().contains(problem), e.getMessage());
  }

  private int owner() {
    try {
      return (int) Files.getAttribute(directory, "unix:uid");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void mode(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private Optional<Path> find(Map<String, String> environment) {
    return ConfigurationFiles.find(environment, home, etc);
  }

  private static Path write(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    Files.createDirectories(file.getParent());
    return Files.createFile(file);
  }
}
