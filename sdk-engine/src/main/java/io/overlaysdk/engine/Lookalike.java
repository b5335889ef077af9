package io.overlaysdk.engine;

/** What people give as an image that is none, in the order in which it is told apart. */
enum Lookalike {
  OCI_ARCHIVE(257, "ustar", "a tar archive in the OCI layout") {
    @Override
    boolean matches(String start) {
      return super.matches(start)
          && (start.startsWith("oci-layout\0")
              || start.startsWith("blobs/")
              || start.startsWith("index.json\0"));
    }
  },
  TAR(257, "ustar", "a tar archive"),
  GZIP(0, "\u001f\u008b", "a gzip file"),
  ZSTD(0, "(\u00b5/\u00fd", "a zstd file"),
  XZ(0, "\u00fd7zXZ\0", "an xz file"),
  BZIP2(0, "BZh", "a bzip2 file"),
  ZIP(0, "PK\u0003\u0004", "a zip archive"),
  ELF(0, "\u007fELF", "a program (ELF)"),
  LUKS(0, "LUKS\u00ba\u00be", "an encrypted volume (LUKS)"),
  QCOW(0, "QFI\u00fb", "a disk of a virtual machine (qcow)"),
  XFS(0, "XFSB", "an xfs file system"),
  OLD_SQUASHFS(0, "sqsh", "a squashfs of the old, big-endian kind");

  private final int offset;
  private final String magic;
  private final String description;

  Lookalike(int offset, String magic, String description) {
    this.offset = offset;
    this.magic = magic;
    this.description = description;
  }

  boolean matches(String start) {
    return start.startsWith(magic, offset);
  }

  String description() {
    return description;
  }

  /** Whether container images are handed around in this form. */
  static boolean maySaveAnImage(String description) {
    return description.equals(OCI_ARCHIVE.description)
        || description.equals(TAR.description)
        || description.equals(GZIP.description)
        || description.equals(ZSTD.description);
  }
}
