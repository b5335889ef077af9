package io.overlaysdk.spi;

/** What the standard streams of a process are connected to. */
public enum Stdio {
  /** Pipes or files, as the engine likes. */
  PIPES,
  /** The terminal of the caller: the tool leaves it to the command. */
  TERMINAL
}
