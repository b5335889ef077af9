package io.overlaysdk;

import io.overlaysdk.spi.EngineProvider;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * The way in. Finds the backends on the class path, opens sessions, makes overlays and images.
 *
 * <pre>{@code
 * try (OverlaySdk sdk = OverlaySdk.open()) {
 *   SessionSpec spec =
 *       SessionSpec.on(Image.at(Path.of("base.sif"))).overlay(Overlay.ephemeral());
 *   try (Session session = sdk.start(spec)) {
 *     session.run("touch", "/app/new").orThrow();
 *   }
 * }
 * }</pre>
 *
 * <p>What a {@link Policy} does not allow every method refuses with {@link PolicyException}.
 *
 * <p>Implemented by the engine only. May be used by several threads.
 */
public interface OverlaySdk extends AutoCloseable {

  /**
   * Opens the SDK with the site's configuration, found as {@link Configuration#load()} says, and
   * the backends that the thread's context class loader sees, or, where that one does not know the
   * SDK, the SDK's own.
   *
   * @throws ConfigException where the configuration is wrong
   * @throws OverlayException where no engine is on the class path
   */
  static OverlaySdk open() {
    return open(Configuration.load());
  }

  /**
   * Opens the SDK with this configuration, and reads no file but for the site's policy, which holds
   * besides ({@link Policy#ofSite()}). The backends are found as by {@link #open()}.
   *
   * @throws ConfigException where the site's policy cannot be read
   * @throws OverlayException where no engine is on the class path
   */
  static OverlaySdk open(Configuration configuration) {
    return open(configuration, Services.loader());
  }

  /**
   * Opens the SDK with this configuration and the engine and backends that {@code classLoader}
   * sees. The site's policy holds besides.
   *
   * @throws ConfigException where the site's policy cannot be read
   * @throws OverlayException where it sees no engine
   */
  static OverlaySdk open(Configuration configuration, ClassLoader classLoader) {
    return Services.first(EngineProvider.class, classLoader)
        .orElseThrow(
            () ->
                new OverlayException(
                    "no engine is on the class path: add the dependency"
                        + " io.overlaysdk:overlay-sdk-engine"))
        .open(configuration, classLoader);
  }

  /**
   * What each backend found on this machine, and what it can do here, in the order of preference.
   */
  List<BackendReport> probe();

  /**
   * What of this machine decides what works: the kernel and its settings, the tools, and the
   * directories that sessions write to. Most is found by trying it, in a directory that is taken
   * away again; it takes some hundred milliseconds.
   */
  List<Finding> examine();

  /**
   * Makes an empty directory overlay: {@code directory/upper} and {@code directory/work}. Nobody
   * else may enter the directory, unless its mode is changed: what a container writes has the modes
   * that it gives, setuid ones included.
   *
   * @throws InvalidSpecException where something is at {@code directory} already, or its parent is
   *     not a directory that can be written to
   */
  Overlay createOverlay(Path directory);

  /**
   * Makes an empty overlay in one file, an ext3 image of this many bytes, without the space being
   * taken before it is used; see {@link #createOverlay(Path, ImageSize)}.
   */
  default Overlay createOverlay(Path file, long bytes) {
    return createOverlay(file, ImageSize.of(bytes));
  }

  /**
   * Makes an empty overlay in one file, an ext3 image.
   *
   * @param size at least 4 MiB: mkfs.ext3 (1.47) gives a smaller one no journal, and the tools take
   *     none without
   * @throws InvalidSpecException where something is at {@code file} already, or {@code size} is
   *     less
   * @throws LaunchException where mkfs.ext3 is missing or fails, or fallocate where all space is to
   *     be taken
   */
  Overlay createOverlay(Path file, ImageSize size);

  /**
   * Makes an ext3 overlay as a copy of a template: an image that holds what all of its kind begin
   * with. Holes are kept, and where the file system can, the copy shares the template's blocks.
   *
   * @param template the name of one in the site's configuration, else a path; an ext3 image, as it
   *     is or compressed with gzip or zstd
   * @throws InvalidSpecException where something is at {@code file}, or the template is no ext3
   *     image that an overlay can be
   */
  Overlay createOverlayFrom(String template, Path file);

  /**
   * What is known of an overlay, without mounting it; while somebody writes to it, as far as it has
   * been written down by then.
   *
   * @throws InvalidSpecException where there is none
   * @throws CorruptOverlayException where it is damaged
   */
  OverlayInfo info(Path overlay);

