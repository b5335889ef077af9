package io.overlaysdk.backend.support.sif;

import io.overlaysdk.Bind;
import io.overlaysdk.Gpu;
import io.overlaysdk.Network;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Turns a request into the one plan that a tool has for it. */
final class Planner {
  private final Installation installation;
  private final Request request;
  private final List<String> options = new ArrayList<>();

  private Planner(Installation installation, Request request) {
    this.installation = installation;
    this.request = request;
  }

  static Plan plan(Installation installation, Request request) {
    Limits.check(installation, request);
    OverlayLimits.check(installation, request);
    return new Planner(installation, request).plan();
  }

  private Plan plan() {
    addUser();
    addDevices();
    if (request.spec().network() == Network.NONE) {
      options.addAll(List.of("--net", "--network", "none"));
    }
    Arguments arguments = new Arguments(installation, request.scratch());
    // bottom to top, as given: among read-only overlays the last is on top, and the writable one
    // is on top of them wherever it stands
    for (OverlayFacts overlay : request.overlays()) {
      add("--overlay", arguments.overlay(overlay));
    }
    for (Bind bind : Binds.seen(request.binds())) {
      add("--mount", arguments.mount(bind));
    }
    Driver driver = Driver.of(installation, request);
    List<Step> prepare = new ArrayList<>(arguments.links());
    driver.configuration().ifPresent(prepare::add);
    boolean writable = request.overlays().stream().anyMatch(OverlayFacts::isWritable);
    return new SifPlan(
        reason(),
        driver.reads(),
        writable ? Optional.of(driver.writes()) : Optional.empty(),
        prepare,
        installation,
        driver.configuration().map(Step.WriteFile::path),
        options,
        request.image().location());
  }

  private void add(String option, String value) {
    options.add(option);
    options.add(value);
  }

  private void addUser() {
    Identity identity = request.identity();
    boolean drops = request.spec().dropsCapabilities();
    if (drops) {
      options.add("--no-privs");
    }
    if (identity.isRoot()) {
      if (!identity.capable() && !drops) {
        installation
            .found()
            .fact(Facts.WITHHELD)
            .ifPresentOrElse(names -> add("--drop-caps", names), () -> options.add("--no-privs"));
      }
      return;
    }
    if (request.spec().isFakeroot()) {
      options.add("--fakeroot");
    } else if (OverlayLimits.needsUserNamespace(installation, request)) {
      options.add("--userns");
    }
  }

  private void addDevices() {
    boolean nvidia = request.spec().gpu().filter(Gpu.NVIDIA::equals).isPresent();
    boolean amd = request.spec().gpu().filter(Gpu.AMD::equals).isPresent();
    if (nvidia) {
      options.add("--nv");
    } else if (installation.is(Facts.ALWAYS_NV, "yes")) {
      options.add("--no-nv");
    }
    if (amd) {
      options.add("--rocm");
    } else if (installation.is(Facts.ALWAYS_ROCM, "yes")) {
      options.add("--no-rocm");
    }
  }

  private String reason() {
    String how =
        request.overlays().isEmpty()
            ? " runs the image read-only"
            : " lays the overlays over the image itself";
    return installation.name() + how + user();
  }

  private String user() {
    if (!request.identity().isRoot()) {
      return "";
    }
    String fakeroot = request.spec().isFakeroot() ? "; root needs no fakeroot" : "";
    if (request.identity().capable()) {
      return fakeroot;
    }
    return fakeroot
        + installation
            .found()
            .fact(Facts.WITHHELD)
            .map(names -> "; without " + names + ", which this machine withholds from root")
            .orElse("; without capabilities, as this machine withholds some from root");
  }
}
