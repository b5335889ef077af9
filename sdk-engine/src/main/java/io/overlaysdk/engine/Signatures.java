package io.overlaysdk.engine;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Has a container tool check the signatures of SIFs. */
final class Signatures {
  private final Host host;
  private final Launcher launcher;
  private final Set<List<Object>> verified = ConcurrentHashMap.newKeySet();

  /**
   * @param host on which no configuration says where programs are: it may be a user's
   */
  Signatures(Host host, Launcher launcher) {
    this.host = host;
    this.launcher = launcher;
  }

  /**
   * Why an image cannot be used; empty where all that is in it is signed.
   *
   * @param keys one of which has to verify it; a key that the tool trusts where there are none
   * @param tool the container tool; else that on PATH
   * @param state in which the image is: what was verified in it is not verified again
   */
  Optional<String> problem(Path image, List<Path> keys, Optional<Path> tool, String state) {
    List<Object> question = List.of(state, keys, tool);
    if (verified.contains(question)) {
      return Optional.empty();
    }
    Optional<Path> found =
        tool.isPresent()
            ? tool.filter(Files::isExecutable)
            : Stream.of("apptainer", "singularity")
                .map(host::find)
                .flatMap(Optional::stream)
                .findFirst();
    if (found.isEmpty()) {
      return Optional.of(
          tool.map(path -> "there is no program at " + path + "; correct images.verifier")
              .orElse("neither apptainer nor singularity is on PATH; name one in images.verifier"));
    }
    List<String> problems = new ArrayList<>();
    for (List<String> options : options(keys)) {
      List<String> words = new ArrayList<>(List.of("verify", "--all"));
      words.addAll(options);
      words.add(image.toString());
      Launcher.Outcome outcome =
          launcher.run(Invocation.of(found.get(), words), Launcher.Terms.toTheEnd());
      if (outcome.status() == 0) {
        verified.add(question);
        return Optional.empty();
      }
      problems.add(reason(outcome));
    }
    return Optional.of(String.join("; ", problems) + "; have it signed anew (apptainer sign)");
  }

  /** Not with a key that a server has: anybody may put one there. */
  private static List<List<String>> options(List<Path> keys) {
    return keys.isEmpty()
        ? List.of(List.of("--local"))
        : keys.stream().map(key -> List.of("--key", key.toString())).toList();
  }

  /** The last line, without the word that the tool begins it with. */
  private static String reason(Launcher.Outcome outcome) {
    String last = outcome.errorText().lines().reduce((one, next) -> next).orElse("");
    return last.isBlank()
        ? "the tool ended with status " + outcome.status()
        : last.replaceFirst("^(\u001b\\[[0-9;]*m)?[A-Z]+:\\s*", "").strip();
  }
}
