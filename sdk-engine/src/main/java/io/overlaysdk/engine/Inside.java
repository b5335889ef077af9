package io.overlaysdk.engine;

import static io.overlaysdk.engine.Records.field;
import static io.overlaysdk.engine.Records.text;

import io.overlaysdk.Change;
import io.overlaysdk.LayerReport;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The process in the user's own user namespace: reads one job, does it, writes the answer. Started
 * by {@link OwnNamespace}.
 */
final class Inside {
  static final String REQUEST = "request";
  static final String ANSWER = "answer";
  static final String FAILURE = "failure";

  private static final String PARTIAL = ".partial";
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);

  private final Path directory;

  private Inside(Path directory) {
    this.directory = directory;
  }

  /** Takes the directory in which the request is. */
  public static void main(String[] arguments) throws IOException {
    new Inside(Path.of(arguments[0])).run();
    // a thread of a mount that hangs must not keep this process
    System.exit(0);
  }

  private void run() throws IOException {
    try {
      write(ANSWER, this::work);
    } catch (Exception | LinkageError | AssertionError | OutOfMemoryError e) {
      write(FAILURE, failure -> failure.write(Failure.fields(e)));
    }
  }

  private interface Content {
    void write(Records.Writer out) throws IOException;
  }

  /** A file under its name is complete. */
  private void write(String name, Content content) throws IOException {
    Path partial = directory.resolve(name + PARTIAL);
    try (Records.Writer out = new Records.Writer(partial)) {
      content.write(out);
    }
    Files.move(partial, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private void work(Records.Writer answer) throws IOException {
    try (Records.Reader request = new Records.Reader(directory.resolve(REQUEST))) {
      Duration grace = Duration.ofMillis(Long.parseLong(text(request.next().get(0))));
      int outputLimit = Integer.parseInt(text(request.next().get(0)));
      Map<String, Path> executables = new HashMap<>();
      List<byte[]> fields = request.next();
      for (int i = 0; i < fields.size(); i += 2) {
        executables.put(text(fields.get(i)), PathBytes.path(fields.get(i + 1)));
      }
      Job job = Job.of(request.next());
      perform(job, work(executables, grace, outputLimit), answer);
    }
  }

  private LayerWork work(Map<String, Path> executables, Duration grace, int outputLimit) {
    Environment environment = new Environment(System.getenv());
    Launcher launcher =
        new Launcher(environment, Guard.none(), Optional.empty(), grace, outputLimit);
    Host host = new HostMachine(executables, System.getenv(), words -> ask(launcher, words));
    return new LayerWork(host, launcher, directory, pid -> {});
  }

  private static Optional<Host.Answer> ask(Launcher launcher, List<String> words) {
    Launcher.Outcome outcome =
        launcher.run(Invocation.of(words), Launcher.Terms.within(PROBE_LIMIT));
    return outcome.timedOut()
        ? Optional.empty()
        : Optional.of(new Host.Answer(outcome.status(), outcome.outputText(), outcome.errorText()));
  }

  private static void perform(Job job, LayerWork work, Records.Writer answer) {
    if (job instanceof Job.ListChanges changes) {
      try (HeldChanges found = work.changes(changes)) {
        found.forEach(change -> answer.write(fields(change)));
      }
      answer.write(field("end"));
    } else if (job instanceof Job.Export export) {
      Reports.write(work.export(export), answer);
    } else if (job instanceof Job.Freeze freeze) {
      Reports.write(work.freeze(freeze), answer);
    } else if (job instanceof Job.Pack pack) {
      work.pack(pack).write(answer);
    } else if (job instanceof Job.Compare compare) {
      answer.write(work.compare(compare).stream().map(Records::field).toList());
    } else if (job instanceof Job.Import unpack) {
      LayerReport report = work.unpack(unpack);
      Reports.write(report, answer);
    } else if (job instanceof Job.FindDialects find) {
      answer.write(work.dialects(find).stream().map(dialect -> field(dialect.name())).toList());
    } else if (job instanceof Job.FindLinks find) {
      answer.write(work.links(find).names());
    } else if (job instanceof Job.Separate separate) {
      work.separate(separate);
      answer.write(field("end"));
    } else if (job instanceof Job.Neutral neutral) {
      answer.write(field(Boolean.toString(work.neutral(neutral))));
    }
  }

  private static List<byte[]> fields(Change change) {
    byte[] kind = field(change.kind().name());
    return change
        .from()
        .map(from -> List.of(kind, change.path().bytes(), from.bytes()))
        .orElseGet(() -> List.of(kind, change.path().bytes()));
  }
}
