package io.overlaysdk.cli;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.Session;
import io.overlaysdk.SessionReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay session}: sessions that stay, and are joined by name. */
@Command(
    name = "session",
    description = {
      "Sessions that stay until they are stopped: other processes of yours run commands in them.",
      ""
    })
final class SessionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to do with a session: start, exec, list or stop");
  }

  /** With its subcommands. */
  static CommandLine line(OpenSdk sdk) {
    return new CommandLine(new SessionCommand())
        .addSubcommand(new CommandLine(new Start(sdk)).setStopAtPositional(false))
        .addSubcommand(new CommandLine(new Exec(sdk)).setStopAtPositional(true))
        .addSubcommand(new ListAll(sdk))
        .addSubcommand(new Stop(sdk));
  }

  @Command(
      name = "start",
      description = {
        "Opens a session that stays. A directory overlay that is not there is made.",
        ""
      },
      customSynopsis = "overlay session start NAME [OPTIONS] IMAGE",
      sortOptions = false)
  private static final class Start implements Runnable {
    private final OpenSdk sdk;

    @Spec private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "NAME", description = "The name by which it is joined.")
    private String name;

    @Mixin private SessionOptions options;

    Start(OpenSdk sdk) {
      this.sdk = sdk;
    }

    @Override
    public void run() {
      try (Session session = MissingOverlay.start(sdk.get(), options.session(), name)) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("overlay: the session " + name + " runs on " + session.backend());
      }
    }
  }

  @Command(
      name = "exec",
      description = {
        "Runs a command in a session that stays. Its streams are those of this command; it gets no"
            + " terminal.",
        ""
      },
      customSynopsis = "overlay session exec [OPTIONS] NAME -- WORDS...",
      sortOptions = false)
  private static final class Exec implements Callable<Integer> {
    private final OpenSdk sdk;

    @Spec private CommandSpec spec;

    @Option(
        names = "--env",
        paramLabel = "NAME=VALUE",
        converter = Variable.Converter.class,
        description = "An environment variable inside.")
    private List<Variable> variables = new ArrayList<>();

    @Option(
        names = "--pwd",
        paramLabel = "DIR",
        converter = Converters.OfContainerPath.class,
        description = "Start in this directory of the container.")
    private ContainerPath directory;

    @Option(
        names = "--timeout",
        paramLabel = "TIME",
        converter = Amount.OfTime.class,
        description = "End the command after this time, as in 90s or 5m; the exit status is 124.")
    private Duration timeout;

    @Parameters(index = "0", paramLabel = "NAME", description = "The session.")
    private String name;

    @Parameters(
        index = "1..*",
        arity = "0..*",
        paramLabel = "WORDS",
        description = "The program and its arguments, passed on as they are; no shell reads them.")
    private List<String> words = new ArrayList<>();

    Exec(OpenSdk sdk) {
      this.sdk = sdk;
    }

    @Override
    public Integer call() {
      io.overlaysdk.Command command = Words.own(words, spec.commandLine(), "name");
      for (Variable variable : variables) {
        command = command.variable(variable.name(), variable.value());
      }
      command = directory == null ? command : command.directory(directory);
      command = timeout == null ? command : command.timeLimit(timeout);
      try (Session session = sdk.get().join(name)) {
        return Relay.run(session, command, spec.commandLine().getErr());
      }
    }
  }

  @Command(
      name = "list",
      description = {
        "Tells which sessions of yours are open, or left something when their process died.",
        ""
      })
  static final class ListAll implements Runnable {
    private final OpenSdk sdk;

    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "For programs.")
    private boolean json;

    ListAll(OpenSdk sdk) {
      this.sdk = sdk;
    }

    @Override
    public void run() {
      List<SessionReport> sessions = sdk.get().sessions();
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.of(sessions.stream().map(ListAll::fields).toList()));
      } else if (sessions.isEmpty()) {
        out.println("there is no session");
      } else {
        sessions.forEach(session -> out.println(line(session)));
      }
    }

    private static String line(SessionReport session) {
      return String.join(
          "  ",
          session.name().orElse("-"),
          session.alive() ? "runs" : "left behind",
          "since " + session.since(),
          "process " + session.process() + " on " + session.host(),
          session.description());
    }

    private static Map<String, Object> fields(SessionReport session) {
      Map<String, Object> fields = new LinkedHashMap<>();
      session.name().ifPresent(name -> fields.put("name", name));
      fields.put("alive", session.alive());
      fields.put("since", session.since().toString());
      fields.put("host", session.host());
      fields.put("process", session.process());
      session.backend().ifPresent(backend -> fields.put("backend", backend));
      fields.put("session", session.description());
      return fields;
    }
  }

  @Command(
      name = "stop",
      description = {"Ends a session that stays, with all that runs in it.", ""})
  private static final class Stop implements Runnable {
    private final OpenSdk sdk;

    @Parameters(index = "0", paramLabel = "NAME", description = "The session.")
    private String name;

    Stop(OpenSdk sdk) {
      this.sdk = sdk;
    }

    @Override
    public void run() {
      sdk.get().stop(name);
    }
  }
}