  /**
   * Looks through the file system of an ext3 overlay, and repairs it where that is asked for: on a
   * copy, which takes the image's place when it is sound, so that nothing is lost where the repair
   * fails or is killed.
   *
   * @throws InvalidSpecException where it is no ext3 image
   * @throws OverlayBusyException where somebody writes to it; for a repair also where it is read
   * @throws LaunchException where e2fsck is missing, or does not come to its end
   */
  CheckReport check(Path overlay, boolean repair);

  /**
   * Makes an ext3 overlay larger or smaller; its inodes grow and shrink with it. Done on a copy,
   * which takes the image's place when it is whole.
   *
   * @param bytes the new size, at least 1 MiB
   * @throws InvalidSpecException where it is no ext3 image, or {@code bytes} is less
   * @throws CorruptOverlayException where it must be repaired first: see {@link #check}
   * @throws OverlayBusyException where somebody has it in use
   * @throws LaunchException where resize2fs is missing, or fails because what is in the overlay
   *     does not fit
   */
  default void resizeOverlay(Path overlay, long bytes) {
    resizeOverlay(overlay, ImageSize.of(bytes));
  }

  /**
   * The same with another number of inodes, which no file system changes in place: the image is
   * made anew, and what is in it copied as it is, while tools are kept out. Where the size names no
   * inodes they grow and shrink with it. Nothing is taken at once ({@link ImageSize#taken}) but
   * where inodes are named.
   *
   * @throws InvalidSpecException where more inodes are in use, and as the other
   * @throws UnsupportedException where there are access control lists, or attributes that only root
   *     may write and this user is not root
   * @throws LaunchException where fuse2fs, tar or getfattr is missing, or what is in the overlay
   *     does not fit, or is a device or socket that cannot be made anew; it is as before then
   */
  void resizeOverlay(Path overlay, ImageSize size);

  /**
   * Builds an image from a definition file. The image appears whole or not at all.
   *
   * @param definition a definition file as Apptainer and Singularity read it
   * @param target where the image is to be; refused where something is there already
   * @throws InvalidSpecException where the definition is missing or the target exists
   * @throws NoBackendException where no image builder works on this machine
   * @throws LaunchException where the build failed
   */
  Image build(Path definition, Path target);

  /**
   * Opens a session. Whatever can be known to be wrong is found before anything starts.
   *
   * @throws InvalidSpecException where something named in the spec is missing or cannot be used
   * @throws CorruptOverlayException where an image or an overlay is damaged
   * @throws OverlayBusyException where somebody else writes to an overlay, or reads the one that
   *     this session is to write to
   * @throws BaseMismatchException where an overlay was made on another image
   * @throws NoBackendException where no backend can run exactly this
   */
  Session start(SessionSpec spec);

  /**
   * What {@link #start} and one {@link Session#run} would do, without doing it. Reads the image and
   * the overlays and probes the tools; starts no container and changes nothing.
   *
   * @throws InvalidSpecException as {@link #start}, and so the other errors
   */
  Explanation explain(SessionSpec spec, Command command);

  /**
   * What the topmost overlay of {@code spec} changes in what lies below it: the image, and the
   * other overlays. The overlay must be at rest. Whether the overlay was written with fakeroot
   * decides what its owners mean, so say so in the spec. The mount points and files that a
   * container tool makes for itself are left out.
   *
   * @param detail whether a removed tree is one change or one for each entry
   * @throws InvalidSpecException where the spec has no overlay, or names something that is not
   *     there
   * @throws OverlayBusyException where somebody writes to it; nobody can as long as these are open
   * @throws UnsupportedException where the image cannot be read without a tool, as one by URI
   * @throws LaunchException where a program that makes an image readable is missing or fails
   */
  Changes changes(SessionSpec spec, Changes.Detail detail);

  /**
   * Brings the topmost overlay of {@code spec} into neutral form, in place: the one that every
   * driver reads alike, so that any tool and any user may be given it read-only, a bare {@code
   * apptainer --overlay X:ro} too. What is in it stays the same. The overlay must be at rest. A
   * kill at any moment leaves it readable; run it again to finish.
   *
   * @return whether there was something to do
   * @throws InvalidSpecException where the spec has no overlay, or the topmost one is read-only
   * @throws BaseMismatchException where it was made on another image
   * @throws OverlayBusyException where somebody writes to it or reads it
   * @throws UnsupportedException where an entry cannot be expressed, or its marks cannot be read by
   *     this user; nothing was changed
   */
  boolean convert(SessionSpec spec);

