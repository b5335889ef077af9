package io.overlaysdk.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.workflow.Workflow;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine;

/** The {@code overlay} command. Started by the launcher script; not for use from Java. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    if (System.getenv("OVERLAYSDK_DEBUG") != null) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    PrintWriter out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    OpenSdk sdk = new OpenSdk(OverlaySdk::open);
    // A signal ends the sessions first; the JVM itself then exits with 128 and the signal's number.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(sdk, err), "overlay-end"));
    System.exit(run(sdk, Workflow::read, out, err, args));
  }

  /** Runs one command line. The answer goes to {@code out}, the rest to {@code err}. */
  static int run(
      OpenSdk sdk,
      Function<Path, Workflow> reader,
      PrintWriter out,
      PrintWriter err,
      String... args) {
    for (String arg : args) {
      // The JVM puts U+FFFD where an argument's bytes are not UTF-8: what was meant is lost by now.
      if (arg.indexOf('\ufffd') >= 0) {
        err.println("overlay: an argument is not UTF-8, so that it cannot be passed on: " + arg);
        return ExitStatus.USAGE;
      }
    }
    int status = commandLine(sdk, reader).setOut(out).setErr(err).execute(args);
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

  private static CommandLine commandLine(OpenSdk sdk, Function<Path, Workflow> reader) {
    Failures failures = new Failures(sdk);
    return new CommandLine(new OverlayCommand())
        .addSubcommand(new DoctorCommand(sdk))
        .addSubcommand(new BuildCommand(sdk))
        .addSubcommand(wordsLast(new ExecCommand(sdk)))
        .addSubcommand(wordsLast(new ShellCommand(sdk)))
        .addSubcommand(wordsLast(new ExplainCommand(sdk)))
        .addSubcommand(new RunCommand(sdk, reader))
        .addSubcommand(new CreateCommand(sdk))
        .addSubcommand(new ChangesCommand(sdk))
        .addSubcommand(new ConvertCommand(sdk))
        .addSubcommand(new ExportCommand(sdk))
        .addSubcommand(new ImportCommand(sdk))
        .addSubcommand(SessionCommand.line(sdk))
        .addSubcommand("sessions", new SessionCommand.ListAll(sdk))
        .addSubcommand(new RecoverCommand(sdk))
        // What a program is given must arrive as it was written: @words are no files to read.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures);
  }

  /** After the image nothing is an option of ours, whatever it looks like. */
  private static CommandLine wordsLast(Object command) {
    return new CommandLine(command).setStopAtPositional(true);
  }
}
