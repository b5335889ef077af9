package io.overlaysdk.backend.overlayfs;

import io.overlaysdk.backend.support.rootfs.Merge;
import io.overlaysdk.backend.support.rootfs.RootTools;
import io.overlaysdk.backend.support.rootfs.Stack;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Has the kernel merge.
 *
 * @param mount the program
 * @param root whether root asks for it, who is in no user namespace
 */
record Overlayfs(Path mount, boolean root) implements Merge {

  @Override
  public String backend() {
    return OverlayfsBackend.NAME;
  }

  @Override
  public boolean isByKernel() {
    return true;
  }

  @Override
  public String reason() {
    return "the kernel merges the layers in a mount namespace of its own";
  }

  @Override
  public Set<Dialect> reads() {
    return Set.of(Dialect.NEUTRAL, Dialect.KERNEL_PLAIN, writes());
  }

  @Override
  public Dialect writes() {
    return root ? Dialect.KERNEL_TRUSTED : Dialect.KERNEL_USERXATTR;
  }

  @Override
  public List<String> words(Stack stack) {
    StringBuilder options = new StringBuilder("lowerdir=");
    options.append(String.join(":", stack.lowers()));
    stack
        .upper()
        .ifPresent(
            upper -> options.append(",upperdir=" + upper.changes() + ",workdir=" + upper.work()));
    options.append(RootTools.options(root));
    return List.of(
        mount.toString(), "-t", "overlay", "-o", options.toString(), "overlay", Stack.MERGED);
  }
}
