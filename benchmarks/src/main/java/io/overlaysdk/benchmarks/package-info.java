/** Measures the SDK beside the tools themselves, in one run; not part of what is shipped. */
package io.overlaysdk.benchmarks;
