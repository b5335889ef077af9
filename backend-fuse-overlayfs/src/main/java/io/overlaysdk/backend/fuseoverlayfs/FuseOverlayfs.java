package io.overlaysdk.backend.fuseoverlayfs;

import io.overlaysdk.backend.support.rootfs.Merge;
import io.overlaysdk.backend.support.rootfs.Stack;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Merges with the program at {@code executable}. */
record FuseOverlayfs(Path executable) implements Merge {

  @Override
  public String backend() {
    return FuseOverlayfsBackend.NAME;
  }

  @Override
  public boolean isByKernel() {
    return false;
  }

  @Override
  public String reason() {
    return "fuse-overlayfs merges the layers in a mount namespace of its own";
  }

  @Override
  public Set<Dialect> reads() {
    return Set.of(Dialect.NEUTRAL, Dialect.FUSE);
  }

  @Override
  public Dialect writes() {
    return Dialect.FUSE;
  }

  /** No name in a stack holds a colon or a comma: before 1.15 neither could be escaped. */
  @Override
  public List<String> words(Stack stack) {
    StringBuilder options = new StringBuilder("allow_other,lowerdir=");
    options.append(String.join(":", stack.lowers()));
    stack
        .upper()
        .ifPresent(
            upper -> options.append(",upperdir=" + upper.changes() + ",workdir=" + upper.work()));
    // Without it, a file whose owner the namespace does not map cannot be changed: EOVERFLOW.
    stack
        .owner()
        .ifPresent(
            owner ->
                options
                    .append(",squash_to_uid=" + owner.uid())
                    .append(",squash_to_gid=" + owner.gid()));
    return List.of(executable.toString(), "-o", options.toString(), Stack.MERGED);
  }
}
