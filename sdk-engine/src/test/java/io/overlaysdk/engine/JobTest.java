package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobTest {
  private static final Path ODD = PathBytes.path(new byte[] {'/', 'a', '\n', (byte) 0xff, ' '});
  private static final List<LayerSource> LAYERS =
      List.of(
          new LayerSource(Path.of("/i.sif"), LayerSource.Format.SQUASHFS, 36864, true, false),
          new LayerSource(Path.of("/é"), LayerSource.Format.EXT3, 0, false, true),
          new LayerSource(ODD, LayerSource.Format.DIRECTORY, 0, false, true));

  @TempDir private Path temp;

  @Test
  void arrivesAsItWasSent() throws IOException {
    Job changes =
        new Job.ListChanges(
            LAYERS,
            Owning.SUBORDINATE,
            Changes.Detail.EVERY_ENTRY,
            true,
            List.of(ContainerPath.of("/mnt"), ContainerPath.of(new byte[] {'/', (byte) 0xfe})));
    assertSame(changes);
    assertSame(
        new Job.Export(LAYERS, Owning.ONE_USER, Path.of("/l.tar"), Optional.of("1000000000")));
    assertSame(new Job.Export(List.of(), Owning.AS_SEEN, ODD, Optional.empty()));
    assertSame(new Job.Freeze(LAYERS, Owning.SUBORDINATE, ODD, OptionalLong.of(4_000_000_000L)));
    assertSame(new Job.Freeze(LAYERS, Owning.AS_SEEN, ODD, OptionalLong.empty()));
    assertSame(
        new Job.Pack(
            LAYERS, Owning.ONE_USER, ODD, Job.Product.OCI, Optional.of("12"), "{\"é\": 1}"));
    assertSame(new Job.Compare(LAYERS, Owning.AS_SEEN, List.of(ContainerPath.of("/é"))));
    assertSame(
        new Job.Import(
            LAYERS, Owning.AS_SEEN, ODD, Path.of("/.o"), Path.of("/o"), ".é", Job.Into.EXT3));
  }

  private void assertSame(Job job) throws IOException {
    Path file = temp.resolve("job" + job.hashCode());
    try (Records.Writer out = new Records.Writer(file)) {
      out.write(job.fields());
    }
    try (Records.Reader in = new Records.Reader(file)) {
      assertEquals(job, Job.of(in.next()));
    }
  }

  @Test
  void isTheSameForAnotherProcessButForTheOwners() {
    Job.Export export =
        new Job.Export(LAYERS, Owning.SUBORDINATE, Path.of("/l.tar"), Optional.empty());
    assertEquals(
        new Job.Export(LAYERS, Owning.AS_SEEN, Path.of("/l.tar"), Optional.empty()),
        export.as(Owning.AS_SEEN));
  }
}
