package io.overlaysdk.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Optional;

/** An output of this process, which remembers whether something could not be written to it. */
final class OwnOutput extends OutputStream {
  /** What Java makes of EPIPE. */
  private static final String NO_READER = "Broken pipe";

  private final OutputStream to;
  private volatile Optional<IOException> failure = Optional.empty();

  private OwnOutput(OutputStream to) {
    this.to = to;
  }

  /** Nobody closes it: it is the process's. */
  static OwnOutput at(FileDescriptor stream) {
    return new OwnOutput(new FileOutputStream(stream));
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      to.write(bytes, offset, length);
    } catch (IOException e) {
      failure = Optional.of(e);
      throw e;
    }
  }

  /**
   * The exit status of whoever wrote here, which is no success where something is lost. A reader
   * that had enough is told nothing.
   */
  int status(int status, PrintWriter err) {
    if (status != ExitStatus.OK || failure.isEmpty()) {
      return status;
    }
    String reason = String.valueOf(failure.get().getMessage());
    if (reason.contains(NO_READER)) {
      return ExitStatus.UNREAD;
    }
    err.println("overlay: the output could not all be written: " + reason);
    return ExitStatus.FAILED;
  }
}
