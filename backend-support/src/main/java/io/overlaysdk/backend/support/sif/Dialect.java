package io.overlaysdk.backend.support.sif;

import java.util.List;

/**
 * What differs between the products that share this grammar, as data.
 *
 * @param product its name for people
 * @param answer the first word of what {@code --version} prints, which tells the products apart: a
 *     {@code singularity} command is often a link to Apptainer
 * @param minimum the first version that can keep a session's promises
 * @param why what the versions before it lack
 * @param prefix what the names of its variables start with
 * @param userMounts who mounts overlays for a plain user
 * @param flags what a session needs on the command line besides what both have
 * @param userBuild what a plain user adds to build from a definition
 */
public record Dialect(
    String product,
    String answer,
    Version minimum,
    String why,
    String prefix,
    UserMounts userMounts,
    List<Since> flags,
    List<String> userBuild) {

  /** Who mounts overlays for a plain user. */
  enum UserMounts {
    /** FUSE programs: images and directories alike. */
    FUSE,
    /** The kernel: images where the tool is setuid, directories in a user namespace. */
    KERNEL
  }

  /** A flag, and the version that brought it. */
  record Since(Version version, String flag) {}

  // before 1.2.0 "--no-mount bind-paths" is unknown, which is only warned of: the host's
  // /etc/hosts and /etc/localtime would come in unasked
  public static final Dialect APPTAINER =
      new Dialect(
          "Apptainer",
          "apptainer",
          new Version(1, 2, 0),
          "cannot keep the site's bind paths out of a container",
          "APPTAINER",
          UserMounts.FUSE,
          List.of(),
          List.of());

  // 3.11.0 brought "bind-paths" and directory overlays for plain users. Since 4.0.0 a site can
  // make OCI mode the default, in which overlays stack the other way round; --no-oci undoes that
  public static final Dialect SINGULARITY_CE =
      new Dialect(
          "SingularityCE",
          "singularity-ce",
          new Version(3, 11, 0),
          "cannot keep the site's bind paths out of a container",
          "SINGULARITY",
          UserMounts.KERNEL,
          List.of(new Since(new Version(4, 0, 0), "--no-oci")),
          List.of("--fakeroot"));

  public Dialect {
    flags = List.copyOf(flags);
    userBuild = List.copyOf(userBuild);
  }

  List<String> flags(Version version) {
    return flags.stream()
        .filter(since -> !version.isBefore(since.version))
        .map(Since::flag)
        .toList();
  }

  /** The variable with which the tool is told to set {@code name} inside. */
  String variable(String name) {
    return prefix + "ENV_" + name;
  }

  /** What {@code buildcfg} calls the site's configuration file. */
  String confKey() {
    return prefix + "_CONF_FILE";
  }

  /** How {@code buildcfg} tells whether the tool is installed setuid: 1 or 0. */
  String setuidKey() {
    return prefix + "_SUID_INSTALL";
  }

  /** The variable with which a build takes capabilities from the containers that it starts. */
  String dropCapabilitiesVariable() {
    return prefix + "_DROP_CAPS";
  }
}
