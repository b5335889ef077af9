package io.overlaysdk.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.spi.Secrets;
import io.overlaysdk.workflow.Workflow;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The {@code overlay} command. Started by the launcher script; not for use from Java. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    if (System.getenv("OVERLAYSDK_DEBUG") != null) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    OwnOutput answers = OwnOutput.at(FileDescriptor.out);
    PrintWriter out = new PrintWriter(answers, true, UTF_8);
    PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    OpenSdk sdk = new OpenSdk(Main::open);
    // A signal ends the sessions first; the JVM itself then exits with 128 and the signal's number.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(sdk, err), "overlay-end"));
    int status = run(sdk, Workflow::read, out, err, args);
    out.flush();
    System.exit(answers.status(status, err));
  }

  private static OverlaySdk open() {
    OverlaySdk sdk = OverlaySdk.open();
    sdk.listen(new ProgressLine(System.err, isTerminal(Path.of("/proc/self/fd/2"))));
    return sdk;
  }

  /** The console of the JVM says nothing of stderr, and from Java 22 on there is always one. */
  private static boolean isTerminal(Path stream) {
    try {
      return stream.toRealPath().toString().matches("/dev/(pts/|tty|console).*");
    } catch (IOException e) {
      return false;
    }
  }

  /** Runs one command line. The answer goes to {@code out}, the rest to {@code err}. */
  static int run(
      OpenSdk sdk,
      Function<Path, Workflow> reader,
      PrintWriter out,
      PrintWriter err,
      String... args) {
    List<String> shown = Secrets.masked(List.of(args));
    for (int i = 0; i < args.length; i++) {
      // The JVM puts U+FFFD where an argument's bytes are not UTF-8: what was meant is lost by now.
      if (args[i].indexOf('\ufffd') >= 0) {
        err.println(
            "overlay: an argument is not UTF-8, so that it cannot be passed on: " + shown.get(i));
        return ExitStatus.USAGE;
      }
    }
    if (List.of(args).equals(List.of("--version"))) {
      // the question that scripts ask most, and the parser of the command line takes longer than it
      List.of(new Version().getVersion()).forEach(out::println);
      return ExitStatus.OK;
    }
    int status;
    try {
      status = commandLine(sdk, reader, args).setOut(out).setErr(err).execute(args);
    } catch (StackOverflowError | OutOfMemoryError | LinkageError | AssertionError e) {
      // of the parser's handlers none gets these, and a status of 1 is the command's
      err.println("overlay: internal error: " + e);
      status = ExitStatus.FAILED;
    }
    return close(sdk, err) || status != ExitStatus.OK ? status : ExitStatus.FAILED;
  }

  private static boolean close(OpenSdk sdk, PrintWriter err) {
    try {
      sdk.close();
      return true;
    } catch (OverlayException e) {
      err.println("overlay: " + e.getMessage());
      return false;
    }
  }

  /** To look through a command for its options takes longer than to do most of them. */
  private static CommandLine commandLine(
      OpenSdk sdk, Function<Path, Workflow> reader, String... args) {
    Map<String, Supplier<CommandLine>> commands = commands(sdk, reader);
    Failures failures = new Failures(sdk);
    CommandLine line = new CommandLine(new OverlayCommand());
    if (args.length > 0 && commands.containsKey(args[0])) {
      line.addSubcommand(args[0], commands.get(args[0]).get());
    } else {
      commands.forEach((name, command) -> line.addSubcommand(name, command.get()));
    }
    // What a program is given must arrive as it was written: @words are no files to read.
    return line.setExpandAtFiles(false)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures);
  }

  private static Map<String, Supplier<CommandLine>> commands(
      OpenSdk sdk, Function<Path, Workflow> reader) {
    Map<String, Supplier<CommandLine>> commands = new LinkedHashMap<>();
    commands.put("doctor", () -> new CommandLine(new DoctorCommand(sdk)));
    commands.put("build", () -> new CommandLine(new BuildCommand(sdk)));
    commands.put("exec", () -> wordsLast(new ExecCommand(sdk)));
    commands.put("shell", () -> wordsLast(new ShellCommand(sdk)));
    commands.put("explain", () -> wordsLast(new ExplainCommand(sdk)));
    commands.put("run", () -> new CommandLine(new RunCommand(sdk, reader)));
    commands.put("create", () -> new CommandLine(new CreateCommand(sdk)));
    commands.put("info", () -> new CommandLine(new InfoCommand(sdk)));
    commands.put("check", () -> new CommandLine(new CheckCommand(sdk)));
    commands.put("resize", () -> new CommandLine(new ResizeCommand(sdk)));
    commands.put("snapshot", () -> new CommandLine(new SnapshotCommand(sdk)));
    commands.put("fork", () -> new CommandLine(new ForkCommand(sdk)));
    commands.put("rollback", () -> new CommandLine(new RollbackCommand(sdk)));
    commands.put("log", () -> new CommandLine(new LogCommand(sdk)));
    commands.put("flatten", () -> new CommandLine(new FlattenCommand(sdk)));
    commands.put("rebase", () -> new CommandLine(new RebaseCommand(sdk)));
    commands.put("adopt", () -> new CommandLine(new AdoptCommand(sdk)));
    commands.put("delete", () -> new CommandLine(new DeleteCommand(sdk)));
    commands.put("changes", () -> new CommandLine(new ChangesCommand(sdk)));
    commands.put("convert", () -> new CommandLine(new ConvertCommand(sdk)));
    commands.put("freeze", () -> new CommandLine(new FreezeCommand(sdk)));
    commands.put("thaw", () -> new CommandLine(new ThawCommand(sdk)));
    commands.put("pack", () -> new CommandLine(new PackCommand(sdk)));
    commands.put("unpack", () -> new CommandLine(new UnpackCommand(sdk)));
    commands.put("commit", () -> new CommandLine(new CommitCommand(sdk)));
    commands.put("export", () -> new CommandLine(new ExportCommand(sdk)));
    commands.put("import", () -> new CommandLine(new ImportCommand(sdk)));
    commands.put("session", () -> SessionCommand.line(sdk));
    commands.put(
        "sessions",
        () -> new CommandLine(new SessionCommand.ListAll(sdk)).setCommandName("sessions"));
    commands.put("recover", () -> new CommandLine(new RecoverCommand(sdk)));
    return commands;
  }

  /** After the image nothing is an option of ours, whatever it looks like. */
  private static CommandLine wordsLast(Object command) {
    return new CommandLine(command).setStopAtPositional(true);
  }
}
