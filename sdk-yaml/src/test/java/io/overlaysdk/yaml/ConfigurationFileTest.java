package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Configuration;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Share;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {
  @TempDir Path directory;

  private Written written(String text) throws IOException {
    return Written.to(directory, text);
  }

  @Test
  void readsEveryKey() throws IOException {
    Configuration site =
        written(
                """
                version: 1
                backends: [fuse-overlayfs, apptainer]
                executables:
                  apptainer: /opt/apptainer/bin/apptainer
                  mkfs.ext3: /sbin/mkfs.ext3
                templates: {large: /site/large.img.zst}
                scratch: /scratch/sessions
                state: /var/lib/overlay-sdk
                binds:
                  - /data
                  - /etc/site:/etc/site:ro
                  - {source: "/a:b", target: /colon, access: read-only}
                  - {source: /c, target: /d}
                share: [cwd, home]
                environment: {COUNTRY: no, MODE: 0644, AT: 1:30, VERSION: 1.10}
                time-limit: 1h30m
                grace: 90s
                output-limit: 64M
                """)
            .configuration();
    assertEquals(List.of("fuse-overlayfs", "apptainer"), site.backends());
    assertEquals(
        Map.of(
            "apptainer",
            Path.of("/opt/apptainer/bin/apptainer"),
            "mkfs.ext3",
            Path.of("/sbin/mkfs.ext3")),
        site.executables());
    assertEquals(Map.of("large", Path.of("/site/large.img.zst")), site.templates());
    assertEquals(Optional.of(Path.of("/scratch/sessions")), site.scratch());
    assertEquals(Optional.of(Path.of("/var/lib/overlay-sdk")), site.state());
    assertEquals(
        List.of(
            bind("/data", "/data", Access.READ_WRITE),
            bind("/etc/site", "/etc/site", Access.READ_ONLY),
            bind("/a:b", "/colon", Access.READ_ONLY),
            bind("/c", "/d", Access.READ_WRITE)),
        site.binds());
    assertEquals(Set.of(Share.HOME, Share.WORKING_DIRECTORY), site.shares());
    assertEquals(
        List.of("COUNTRY=no", "MODE=0644", "AT=1:30", "VERSION=1.10"),
        site.variables().entrySet().stream().map(Object::toString).toList());
    assertEquals(Optional.of(Duration.ofMinutes(90)), site.timeLimit());
    assertEquals(Duration.ofSeconds(90), site.grace());
    assertEquals(64 << 20, site.outputLimit());
  }

  private static Bind bind(String source, String target, Access access) {
    return new Bind(Path.of(source), ContainerPath.of(target), access);
  }

  @Test
  void decidesNothingWithoutContent() throws IOException {
    assertSame(Configuration.defaults(), written("").configuration());
    assertSame(Configuration.defaults(), written("# backends: [apptainer]\n").configuration());
  }

  @Test
  void namesTheKeyThatWasMeant() throws IOException {
    written("grace: 1s\ntime_limit: 5m\n")
        .configurationFailsAt(
            2, 1, "time_limit", "unknown key \"time_limit\"; did you mean \"time-limit\"?");
    written("enviroment: {}\n")
        .configurationFailsAt(1, 1, "enviroment", "did you mean \"environment\"?");
    written("binds:\n  - {source: /a, targte: /b}\n")
        .configurationFailsAt(2, 18, "binds[0].targte", "did you mean \"target\"?");
  }

  @Test
  void namesAllKeysWhereNoneIsNear() throws IOException {
    written("zzz: 1\n")
        .configurationFailsAt(
            1,
            1,
            "zzz",
            "unknown key \"zzz\"; known here: version, backends, executables, templates, scratch, state, binds,"
                + " share, environment, time-limit, grace, output-limit, policy");
  }

  @Test
  void refusesADoubledKey() throws IOException {
    written("grace: 1s\nenvironment:\n  A: 1\n  B: 2\n  A: 3\n")
        .configurationFailsAt(5, 3, "environment.A", "the key is there already, in line 3");
  }

  @Test
  void namesAKeyThatIsMissing() throws IOException {
    written("binds:\n  - {source: /a}\n")
        .configurationFailsAt(2, 5, "binds[0]", "the key \"target\" is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                       | 1:1  |                 | expected keys with values, found a list",
        "hello                    | 1:1  |                 | found the text \"hello\"",
        "version: 2               | 1:10 | version         | version 2 is not known here; known is 1",
        "version: \"1\"           | 1:10 | version         | expected a whole number in plain digits",
        "version: 01              | 1:10 | version         | found the number 01",
        "backends: apptainer      | 1:11 | backends        | expected a list, found the text",
        "backends: [[a]]          | 1:12 | backends[0]     | expected a text, found a list",
        "backends: ['']           | 1:12 | backends[0]     | this cannot be empty",
        "backends:                | 1:10 | backends        | expected a list, found nothing",
        "executables: [a]         | 1:14 | executables     | expected keys with values, found a list",
        "executables: {a: b}      | 1:18 | executables.a   | must be an absolute path: b",
        "executables: {a: 5}      | 1:18 | executables.a   | must be an absolute path: 5",
        "scratch: ~               | 1:10 | scratch         | expected a text, found ~",
        "scratch: tmp             | 1:10 | scratch         | must be an absolute path: tmp",
        "scratch: \"/a\\0b\"      | 1:10 | scratch         | not a path on this machine",
        "state: {a: b}            | 1:8  | state           | expected a text, found keys with values",
        "binds: ['/a:/b:rx']      | 1:9  | binds[0]        | \"rx\" is not ro or rw",
        "binds: ['/a:b']          | 1:9  | binds[0]        | a container path must be absolute: \"b\"",
        "binds: ['a:/b']          | 1:9  | binds[0]        | must be an absolute path: \"a\"",
        "share: [homes]           | 1:9  | share[0]        | did you mean \"home\"?",
        "share: home              | 1:8  | share           | expected a list",
        "environment: {A: }       | 1:17 | environment.A   | an empty text is written",
        "environment: {1A: x}     | 1:15 | environment.1A  | cannot be the name of an environment",
        "environment: {A: [x]}    | 1:18 | environment.A   | expected a text, found a list",
        "time-limit: 90           | 1:13 | time-limit      | expected a time such as 90s, 5m or 1h30m",
        "time-limit: 1:30         | 1:13 | time-limit      | found \"1:30\"",
        "time-limit: 0s           | 1:13 | time-limit      | a time limit must be longer than nothing",
        "time-limit: ''           | 1:13 | time-limit      | expected a time",
        "time-limit: 5s3m         | 1:13 | time-limit      | expected a time",
        "grace: -1s               | 1:8  | grace           | expected a time",
        "output-limit: 4G         | 1:15 | output-limit    | at most 2147483647 bytes",
        "output-limit: 5MB        | 1:15 | output-limit    | expected a size in bytes",
        "output-limit: -1         | 1:15 | output-limit    | expected a size in bytes",
        "output-limit: 99999999999T | 1:15 | output-limit  | too large a size",
      })
  void refusesWhatIsWrong(String text, String at, String keyPath, String problem)
      throws IOException {
    String[] place = at.split(":");
    written(text + "\n")
        .configurationFailsAt(
            Integer.parseInt(place[0]),
            Integer.parseInt(place[1]),
            keyPath == null ? "" : keyPath,
            problem);
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,1", "4096,4096", "1K,1024", "3M,3145728", "1G,1073741824"})
  void readsSizesInUnitsOf1024(String text, int bytes) throws IOException {
    assertEquals(bytes, written("output-limit: " + text).configuration().outputLimit());
  }

  @ParameterizedTest
  @CsvSource({"90s,90", "5m,300", "1h,3600", "1h30m,5400", "1h0m1s,3601", "100m,6000"})
  void readsTimes(String text, int seconds) throws IOException {
    assertEquals(Duration.ofSeconds(seconds), written("grace: " + text).configuration().grace());
  }
}
