package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Whiteouts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/** Makes nodes with the programs that every Linux has, as the engine does. */
final class ShellNodes implements NodeMaker, Whiteouts {
  @Override
  public void create(Path file) {
    run(List.of("mknod", "-m", "000", file.toString(), "c", "0", "0"));
  }

  @Override
  public void device(Path file, boolean block, int major, int minor) {
    run(List.of("mknod", file.toString(), block ? "b" : "c", "" + major, "" + minor));
  }

  @Override
  public void fifo(Path file) {
    run(List.of("mkfifo", file.toString()));
  }

  @Override
  public void attribute(Path file, String name, byte[] value) {
    String hex = "0x" + HexFormat.of().formatHex(value);
    run(List.of("setfattr", "-h", "-n", name, "-v", hex, file.toString()));
  }

  @Override
  public void modified(Path file, Instant time) {
    run(List.of("touch", "-h", "-d", "@" + PaxTime.format(time), file.toString()));
  }

  static byte[] run(List<String> words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      process.getOutputStream().close();
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      process.getInputStream().transferTo(output);
      if (process.waitFor() != 0) {
        throw new OverlayException(words + " failed: " + output.toString(US_ASCII));
      }
      return output.toByteArray();
    } catch (IOException e) {
      throw new OverlayException(words + " did not start: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OverlayException("interrupted", e);
    }
  }
}