  /**
   * Writes the topmost overlay of {@code spec}, which must be at rest, as a layer of an OCI image:
   * a tar archive that, unpacked over what lies below, gives what a session sees. The same overlay
   * gives the same bytes; where the environment has {@code SOURCE_DATE_EPOCH}, nothing in it is
   * younger. Say in the spec whether the overlay was written with fakeroot: without it all that a
   * plain user owns is root's in the layer.
   *
   * @param target a new file, which appears when it is complete; compressed as its name ends:
   *     {@code .tar}, {@code .tar.gz}, {@code .tgz} or {@code .tar.zst}
   * @throws InvalidSpecException where the target exists or has another name, or as {@link
   *     #changes}
   * @throws OverlayBusyException where somebody writes to it
   * @throws UnsupportedException where a layer cannot express what is in the overlay
   * @throws LaunchException where a program that is needed is missing or fails
   */
  LayerReport exportLayer(SessionSpec spec, Path target);

  /**
   * Makes the topmost overlay of {@code spec} of a layer of an OCI image, which may come from
   * anywhere: what is harmful in it is refused, and nothing is touched outside of the overlay. The
   * image and the other overlays of the spec are what it will lie on. With fakeroot the layer's
   * owners are kept; without it a plain user can have those of root only.
   *
   * @param layer a tar archive, as it is or compressed with gzip or zstd
   * @param spec its topmost overlay is one that is not there yet, which is made as a directory, or
   *     an empty one; on any failure it is as before
   * @throws InvalidSpecException where that overlay has changes in it, or as {@link #start}
   * @throws OverlayBusyException where somebody writes to that overlay or reads it
   * @throws UnsupportedException where the layer holds what cannot be made here
   * @throws OverlayException where the layer is damaged or must not be unpacked
   * @throws LaunchException where a program that is needed is missing or fails
   */
  LayerReport importLayer(Path layer, SessionSpec spec);

  /**
   * Keeps the state of an overlay: what is in the {@code upper} of a directory, or an ext3 image as
   * a whole, becomes a read-only layer, and an empty one lies on top of it, however much that is.
   * The layers of an overlay lie in {@code .NAME.layers} beside it; a session on the overlay has
   * all of them. A tool that is given the overlay without this SDK sees only what was changed since
   * the last snapshot.
   *
   * @param message what people call it; may be empty
   * @throws InvalidSpecException where there is no overlay that this user can write to
   * @throws OverlayBusyException where somebody writes to it or reads it: what is mounted cannot be
   *     frozen
   * @throws UnsupportedException where the overlay lies on too many layers, and for an image where
   *     the file system has no hard links
   * @throws LaunchException for an image, where mkfs.ext3 or debugfs is missing or fails
   */
  Snapshot snapshot(Path overlay, String message);

  /**
   * Makes an overlay that begins where {@code overlay} is now, and shares its layers. Where that
   * has changes since its last snapshot, one is taken first, and stays if this process is killed
   * before the fork is there.
   *
   * @param target where it is made
   * @throws InvalidSpecException where something is at {@code target}, and as {@link #snapshot}
   */
  Overlay fork(Path overlay, Path target);

  /**
   * Makes an overlay that begins at a snapshot. Does not disturb a session on {@code overlay}.
   *
   * @param snapshot its id, or the beginning of it
   * @param target where it is made
   * @throws InvalidSpecException where there is no such snapshot, or something is at {@code target}
   */
  Overlay fork(Path overlay, String snapshot, Path target);

  /**
   * Returns to a snapshot. Those that were taken after it are kept, and can be returned to as well.
   *
   * @param snapshot its id, or the beginning of it
   * @param discard whether changes that no snapshot has are deleted
   * @throws InvalidSpecException where there is no such snapshot, or there are changes that no
   *     snapshot has and {@code discard} is false
   * @throws OverlayBusyException where somebody writes to it or reads it
   */
  void rollback(Path overlay, String snapshot, boolean discard);

  /**
   * Returns to the last snapshot: deletes what was changed since.
   *
   * @throws InvalidSpecException where there is no snapshot
   * @throws OverlayBusyException where somebody writes to it or reads it
   */
  void discard(Path overlay);

  /** The snapshots of an overlay and of all that were forked from it, the oldest first. */
  List<Snapshot> log(Path overlay);

  /**
   * Puts an overlay on one layer that holds what all its layers hold together: many layers cost
   * every session, and the tools take some 45. The snapshots stay. {@link #snapshot} does it by
   * itself where the overlay would lie on too many, and its image is where it was.
   *
   * @param spec the image and the overlay, with fakeroot where that is used with it
   * @return the snapshot that the overlay lies on now
   * @throws InvalidSpecException where there are no snapshots, or more than one overlay is named
   * @throws UnsupportedException where a layer holds what cannot be copied, such as a socket
   * @throws OverlayBusyException where somebody writes to it or reads it
   */
  Snapshot flatten(SessionSpec spec);

