package io.overlaysdk;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * Is told what a command writes while it runs. The two streams come on a thread each, so both
 * methods may be called at once; a method that blocks makes the command wait, and nothing is ever
 * called after {@link Session#run(Command, OutputListener)} has returned.
 */
public interface OutputListener {

  /**
   * A piece of the standard output, as it came: characters and lines may be cut anywhere.
   *
   * @param bytes this listener's to keep
   */
  default void stdout(byte[] bytes) {}

  /**
   * A piece of the standard error; see {@link #stdout}.
   *
   * @param bytes this listener's to keep
   */
  default void stderr(byte[] bytes) {}

  /** The command has ended and no piece follows. */
  default void ended() {}

  /**
   * A listener by line, read as UTF-8. A line comes without its line feed, and what follows the
   * last line feed is a line too, told at the end.
   */
  static OutputListener lines(Consumer<String> stdout, Consumer<String> stderr) {
    Objects.requireNonNull(stdout, "stdout");
    Objects.requireNonNull(stderr, "stderr");
    return new OutputListener() {
      private final Lines out = new Lines(stdout);
      private final Lines err = new Lines(stderr);

      @Override
      public void stdout(byte[] bytes) {
        out.add(bytes);
      }

      @Override
      public void stderr(byte[] bytes) {
        err.add(bytes);
      }

      @Override
      public void ended() {
        out.end();
        err.end();
      }
    };
  }
}
