package io.overlaysdk.benchmarks;

import java.nio.file.Path;
import java.util.List;

/** A subject that is measured: makes what it needs in a directory, which is deleted afterwards. */
interface Benchmark {
  List<Measured> run(Path directory) throws Exception;
}