  /**
   * Makes an overlay for another image, such as a new version of the one that the topmost overlay
   * of {@code spec} was made on. What both sides have changed is a conflict: the new overlay is
   * made only where there is none, or with {@code force}, and then the overlay's changes win. The
   * overlay itself stays as it is.
   *
   * @param spec the image that the overlay was made on, and the overlay, at rest
   * @param onto the other image
   * @param target where the new overlay is made, a directory
   * @return the conflicts, and the overlay where it was made
   * @throws InvalidSpecException where something is at {@code target}, or as {@link #changes}
   * @throws UnsupportedException where an image has layers of its own, or the overlay holds what a
   *     layer archive cannot
   */
  RebaseReport rebase(SessionSpec spec, Image onto, Path target, boolean force);

  /**
   * Takes over an overlay that was made by hand or by a tool: finds out what has marked what is
   * hidden in it, and remembers that and the image that it belongs to, so that a session on another
   * one is refused. Nothing in it is changed.
   *
   * @param spec the image, and the overlay on top, at rest
   * @return false where the overlay belongs to this image already
   * @throws InvalidSpecException where the overlay cannot be used, or is ephemeral
   * @throws BaseMismatchException where it belongs to another image
   * @throws OverlayBusyException where somebody writes to it or reads it
   */
  boolean adopt(SessionSpec spec);

  /**
   * Deletes an overlay that is kept, and the layers that no other overlay needs.
   *
   * @throws InvalidSpecException where there is something else, or more than makes an overlay
   * @throws OverlayBusyException where somebody writes to it or reads it
   */
  void deleteOverlay(Path overlay);

  /**
   * Writes the topmost overlay of {@code spec}, which must be at rest, as a squashfs: one
   * compressed file that any tool and any user may be given read-only, because it is in neutral
   * form. Nobody can write to the overlay meanwhile. The same overlay gives the same bytes; where
   * the environment has {@code SOURCE_DATE_EPOCH}, nothing in it is younger. Beside it lies what is
   * known of it, {@code NAME.overlay.json}. Say in the spec whether the overlay was written with
   * fakeroot: without it all that a plain user owns is root's in the file. Times are kept to the
   * second.
   *
   * @param target a new file, which appears when it is complete
   * @throws InvalidSpecException where the target exists, or as {@link #changes}
   * @throws BaseMismatchException where the overlay was made on another image
   * @throws OverlayBusyException where somebody writes to it
   * @throws UnsupportedException where a squashfs cannot hold what is in the overlay, or its marks
   *     cannot be read by this user
   * @throws LaunchException where a program that is needed is missing or fails
   */
  LayerReport freeze(SessionSpec spec, Path target);

  /**
   * Makes a directory overlay of a squashfs, such as {@link #freeze} writes, to be written to
   * again. Where the file comes from does not matter: nothing is touched outside of the target. The
   * owners in it are those in the container; what a plain user has no subordinate ids for is
   * refused.
   *
   * @param target a directory that is not there yet, which appears when it is complete
   * @return the overlay
   * @throws InvalidSpecException where the target exists, or {@code frozen} is no squashfs
   * @throws CorruptOverlayException where it is damaged
   * @throws UnsupportedException where something in it cannot be made here by this user
   * @throws LaunchException where a program that is needed is missing or too old
   */
  Overlay thaw(Path frozen, Path target);

  /**
   * Writes an overlay with all that belongs to it to one compressed file, to be moved to another
   * file system or machine: what is in it as it is, whoever wrote it, with attributes, whiteouts,
   * devices and the owners that the container sees, or the image with its holes, and what is known
   * of it. Nobody can write to the overlay meanwhile. Times of a directory are kept to the second;
   * sockets are left out.
   *
   * @param overlay a directory or an ext3 image
   * @param target a new file, which appears when it is complete
   * @throws InvalidSpecException where the target exists, or there is no such overlay
   * @throws OverlayBusyException where somebody writes to it
   * @throws UnsupportedException where this user cannot read what belongs to others in it
   * @throws LaunchException where a program that is needed is missing or fails
   */
  void pack(Path overlay, Path target);

