package io.overlaysdk.layers.oci;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Writes whole buffers with an array to a stream; the JDK's own adapter copies 8 KiB at a time. */
final class StreamChannel implements WritableByteChannel {
  private final OutputStream out;

  StreamChannel(OutputStream out) {
    this.out = out;
  }

  @Override
  public int write(ByteBuffer buffer) throws IOException {
    int count = buffer.remaining();
    out.write(buffer.array(), buffer.arrayOffset() + buffer.position(), count);
    buffer.position(buffer.limit());
    return count;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
