package io.overlaysdk.cli;

import io.overlaysdk.workflow.Workflow;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.function.Function;

/** One run of the command line, and what came of it. */
record CommandLineRun(int status, String out, String err) {

  static CommandLineRun of(FakeSdk sdk, String... args) {
    return of(sdk, Workflow::read, args);
  }

  static CommandLineRun of(FakeSdk sdk, Function<Path, Workflow> reader, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        Main.run(new OpenSdk(() -> sdk), reader, new PrintWriter(out), new PrintWriter(err), args);
    return new CommandLineRun(status, out.toString(), err.toString());
  }
}
