package io.overlaysdk.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Measures the subjects that are named, or all, and writes down what came of it. */
public final class Main {
  private Main() {}

  private static Map<String, Benchmark> subjects() {
    Map<String, Benchmark> subjects = new LinkedHashMap<>();
    subjects.put("changes", new ChangesBenchmark());
    subjects.put("export", new ExportBenchmark());
    subjects.put("commit", new CommitBenchmark());
    subjects.put("sessions", new SessionBenchmark());
    subjects.put("commands", new CommandBenchmark());
    subjects.put("streams", new StreamBenchmark());
    subjects.put("many", new ManyBenchmark());
    subjects.put("life", new LifeBenchmark());
    subjects.put("start", new StartBenchmark());
    return subjects;
  }

  /** Takes the names of subjects. Ends with status 1 where a bound was missed. */
  public static void main(String[] names) throws Exception {
    Map<String, Benchmark> subjects = subjects();
    List<String> asked = names.length == 0 ? List.copyOf(subjects.keySet()) : List.of(names);
    if (!subjects.keySet().containsAll(asked)) {
      System.err.println("benchmarks: give some of " + subjects.keySet() + ", not " + asked);
      System.exit(2);
    }
    Page page =
        new Page(Path.of(System.getProperty("overlaysdk.checkout"), "benchmarks/README.md"));
    List<Measured> missed = new ArrayList<>();
    for (String name : asked) {
      String machine = Machine.described();
      List<Measured> measured = measure(Objects.requireNonNull(subjects.get(name)));
      List<String> table = Page.table(measured);
      table.forEach(System.out::println);
      page.replace(name + " as " + Machine.user(), table, machine);
      measured.stream().filter(m -> !m.keepsTo()).forEach(missed::add);
    }
    System.exit(missed.isEmpty() ? 0 : 1);
  }

  private static List<Measured> measure(Benchmark benchmark) throws Exception {
    Path directory = Files.createTempDirectory("overlay-sdk-benchmark");
    try {
      return benchmark.run(directory);
    } finally {
      Tool.of("rm", "-rf", "--", directory).run();
    }
  }
}