  /**
   * Makes the overlay again of which {@link #pack} made a file. The file is read whole before
   * anything is made of it; nothing is touched outside of the target.
   *
   * @param target where nothing is; the overlay appears when it is complete
   * @return the overlay
   * @throws InvalidSpecException where the target exists, or {@code file} is no packed overlay
   * @throws CorruptOverlayException where it is damaged
   * @throws UnsupportedException where something in it cannot be made here by this user
   * @throws LaunchException where a program that is needed is missing or too old
   */
  Overlay unpack(Path file, Path target);

  /**
   * Makes a new image of the image and the overlays of {@code spec}, which must be at rest: what a
   * session on the new image sees is what one on the old image and the overlays sees. Neither is
   * changed; no session writes to an overlay meanwhile. Labels, environment, runscript and
   * definition are those of the base, and {@code /.singularity.d/overlay-sdk.history} in the new
   * image says what it was made of. The same overlays give the same bytes; where the environment
   * has {@code SOURCE_DATE_EPOCH}, nothing in it is younger. Say in the spec whether the overlays
   * were written with fakeroot: without it all that a plain user owns is root's in the new image.
   *
   * @param target a new file or directory, which appears when it is complete: with {@link
   *     CommitMode#LAYERED} a SIF, whose name ends in {@code .sif}; else that, an OCI archive in
   *     {@code .tar}, or any other name for a directory
   * @throws InvalidSpecException where the target exists, or as {@link #changes}
   * @throws UnsupportedException where the target cannot hold what is in the overlays, or the image
   *     no more partitions; with {@link CommitMode#LAYERED} where the image is no SIF
   * @throws OverlayBusyException where somebody writes to an overlay
   * @throws BaseMismatchException where an overlay was made on another image
   * @throws LaunchException where a program that is needed is missing or fails: mksquashfs 4.5 for
   *     a SIF, tar for a directory
   */
  CommitReport commit(SessionSpec spec, Path target, CommitMode mode);

  /**
   * Plays a workflow, step after step, and stops at the first that fails.
   *
   * @param listener is told of each step when it is done, the failed one included, in this thread
   * @return whether all steps did what they were expected to do
   */
  boolean run(Workflow workflow, Consumer<StepReport> listener);

  /**
   * What {@link #run(Workflow, Consumer)} would do, step by step, without doing it. What a step
   * would make is taken as there for the steps after it.
   */
  List<Explanation> explain(Workflow workflow);

  /**
   * Opens a session that stays when this process ends, until it is stopped: other processes of the
   * same user on this machine join it by its name, and run commands in it as fast as the one that
   * opened it. Where there is a dead session of this name, what it left is taken away first.
   *
   * @param name up to 64 letters, digits, dots, dashes and underscores, a letter or digit first
   * @return the session as {@link #join} gives it: closing it leaves it to the others
   * @throws InvalidSpecException where there is a session of this name, and as in {@link #start}
   * @throws UnsupportedException where the image lacks what a resident container needs
   */
  Session start(String name, SessionSpec spec);

  /**
   * A session that was opened under this name, by whichever process. What is started in it through
   * this object ends when that is closed; the session does not. Its {@link Session#spec} tells the
   * image, the overlays, the variables and the directory. Changes and the caller's terminal are not
   * to be had.
   *
   * @throws InvalidSpecException where there is none, or it is of another host
   */
  Session join(String name);

  /** Tells {@code listener} from now on what this SDK does. */
  void listen(SdkListener listener);

  /** All sessions of this user that are open, or that left something when their process died. */
  List<SessionReport> sessions();

  /**
   * Ends a session that was opened under this name, with all that runs in it, whoever started that.
   *
   * @throws InvalidSpecException where there is none, or it is of another host
   */
  void stop(String name);

  /**
   * Ends what sessions left behind whose process is dead: processes, mounts, scratch files. Touches
   * nothing of a session whose owner lives or may live, such as on another host, and nothing that
   * this SDK did not make. Every {@link #start} does the same first, for what is left of this user
   * on this host.
   *
   * @return what was ended or taken away, in that order
   * @throws OverlayException where something could not be; all the rest is, and the next call tries
   *     again
   */
  List<Recovered> recover();

  /**
   * Takes away what says that somebody uses an overlay of whom it cannot be told from here whether
   * he lives: a session that stayed on another host, or the lease of another host on a file system
   * without locks. Only who knows that it is gone may say so: two who write at once lose data.
   *
   * @return who was said to use it
   * @throws InvalidSpecException where there is no overlay
   * @throws OverlayBusyException where somebody has it locked, or is sure to live
   */
  List<OverlayHolder> breakLeases(Path overlay);

  /** Closes the sessions that are still open. */
  @Override
  void close();
}
