package example.site;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs images that are directories, read-only, with the kernel and bubblewrap: for a site that
 * keeps its images as plain trees and wants no container tool. It is an example of a backend: copy
 * it.
 *
 * <p>A backend answers two questions. {@link #probe}: is the tool here? {@link #plans}: how would
 * it run this session? It starts nothing: the engine does what {@link BubblewrapPlan} says. What it
 * cannot run exactly as asked it refuses, and says what would help; the engine shows that to the
 * user, or tries the next backend.
 *
 * <p>This class is public, with a public constructor, for ServiceLoader; not for direct use. It is
 * named in {@code module-info} and in {@code META-INF/services}, because each is read only where
 * the jar lies on that path.
 */
public final class BubblewrapBackend implements Backend {
  private static final Pattern VERSION = Pattern.compile("bubblewrap (\\d{1,6})\\.(\\d{1,6}).*");

  @Override
  public String name() {
    return "bubblewrap";
  }

  /** Looks at the machine through {@code host} only, so that tests can make up any machine. */
  @Override
  public Probe probe(Host host) {
    if (!host.os().equals("Linux")) {
      return new Probe.Absent("bubblewrap runs on Linux only", "use a Linux machine");
    }
    Map<String, Probe.Tool> tools = new LinkedHashMap<>();
    for (String name : List.of("bwrap", "unshare", "mount", "sh")) {
      Optional<Path> path = host.find(name);
      if (path.isEmpty()) {
        return new Probe.Absent(
            "the program " + name + " is not installed",
            "install bubblewrap and util-linux, or name its path under executables: in the site"
                + " configuration");
      }
      tools.put(name, new Probe.Tool(path.get(), ""));
    }
    Path bwrap = tools.get("bwrap").path();
    Optional<String> version = version(host, bwrap);
    if (version.isEmpty()) {
      return new Probe.Absent(
          bwrap + " is no bubblewrap, or older than 0.5, which has no --clearenv",
          "install bubblewrap 0.5 or newer");
    }
    tools.put("bwrap", new Probe.Tool(bwrap, version.get()));
    return mayMount(host, tools.get("unshare").path(), new Probe.Present(tools, Map.of()));
  }

  private static Optional<String> version(Host host, Path bwrap) {
    return host.ask(List.of(bwrap.toString(), "--version"))
        .filter(answer -> answer.status() == 0)
        .map(answer -> VERSION.matcher(answer.stdout().strip()))
        .filter(Matcher::matches)
        .filter(v -> Integer.parseInt(v.group(1)) > 0 || Integer.parseInt(v.group(2)) >= 5)
        .map(v -> v.group().substring("bubblewrap ".length()));
  }

  private static Probe mayMount(Host host, Path unshare, Probe.Present present) {
    List<String> words = new ArrayList<>(List.of(unshare.toString()));
    words.addAll(BubblewrapPlan.namespaces(host.identity()));
    words.add("true");
    if (host.ask(words).filter(answer -> answer.status() == 0).isPresent()) {
      return present;
    }
    return new Probe.Absent(
        "this user may not make the namespaces it needs: \"" + String.join(" ", words) + "\" fails",
        "have user namespaces allowed: sysctl user.max_user_namespaces, and on some systems"
            + " kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0");
  }

  /** Represent or refuse: everything in the request is either in the plan or refused here. */
  @Override
  public List<Plan> plans(Request request) {
    if (!request.overlays().isEmpty()) {
      throw refusal(
          "overlays such as " + request.overlays().get(0).path(),
          "leave them out, or use another backend");
    }
    if (request.spec().isFakeroot()) {
      throw refusal("fakeroot", "use a backend that maps subordinate ids");
    }
    if (request.spec().gpu().isPresent()) {
      throw refusal("gpu", "bind the devices and libraries, or use another backend");
    }
    if (request.image().kind() != ImageFacts.Kind.DIRECTORY) {
      throw refusal(
          "the image " + request.image().location() + " of kind " + request.image().kind(),
          "unpack it into a directory, or use another backend");
    }
    return List.of(new BubblewrapPlan(request));
  }

  private static UnsupportedException refusal(String feature, String remedy) {
    return new UnsupportedException(
        "bubblewrap runs directories, read-only; it cannot express " + feature + ": " + remedy);
  }
}
