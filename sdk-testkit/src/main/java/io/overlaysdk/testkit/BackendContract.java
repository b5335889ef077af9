package io.overlaysdk.testkit;

import static io.overlaysdk.testkit.RequestBuilder.SCRATCH;
import static io.overlaysdk.testkit.RequestBuilder.imageFacts;
import static io.overlaysdk.testkit.RequestBuilder.root;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Network;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The laws of a backend, as tests. Extended by the test of each backend; the package's page shows
 * how.
 *
 * <p>Where a law says that something is expressed or refused, a backend may throw {@link
 * UnsupportedException} from {@code plans}; what it may not do is to leave it out.
 */
public abstract class BackendContract {
  private static final Command COMMAND =
      Command.of("/bin/sh", "-c", "exec \"$@\"", "overlay-sdk", "/.overlay-sdk/1");

  private static final List<String> AWKWARD_WORDS =
      List.of("", " ", "a b", "'", "\"", "\\", "$HOME", "`id`", "a\nb", ";", "--", "-c", "é", "*");

  private static final List<String> AWKWARD_NAMES =
      List.of("a,b", "a b", "a\nb", "a:b", "a\"b", "a'b", "a\\b", "$HOME", "-a", "é", "a=b", "a;b");

  /** For the tests of backends. */
  protected BackendContract() {}

  /** The backend, made as ServiceLoader makes it. */
  protected abstract Backend backend();

  /** A machine on which the tool is installed, new enough, and usable by a plain user. */
  protected abstract Host hostWithTool();

  /** A Linux machine on which the tool is not installed. */
  protected abstract Host hostWithoutTool();

  private Probe.Present tool() {
    return assertInstanceOf(Probe.Present.class, backend().probe(hostWithTool()));
  }

  private RequestBuilder sif() {
    return RequestBuilder.sif(tool());
  }

  /**
   * What most sessions of this backend look like, and what it must have a plan for: a SIF, a
   * writable directory overlay and a bind. Overridden by a backend that runs less; what it does not
   * run it must then refuse.
   */
  protected RequestBuilder usual(Probe.Present tool) {
    return RequestBuilder.sif(tool)
        .writable(OverlayFacts.Kind.DIRECTORY, "/overlays/mine")
        .bind("/scratch/session-1/control", "/.overlay-sdk");
  }

  private RequestBuilder usual() {
    return usual(tool());
  }

  // ---- who it is

  @Test
  void hasANameInLowerCase() {
    String name = backend().name();
    assertTrue(name.matches("[a-z][a-z0-9-]*"), name);
    assertEquals(name, backend().name());
  }

  @Test
  void isAPublicClassWithAPublicConstructorWithoutParameters() throws Exception {
    Class<?> type = backend().getClass();
    assertTrue(Modifier.isPublic(type.getModifiers()), type + " is not public");
    assertTrue(Modifier.isPublic(type.getConstructor().getModifiers()));
  }

  @Test
  void isFoundByServiceLoader() {
    ClassLoader loader = backend().getClass().getClassLoader();
    assertTrue(
        ServiceLoader.load(Backend.class, loader).stream()
            .anyMatch(provider -> provider.type() == backend().getClass()),
        "ServiceLoader does not find " + backend().getClass().getName());
  }

  @Test
  void isNamedInMetaInfServices() throws IOException {
    String resource = "META-INF/services/" + Backend.class.getName();
    String name = backend().getClass().getName();
    boolean named = false;
    for (URL url : (Iterable<URL>) resources(resource)::iterator) {
      try (InputStream in = url.openStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        named |= text.lines().map(String::strip).anyMatch(name::equals);
      }
    }
    assertTrue(named, "no " + resource + " names " + name + ": not found on the class path");
  }

  private Stream<URL> resources(String name) {
    return backend().getClass().getClassLoader().resources(name);
  }

  @Test
  void isProvidedByItsModuleWhereItHasOne() {
    Module module = backend().getClass().getModule();
    if (module.isNamed()) {
      assertTrue(
          module.getDescriptor().provides().stream()
              .filter(provides -> provides.service().equals(Backend.class.getName()))
              .anyMatch(provides -> provides.providers().contains(backend().getClass().getName())),
          module + " does not provide it: not found on the module path");
    }
  }

  // ---- probing

  @Test
  void isPresentWhereTheToolIs() {
    Probe.Present present = tool();
    assertFalse(present.tools().isEmpty(), "a backend says which programs it uses");
    present.tools().values().forEach(t -> assertTrue(t.path().isAbsolute(), t.toString()));
  }

