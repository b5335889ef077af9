package io.overlaysdk.cli;

import io.overlaysdk.OverlaySdk;
import java.util.function.Supplier;

/**
 * The SDK of this process: opened when a command first asks for it, so that help needs none, and
 * closed once, by whoever comes first: the end of the command or a signal.
 */
final class OpenSdk implements Supplier<OverlaySdk>, AutoCloseable {
  private final Supplier<OverlaySdk> opener;
  private OverlaySdk sdk;
  private boolean closed;

  OpenSdk(Supplier<OverlaySdk> opener) {
    this.opener = opener;
  }

  @Override
  public synchronized OverlaySdk get() {
    if (closed) {
      throw new IllegalStateException("the command is being ended");
    }
    if (sdk == null) {
      sdk = opener.get();
    }
    return sdk;
  }

  /** Whether the process is about to end; what fails now fails because of that. */
  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    OverlaySdk open;
    synchronized (this) {
      closed = true;
      open = sdk;
      sdk = null;
    }
    if (open != null) {
      open.close();
    }
  }
}
