package io.overlaysdk.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.Command;
import io.overlaysdk.spi.Secrets;
import java.util.List;

/** Reads what a step runs. */
final class CommandReader {
  private static final List<String> FORMS = List.of("command", "commands", "runscript");

  private CommandReader() {}

  static List<Command> read(Section run) {
    String form = run.oneOf("a run", FORMS);
    Node node = run.get(form);
    if (form.equals("commands")) {
      if (run.has("stdin")) {
        throw run.keyPlace("stdin").error("stdin is for one command; here are several");
      }
      return several(node);
    }
    Command command = form.equals("command") ? command(node) : runscript(node);
    return List.of(
        run.find("stdin").map(text -> command.stdin(text.text().getBytes(UTF_8))).orElse(command));
  }

  private static List<Command> several(Node node) {
    List<Command> commands = node.items().stream().map(CommandReader::command).toList();
    if (commands.isEmpty()) {
      throw node.place().error("expected at least one command, found none");
    }
    return commands;
  }

  private static Command command(Node node) {
    if (node instanceof Node.Scalar) {
      throw node.place()
          .error(
              "a command is a list of words, because no shell splits a text: for one that a shell"
                  + " reads write [sh, -c, \"...\"]; found "
                  + node.description());
    }
    List<String> words = Values.texts(node);
    return node.place().check(() -> Command.of(words));
  }

  private static Command runscript(Node node) {
    if (node instanceof Node.Items) {
      String[] arguments = Values.texts(node).toArray(String[]::new);
      return node.place().check(() -> Command.runscript(arguments));
    }
    if (!node.truth()) {
      throw node.place().error("expected true or a list of arguments");
    }
    return Command.runscript();
  }

  /** What a run is called that has no name. */
  static String title(List<Command> commands, String image) {
    Command first = commands.get(0);
    if (commands.size() > 1) {
      return "Run " + commands.size() + " commands on " + image;
    }
    if (first.words().get(0).equals(Command.runscript().words().get(0))) {
      return "Run the runscript of " + image;
    }
    String words = String.join(" ", Secrets.masked(first.words()));
    return "Run " + Shown.plain(words) + " on " + image;
  }
}
