package io.overlaysdk.cli;

import io.overlaysdk.OverlaySdk;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The SDK of this process: opened when a command first asks for it, so that help needs none, and
 * closed once, by whoever comes first: the end of the command or a signal.
 */
final class OpenSdk implements Supplier<OverlaySdk>, AutoCloseable {
  private final Supplier<OverlaySdk> opener;
  private Optional<OverlaySdk> sdk = Optional.empty();
  private boolean closed;

  OpenSdk(Supplier<OverlaySdk> opener) {
    this.opener = opener;
  }

  @Override
  public synchronized OverlaySdk get() {
    if (closed) {
      throw new IllegalStateException("the command is being ended");
    }
    if (sdk.isEmpty()) {
      sdk = Optional.of(opener.get());
    }
    return sdk.get();
  }

  /** Whether the process is about to end; what fails now fails because of that. */
  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    Optional<OverlaySdk> open;
    synchronized (this) {
      closed = true;
      open = sdk;
      sdk = Optional.empty();
    }
    open.ifPresent(OverlaySdk::close);
  }
}
