package io.overlaysdk;

/**
 * A part of the host that a session sees only when it is asked for. What is shared is not in the
 * overlay: changes made to it are made on the host.
 */
public enum Share {
  /** The home directory of the user, writable, at the same path. */
  HOME("home"),
  /** The host's {@code /tmp}, writable, instead of a private one. */
  TMP("tmp"),
  /** The caller's working directory, writable, at the same path; commands start in it. */
  WORKING_DIRECTORY("cwd"),
  /** The caller's environment variables; those of the session and of a command win over them. */
  ENVIRONMENT("env");

  private final String word;

  Share(String word) {
    this.word = word;
  }

  /** The word for this part in YAML and on the command line. */
  public String word() {
    return word;
  }

  /**
   * The part that {@code word} names.
   *
   * @throws InvalidSpecException where there is none
   */
  public static Share parse(String word) {
    for (Share share : values()) {
      if (share.word.equals(word)) {
        return share;
      }
    }
    throw new InvalidSpecException(
        "cannot share \"" + word + "\": the parts of the host are home, tmp, cwd and env");
  }
}