  @Test
  void isAbsentWithReasonAndRemedyWhereTheToolIsNot() {
    assertAbsent(hostWithoutTool());
  }

  @Test
  void isAbsentOnOtherOperatingSystems() {
    assertAbsent(FakeHost.os("Mac OS X"));
    assertAbsent(FakeHost.os("Windows 11"));
  }

  private void assertAbsent(Host host) {
    Probe.Absent absent = assertInstanceOf(Probe.Absent.class, backend().probe(host));
    assertFalse(absent.reason().isBlank(), "a reason is needed");
    assertFalse(absent.remedy().isBlank(), "a remedy is needed");
  }

  @TestFactory
  Stream<DynamicTest> doesNotThrowWhereEveryProgramTalksNonsense() {
    List<Host.Answer> nonsense =
        List.of(
            new Host.Answer(0, "", ""),
            new Host.Answer(0, "\0\n\n=\nversion version", "x"),
            new Host.Answer(0, "tool version 99999999999999999999.x.-1", ""),
            new Host.Answer(127, "", "error while loading shared libraries"));
    return nonsense.stream()
        .map(
            answer ->
                dynamicTest(
                    answer.toString(), () -> backend().probe(new Liar(Optional.of(answer)))));
  }

  @Test
  void doesNotThrowWhereNoProgramAnswers() {
    backend().probe(new Liar(Optional.empty()));
  }

  /** A machine that has every program, each of which gives the same answer. */
  private record Liar(Optional<Answer> answer) implements Host {
    @Override
    public String os() {
      return "Linux";
    }

    @Override
    public String architecture() {
      return "amd64";
    }

    @Override
    public Identity identity() {
      return Identities.plainUser();
    }

    @Override
    public Optional<Path> find(String name) {
      return Optional.of(Path.of("/usr/bin", name));
    }

    @Override
    public Optional<Answer> ask(List<String> words) {
      return answer;
    }

    @Override
    public Optional<String> read(Path file) {
      return answer.map(Answer::stdout);
    }

    @Override
    public boolean isWritable(Path path) {
      return false;
    }
  }

  // ---- planning

  @Test
  void offersAPlanForTheUsualSession() {
    List<Plan> plans = backend().plans(usual().request());
    assertFalse(plans.isEmpty());
    for (Plan plan : plans) {
      assertFalse(plan.reason().isBlank(), "explain shows the reason");
      assertTrue(plan.failureStatus() > 0 && plan.failureStatus() < 256);
      assertTrue(plan.enter(COMMAND, Stdio.PIPES).executable().isAbsolute());
    }
  }

  @Test
  void tellsWhichMarksItsDriverReadsAndWrites() {
    for (Plan plan : backend().plans(usual().request())) {
      boolean writable = usual().request().overlays().stream().anyMatch(OverlayFacts::isWritable);
      assertTrue(plan.reads().contains(Dialect.NEUTRAL), "every driver reads the neutral form");
      assertEquals(writable, plan.writes().isPresent(), "something is written, or nothing is");
      plan.writes().ifPresent(own -> assertTrue(plan.reads().contains(own), "it reads its own"));
    }
  }

