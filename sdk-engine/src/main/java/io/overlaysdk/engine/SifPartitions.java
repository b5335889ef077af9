package io.overlaysdk.engine;

import static io.overlaysdk.engine.SifDescriptor.ENCRYPTED_SQUASHFS;
import static io.overlaysdk.engine.SifDescriptor.EXT3;
import static io.overlaysdk.engine.SifDescriptor.GOCRYPTFS_SQUASHFS;
import static io.overlaysdk.engine.SifDescriptor.OVERLAY;
import static io.overlaysdk.engine.SifDescriptor.PRIMARY_SYSTEM;
import static io.overlaysdk.engine.SifDescriptor.SQUASHFS;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The file systems in a SIF: the root, and the overlays that belong to it. */
final class SifPartitions {
  private final RawFile file;
  private final SifHeader header;

  private SifPartitions(RawFile file, SifHeader header) {
    this.file = file;
    this.header = header;
  }

  /**
   * The root, then the overlays in the order of the table, which is bottom to top for Apptainer
   * 1.4, also where an entry that became free was used again for an object further back.
   */
  static List<Part> read(RawFile file) {
    return new SifPartitions(file, SifHeader.read(file)).parts();
  }

  private List<Part> parts() {
    List<SifDescriptor> partitions =
        header.descriptors().stream().filter(SifDescriptor::isPartition).toList();
    partitions.forEach(this::checkForm);
    SifDescriptor root = root(partitions);
    checkApart(partitions);
    List<Part> parts = new ArrayList<>();
    parts.add(part(root, Role.ROOT));
    for (SifDescriptor partition : partitions) {
      if (partition.purpose() == OVERLAY && isOf(root, partition)) {
        parts.add(part(partition, Role.OVERLAY));
      }
    }
    return parts;
  }

  /** As Apptainer 1.4 has it: an overlay of another group than the root's is left out. */
  private static boolean isOf(SifDescriptor root, SifDescriptor overlay) {
    return root.group() == 0 || overlay.group() == root.group();
  }

  private void checkForm(SifDescriptor partition) {
    if (partition.purpose() < SifDescriptor.SYSTEM || partition.purpose() > OVERLAY) {
      throw file.corrupt(
          partition + ": the partition type", partition.purpose(), "there are the types 1 to 4");
    }
    if (partition.fileSystem() < SQUASHFS || partition.fileSystem() > GOCRYPTFS_SQUASHFS) {
      throw file.corrupt(
          partition + ": the file system type",
          partition.fileSystem(),
          "there are the types 1 to 6");
    }
    SifHeader.checkArchitecture(file, partition + ": the architecture", partition.architecture());
  }

  private SifDescriptor root(List<SifDescriptor> partitions) {
    List<SifDescriptor> roots =
        partitions.stream().filter(partition -> partition.purpose() == PRIMARY_SYSTEM).toList();
    if (roots.size() == 1) {
      return roots.get(0);
    }
    if (roots.isEmpty()
        && header.descriptors().stream()
            .anyMatch(object -> object.dataType() == SifDescriptor.OCI_ROOT_INDEX)) {
      throw new UnsupportedException(
          "the image "
              + file.path()
              + " is an OCI-SIF, which holds layers and no root file system; build a plain SIF from"
              + " it, such as with singularity build NEW.sif oci-sif:"
              + file.path());
    }
    throw file.corrupt(
        "the number of primary system partitions in the SIF",
        roots.size(),
        "there must be exactly one");
  }

  private void checkApart(List<SifDescriptor> partitions) {
    long end = SifHeader.SIZE;
    for (SifDescriptor partition :
        partitions.stream().sorted(Comparator.comparingLong(SifDescriptor::offset)).toList()) {
      if (partition.offset() < end) {
        throw file.corrupt(
            partition + ": the offset",
            partition.offset(),
            "the partition before it ends at byte " + end);
      }
      if (partition.offset() < header.tableEnd() && partition.end() > header.tableStart()) {
        throw file.corrupt(
            partition + ": the offset",
            partition.offset(),
            "the SIF's own table lies in it, at byte " + header.tableStart());
      }
      end = partition.end();
    }
  }

  private Part part(SifDescriptor partition, Role role) {
    return new Part(
        role,
        format(partition),
        partition.offset(),
        partition.length(),
        SifArchitecture.name(partition.architecture()));
  }

  private Format format(SifDescriptor partition) {
    switch (partition.fileSystem()) {
      case SQUASHFS -> {
        SquashfsSuperblock.check(
            file, partition.offset(), partition.length(), partition.toString());
        return Format.SQUASHFS;
      }
      case EXT3 -> {
        checkExt3(partition);
        return Format.EXT3;
      }
      case ENCRYPTED_SQUASHFS, GOCRYPTFS_SQUASHFS -> {
        return Format.ENCRYPTED;
      }
      default ->
          throw new UnsupportedException(
              partition
                  + " in "
                  + file.path()
                  + " is a partition of raw data or an archive, which no tool mounts; build the"
                  + " image with a squashfs root");
    }
  }

  private void checkExt3(SifDescriptor partition) {
    ExtSuperblock superblock =
        ExtSuperblock.read(file, partition.offset(), partition.length(), partition.toString());
    if (superblock.family() != ExtSuperblock.Family.EXT3) {
      throw file.corrupt(partition.toString(), superblock, "its descriptor says ext3");
    }
    superblock.requireClean(
        file,
        "apptainer sif dump "
            + partition.id()
            + " "
            + file.path()
            + " > NEW.img, then e2fsck -fp NEW.img, and put it back with apptainer sif del and"
            + " apptainer sif add");
  }
}
