package io.overlaysdk.engine;

import io.overlaysdk.Changes;

/** The layers of an open session in which no command runs: what is read of them, until closed. */
final class LayerStack implements AutoCloseable {
  private final LayerWorker worker;
  private @Nullable HeldChanges read;

  LayerStack(LayerWorker worker) {
    this.worker = worker;
  }

  Changes changes(Job.ListChanges job) {
    read = worker.changes(job);
    return read;
  }

  @Override
  public void close() {
    if (read != null) {
      read.close();
    }
  }
}