  @Test
  void plansTheSameForTheSameRequest() {
    List<Plan> once = backend().plans(usual().request());
    List<Plan> again = backend().plans(usual().request());
    assertEquals(once.size(), again.size());
    for (int i = 0; i < once.size(); i++) {
      Plan one = once.get(i);
      Plan other = again.get(i);
      assertEquals(one.reason(), other.reason());
      assertEquals(one.prepare(), other.prepare());
      for (Stdio stdio : Stdio.values()) {
        assertEquals(one.enter(COMMAND, stdio), other.enter(COMMAND, stdio));
        assertEquals(one.enter(COMMAND, stdio), one.enter(COMMAND, stdio));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> preparesOnlyInsideTheScratchDirectoryAndNothingTwice() {
    return requests().entrySet().stream()
        .map(
            entry ->
                dynamicTest(
                    entry.getKey(),
                    () -> expressedOrRefused(entry.getValue().request(), this::assertOrderly)));
  }

  private void assertOrderly(Plan plan) {
    Set<Path> made = new HashSet<>(Set.of(SCRATCH));
    for (Step step : plan.prepare()) {
      Optional<Path> written = pathOf(step);
      if (written.isEmpty()) {
        continue;
      }
      Path path = written.get();
      assertTrue(path.startsWith(SCRATCH), path + " is not in the scratch directory");
      assertTrue(path.equals(path.normalize()), path + " is not normalized");
      assertTrue(made.contains(path.getParent()), "nothing made the parent of " + path);
      assertTrue(made.add(path), path + " is made twice");
    }
  }

  private static Optional<Path> pathOf(Step step) {
    if (step instanceof Step.MakeDirectory made) {
      return Optional.of(made.path());
    } else if (step instanceof Step.WriteFile written) {
      return Optional.of(written.path());
    } else if (step instanceof Step.Link link) {
      return Optional.of(link.path());
    }
    return Optional.empty();
  }

  @TestFactory
  Stream<DynamicTest> passesTheWordsOfTheUserLastAndAsTheyAre() {
    return AWKWARD_WORDS.stream()
        .map(
            word ->
                dynamicTest(
                    "<" + word + ">",
                    () -> {
                      List<String> words = List.of("/bin/echo", word, "between", word);
                      for (Plan plan : backend().plans(usual().request())) {
                        Invocation invocation = plan.enter(Command.of(words), Stdio.PIPES);
                        List<String> all = invocation.words();
                        assertEquals(words, all.subList(all.size() - words.size(), all.size()));
                      }
                    }));
  }

  @Test
  void passesAProgramWhoseNameLooksLikeAnOption() {
    for (Plan plan : backend().plans(usual().request())) {
      List<String> all = plan.enter(Command.of("-x", "--help"), Stdio.PIPES).words();
      assertEquals(List.of("-x", "--help"), all.subList(all.size() - 2, all.size()));
    }
  }

  @TestFactory
  Stream<DynamicTest> passesTheVariablesAndTheDirectoryOfACommand() {
    return AWKWARD_WORDS.stream()
        .map(
            value ->
                dynamicTest(
                    "<" + value + ">",
                    () -> {
                      Command command =
                          COMMAND
                              .variable("OVERLAY_SDK_TEST", "<" + value + ">")
                              .directory(ContainerPath.of("/some/where"));
                      for (Plan plan : backend().plans(usual().request())) {
                        Shown shown = Shown.of(plan, command);
                        assertTrue(
                            shown.texts().stream().anyMatch(t -> t.contains("<" + value + ">")),
                            () -> "the value is not passed as it is: " + shown);
                        assertTrue(shown.names("OVERLAY_SDK_TEST"), shown::toString);
                        assertTrue(shown.names("/some/where"), shown::toString);
                      }
                    }));
  }

  @TestFactory
  Stream<DynamicTest> namesImageOverlaysAndBindsOrRefuses() {
    return requests().entrySet().stream()
        .map(
            entry ->
                dynamicTest(
                    entry.getKey(),
                    () -> {
                      Request request = entry.getValue().request();
                      expressedOrRefused(request, plan -> assertComplete(request, plan));
                    }));
  }

  private void assertComplete(Request request, Plan plan) {
    Shown shown = Shown.of(plan, COMMAND);
    if (request.image().kind() != Kind.HOST) {
      assertNamed(request.image().location(), shown);
    }
    request.overlays().forEach(overlay -> assertNamed(overlay.path().toString(), shown));
    request
        .binds()
        .forEach(
            bind -> {
              assertNamed(bind.source().toString(), shown);
              assertNamed(bind.target().text(), shown);
            });
  }

  private static void assertNamed(String text, Shown shown) {
    assertTrue(shown.names(text), () -> "\"" + text + "\" is nowhere in " + shown);
  }

  private void expressedOrRefused(Request request, Consumer<Plan> law) {
    List<Plan> plans;
    try {
      plans = backend().plans(request);
    } catch (UnsupportedException refused) {
      assertTrue(
          refused.getMessage() != null && refused.getMessage().length() > 20,
          "a refusal names the feature, the tool and what would help: " + refused.getMessage());
      return;
    }
    assertFalse(plans.isEmpty(), "a backend that has no plan refuses");
    plans.forEach(law);
  }

  /** One of everything that a request can hold, by what is special about it. */
  private Map<String, RequestBuilder> requests() {
    Map<String, RequestBuilder> all = new LinkedHashMap<>();
    all.put("no overlay", sif());
    all.put("usual", usual());
    all.put("directory image", RequestBuilder.directory(tool()));
    all.put("bare squashfs", image(Kind.SQUASHFS, "/images/base.sqfs", Format.SQUASHFS));
    all.put("bare ext3", image(Kind.EXT3, "/images/base.img", Format.EXT3));
    all.put("encrypted", image(Kind.SIF, "/images/secret.sif", Format.ENCRYPTED));
    all.put("pending", bare(Kind.PENDING, "/images/later.sif"));
    all.put("remote", bare(Kind.REMOTE, "docker://debian:12"));
    all.put("host", bare(Kind.HOST, "/"));
    for (OverlayFacts.Kind kind : OverlayFacts.Kind.values()) {
      all.put("writable " + kind, sif().writable(kind, "/overlays/mine"));
      all.put("read-only " + kind, sif().readOnly(kind, "/overlays/mine"));
    }
    all.put("stack", stack());
    all.put("two binds", usual().bind("/data/in", "/in", Access.READ_ONLY).bind("/out", "/out"));
    all.put("root", usual().identity(Identities.root()));
    all.put("root that lacks", usual().identity(Identities.rootWithoutAllCapabilities()));
    features().forEach((name, change) -> all.put(name, usual().spec(change)));
    for (String name : awkwardNames()) {
      all.put("image " + name, RequestBuilder.sif(tool(), "/images/" + name));
      all.put("overlay " + name, sif().writable(OverlayFacts.Kind.DIRECTORY, "/overlays/" + name));
      all.put("lower " + name, sif().readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/" + name));
      all.put("source " + name, sif().bind("/sources/" + name, "/target"));
      all.put("target " + name, sif().bind("/source", "/targets/" + name));
    }
    return all;
  }

  /** Where the locale is C, JDK 17 has no path with a letter beyond ASCII. */
  private static List<String> awkwardNames() {
    CharsetEncoder platform =
        Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")).newEncoder();
    return AWKWARD_NAMES.stream().filter(platform::canEncode).toList();
  }

  private RequestBuilder image(Kind kind, String path, Format format) {
    return RequestBuilder.on(tool(), imageFacts(kind, path, List.of(root(format, ""))));
  }

  private RequestBuilder bare(Kind kind, String location) {
    return RequestBuilder.on(tool(), imageFacts(kind, location, List.of()));
  }

  private RequestBuilder stack() {
    return sif()
        .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/bottom")
        .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/middle")
        .writable(OverlayFacts.Kind.DIRECTORY, "/overlays/top");
  }

  private static Map<String, UnaryOperator<SessionSpec>> features() {
    Map<String, UnaryOperator<SessionSpec>> all = new LinkedHashMap<>();
    all.put("fakeroot", SessionSpec::fakeroot);
    all.put("nvidia", spec -> spec.gpu(Gpu.NVIDIA));
    all.put("amd", spec -> spec.gpu(Gpu.AMD));
    all.put("no capabilities", SessionSpec::dropCapabilities);
    all.put("no network", spec -> spec.network(Network.NONE));
    return all;
  }

  // ---- represent or refuse

  @TestFactory
  Stream<DynamicTest> leavesNoFeatureOut() {
    return features().entrySet().stream()
        .map(
            entry ->
                dynamicTest(
                    entry.getKey(), () -> assertDiffers(usual(), usual().spec(entry.getValue()))));
  }

  @Test
  void tellsAReadOnlyBindFromAWritableOne() {
    assertDiffers(usual().bind("/data", "/data"), usual().bind("/data", "/data", Access.READ_ONLY));
  }

  @Test
  void tellsAReadOnlyOverlayFromAWritableOne() {
    assertDiffers(
        sif().writable(OverlayFacts.Kind.DIRECTORY, "/overlays/mine"),
        sif().readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/mine"));
  }

  @Test
  void tellsTheOrderOfOverlays() {
    assertDiffers(
        sif()
            .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/one")
            .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/two"),
        sif()
            .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/two")
            .readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/one"));
  }

  private void assertDiffers(RequestBuilder one, RequestBuilder other) {
    expressedOrRefused(
        one.request(),
        first ->
            expressedOrRefused(
                other.request(),
                second ->
                    assertNotEquals(
                        Shown.of(first, COMMAND).texts(),
                        Shown.of(second, COMMAND).texts(),
                        "left out in silence")));
  }

  @Test
  void refusesToWriteToASquashfs() {
    Request request = sif().writable(OverlayFacts.Kind.SQUASHFS, "/overlays/tools.sqfs").request();
    assertThrows(UnsupportedException.class, () -> backend().plans(request));
  }

  @Test
  void refusesToWriteToALayer() {
    Request request = sif().writable(OverlayFacts.Kind.LAYER, "/overlays/layer").request();
    assertThrows(UnsupportedException.class, () -> backend().plans(request));
  }

  @Test
  void refusesAnImageForAnotherProcessor() {
    Request request = sif().architecture("arm64").request();
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> backend().plans(request));
    expressedOrRefused(
        sif().request(),
        plan -> {
          String message = String.valueOf(refused.getMessage());
          assertTrue(message.contains("amd64"), message);
          assertTrue(message.contains("arm64"), message);
        });
  }
}
