package io.overlaysdk.cli;

import io.overlaysdk.Progress;
import io.overlaysdk.SdkListener;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Shows how far long work is: on a terminal a line that is drawn anew, elsewhere a line when the
 * work turns out to be long and one at its end. Work that takes no time shows nothing.
 */
final class ProgressLine implements SdkListener {
  private static final int WIDTH = 24;

  private final PrintStream out;
  private final boolean terminal;
  private int told;
  private boolean shown;

  ProgressLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** The beginning is told at once, and nothing is shown of it: there may be no more to come. */
  @Override
  public synchronized void progress(Progress progress) {
    told = progress.done() ? 0 : told + 1;
    if (terminal && told > 1) {
      show("\r\u001b[K" + line(progress));
    } else if (!terminal && told == 2) {
      show("overlay: " + progress.work() + " goes on\n");
    } else if (progress.done() && shown) {
      show(terminal ? "\r\u001b[K" : "overlay: " + progress.work() + " has ended\n");
      shown = false;
    }
  }

  private void show(String text) {
    out.print(text);
    out.flush();
    shown = true;
  }

  private static String line(Progress progress) {
    String text = progress.work();
    if (progress.bytes() > 0) {
      text += "  " + amount(progress.bytes());
    }
    if (progress.total().isEmpty() || progress.total().getAsLong() <= 0) {
      return text;
    }
    long total = progress.total().getAsLong();
    int filled = (int) Math.min(WIDTH, progress.bytes() * WIDTH / total);
    return text + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + amount(total);
  }

  private static String amount(long bytes) {
    return bytes < 10_000_000
        ? bytes / 1000 + " kB"
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
