package io.overlaysdk.cli;

import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The options that describe a session, for every command that opens one. */
final class SessionOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(
      names = {"-b", "--backend"},
      paramLabel = "NAME",
      description = "Run by this backend and no other.")
  private String backend;

  @Option(
      names = {"-o", "--overlay"},
      paramLabel = "OVERLAY[:ro]",
      converter = Converters.OfOverlay.class,
      description = "An overlay: a directory or an ext3 or squashfs image; bottom to top.")
  private List<Overlay> overlays = new ArrayList<>();

  @Option(
      names = "--ephemeral",
      arity = "0..1",
      paramLabel = "SIZE",
      converter = Converters.OfEphemeral.class,
      preprocessor = OnlyAttached.class,
      description = "A writable overlay that is gone afterwards; may be limited, as in =512M.")
  private Overlay ephemeral;

  @Option(
      names = "--bind",
      paramLabel = "SOURCE:TARGET[:ro]",
      converter = Converters.OfBind.class,
      description = "A file or directory of the host inside.")
  private List<Bind> binds = new ArrayList<>();

  @Option(
      names = "--share",
      paramLabel = "PART",
      split = ",",
      converter = Converters.OfShare.class,
      description = "Parts of the host that are hidden otherwise: home, tmp, cwd, env.")
  private List<Share> shares = new ArrayList<>();

  @Option(
      names = "--env",
      paramLabel = "NAME=VALUE",
      converter = Variable.Converter.class,
      description = "An environment variable inside.")
  private List<Variable> variables = new ArrayList<>();

  @Option(
      names = "--other-base",
      description = "The overlays may have been made on another image than this one.")
  private boolean otherBase;

  @Option(names = "--fakeroot", description = "Commands appear to run as root.")
  private boolean fakeroot;

  @Option(
      names = "--drop-caps",
      description = "Commands have no capabilities, those of root neither.")
  private boolean dropCapabilities;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Amount.OfTime.class,
      description = "End the command after this time, as in 90s or 5m; the exit status is 124.")
  private Duration timeout;

  @Mixin private Patience patience;

  @Option(
      names = "--network",
      paramLabel = "host|none",
      converter = Converters.OfNetwork.class,
      description = "The host's network, or none.")
  private Network network;

  @Option(
      names = "--gpu",
      paramLabel = "nvidia|amd",
      converter = Converters.OfGpu.class,
      description = "With the host's graphics processors of this make.")
  private Gpu gpu;

  @Option(
      names = "--pwd",
      paramLabel = "DIR",
      converter = Converters.OfContainerPath.class,
      description = "Start in this directory of the container.")
  private ContainerPath directory;

  @Parameters(
      index = "0+",
      paramLabel = "IMAGE",
      converter = Converters.OfImage.class,
      description = "A path, a URI such as docker://debian:12, or host.")
  private Image image;

  /**
   * The session that the options describe.
   *
   * @throws ParameterException where they contradict each other
   */
  SessionSpec session() {
    try {
      return host(layers(SessionSpec.on(image)));
    } catch (InvalidSpecException e) {
      throw new ParameterException(mixee.commandLine(), e.getMessage(), e);
    }
  }

  private SessionSpec layers(SessionSpec session) {
    for (Overlay overlay : overlays) {
      session = session.overlay(overlay);
    }
    if (ephemeral != null) {
      session = session.overlay(ephemeral);
    }
    for (Bind bind : binds) {
      session = session.bind(bind);
    }
    for (Variable variable : variables) {
      session = session.variable(variable.name(), variable.value());
    }
    return session;
  }

  private SessionSpec host(SessionSpec session) {
    session = session.share(shares.toArray(Share[]::new));
    session = backend == null ? session : session.backend(backend);
    session = fakeroot ? session.fakeroot() : session;
    session = dropCapabilities ? session.dropCapabilities() : session;
    session = otherBase ? session.allowOtherBase() : session;
    session = timeout == null ? session : session.timeLimit(timeout);
    session = patience.of(session);
    session = network == null ? session : session.network(network);
    session = gpu == null ? session : session.gpu(gpu);
    return directory == null ? session : session.directory(directory);
  }

  /** Without this {@code --ephemeral IMAGE} would take the image for the size. */
  static final class OnlyAttached implements IParameterPreprocessor {
    @Override
    public boolean preprocess(
        Stack<String> args, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      if (" ".equals(info.get("separator"))) {
        args.push("");
      }
      return false;
    }
  }
}
