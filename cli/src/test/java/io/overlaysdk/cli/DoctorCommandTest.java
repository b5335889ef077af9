package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.BackendReport;
import io.overlaysdk.Finding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  private final FakeSdk sdk = new FakeSdk();

  private static Map<String, String> capabilities(String... namesAndReasons) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndReasons.length; i += 2) {
      map.put(namesAndReasons[i], namesAndReasons[i + 1]);
    }
    return map;
  }

  @Test
  void printsTheToolsThenTheTableThenTheReasons() {
    sdk.reports =
        List.of(
            new BackendReport(
                "apptainer",
                true,
                "apptainer 1.4.5 (/usr/bin/apptainer)\nsquashfuse 0.5.2",
                capabilities(
                    "sandbox image",
                    "",
                    "directory overlay",
                    "",
                    "gpu",
                    "no device",
                    "network none",
                    "root")),
            new BackendReport(
                "fuse-overlayfs",
                true,
                "fuse-overlayfs 1.14",
                capabilities(
                    "sandbox image",
                    "",
                    "directory overlay",
                    "",
                    "gpu",
                    "no device",
                    "network none",
                    "")),
            new BackendReport(
                "singularity", false, "not on PATH; install it", capabilities("gpu", "no tool")));

    CommandLineRun run = CommandLineRun.of(sdk, "doctor");

    assertEquals(
        """
        apptainer       ready    apptainer 1.4.5 (/usr/bin/apptainer)
                                 squashfuse 0.5.2
        fuse-overlayfs  ready    fuse-overlayfs 1.14
        singularity     missing  not on PATH; install it

                           apptainer  fuse-overlayfs  singularity
        sandbox image      yes        yes             -
        directory overlay  yes        yes             -
        gpu                no [1]     no [1]          -
        network none       no [2]     yes             -
        [1] no device
        [2] root
        """,
        run.out());
    assertEquals("", run.err());
    assertEquals(0, run.status());
  }

  @Test
  void saysWhatWasTriedAndWhatToDoWhereSomethingIsNotFine() {
    sdk.findings =
        List.of(
            Finding.fine("kernel", "read it", "6.1"),
            new Finding(
                "FUSE", Finding.Level.WARNING, "looked", "closed", "no SIF for users", "open it"));

    assertEquals(
        """
        kernel  fine     6.1
        FUSE    limited  closed
                         tried:   looked
                         so:      no SIF for users
                         remedy:  open it

        no backend is here: put a jar such as overlay-sdk-backend-apptainer beside
        """,
        CommandLineRun.of(sdk, "doctor").out());
    assertEquals(
        "{\"findings\":[{\"subject\":\"kernel\",\"level\":\"FINE\",\"tried\":\"read it\","
            + "\"found\":\"6.1\",\"meaning\":\"\",\"remedy\":\"\"},{\"subject\":\"FUSE\","
            + "\"level\":\"WARNING\",\"tried\":\"looked\",\"found\":\"closed\","
            + "\"meaning\":\"no SIF for users\",\"remedy\":\"open it\"}],\"backends\":[]}\n",
        CommandLineRun.of(sdk, "doctor", "--json").out());
  }

  @Test
  void exitsWith0OnlyWhereTheTutorialCanBePlayed() {
    sdk.reports =
        List.of(
            new BackendReport(
                "a", true, "a", capabilities("sandbox image", "", "directory overlay", "no")));
    assertEquals(1, CommandLineRun.of(sdk, "doctor").status());
    sdk.reports =
        List.of(
            new BackendReport(
                "a", true, "a", capabilities("sandbox image", "", "directory overlay", "")));
    assertEquals(0, CommandLineRun.of(sdk, "doctor").status());
  }

  @Test
  void exitsWith1WhereNothingWorks() {
    sdk.reports = List.of(new BackendReport("apptainer", false, "not on PATH", Map.of()));

    assertEquals(
        new CommandLineRun(
            1, "apptainer  missing  not on PATH\n\nno backend works on this machine\n", ""),
        CommandLineRun.of(sdk, "doctor"));
  }

  @Test
  void exitsWith1WhereThereIsNoBackend() {
    assertEquals(1, CommandLineRun.of(sdk, "doctor").status());
    assertEquals(
        new CommandLineRun(1, "{\"findings\":[],\"backends\":[]}\n", ""),
        CommandLineRun.of(sdk, "doctor", "--json"));
  }

  @Test
  void printsTheSameAsJson() {
    sdk.reports =
        List.of(
            new BackendReport("a", true, "a \"1\"", capabilities("x", "", "y", "no")),
            new BackendReport("b", false, "gone", Map.of()));

    assertEquals(
        "{\"findings\":[],\"backends\":[{\"name\":\"a\",\"available\":true,\"summary\":\"a \\\"1\\\"\","
            + "\"capabilities\":{\"x\":{\"supported\":true,\"reason\":\"\"},"
            + "\"y\":{\"supported\":false,\"reason\":\"no\"}}},"
            + "{\"name\":\"b\",\"available\":false,\"summary\":\"gone\",\"capabilities\":{}}]}\n",
        CommandLineRun.of(sdk, "doctor", "--json").out());
  }
}
