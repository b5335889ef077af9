package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private Optional<Path> find(Map<String, String> environment) {
    return ConfigurationFiles.find(environment, home, etc);
  }

  private static Path write(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    Files.createDirectories(file.getParent());
    return Files.createFile(file);
  }
}
