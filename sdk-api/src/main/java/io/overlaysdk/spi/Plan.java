package io.overlaysdk.spi;

import io.overlaysdk.Command;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One way to run a session: what to prepare, and how to enter. Plain data; equal requests give
 * equal plans.
 */
public interface Plan {

  /** Why this way, in one sentence; shown by explain. */
  String reason();

  /**
   * The dialects that the driver of this plan reads as what they mean; {@link Dialect#NEUTRAL} is
   * among them always. The engine takes a plan for an overlay only where all the dialects in it are
   * named here, or brings the overlay into neutral form first.
   */
  Set<Dialect> reads();

  /**
   * The dialect in which the driver of this plan marks what the session hides; empty where nothing
   * can be written.
   */
  Optional<Dialect> writes();

  /** What is done once, in this order, before the first command; undone in reverse at the end. */
  List<Step> prepare();

  /**
   * How a command is run. The process that the engine starts from this, with its children, holds
   * all mounts; when it has ended, none is left, nor a process inside: a pid namespace sees to
   * that. Its exit status is that of the command.
   *
   * @param command words, variables and directory of what runs inside. Standard input is none of
   *     the plan's concern; the time limit neither
   * @param stdio what the streams of the process are connected to
   */
  Invocation enter(Command command, Stdio stdio);

  /**
   * Whether the tool itself locks an ext3 image that it writes to, in the way of Apptainer: the
   * engine, which holds that lock for all others, then leaves it to the tool.
   */
  default boolean locksImages() {
    return false;
  }

  /**
   * The exit status with which the tool tells of a failure of its own. A command may use it too;
   * the engine finds out which it was.
   */
  int failureStatus();
}
