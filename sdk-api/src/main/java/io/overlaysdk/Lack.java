package io.overlaysdk;

/** What there was none left of; see {@link ExhaustedException} and {@link Result#lack()}. */
public enum Lack {
  /** Room for bytes: the file system is full (ENOSPC). */
  SPACE,
  /** Room for more files: the file system has no inodes left (ENOSPC too). */
  INODES,
  /** Room that this user, group or project may take (EDQUOT). */
  QUOTA,
  /** Any room at all: the file system is mounted read-only (EROFS). */
  WRITE_ACCESS,
  /** Files that a process, or all of them, may have open (EMFILE, ENFILE). */
  DESCRIPTORS,
  /** Processes and threads that this user, or the control group, may have (EAGAIN). */
  PROCESSES
}
