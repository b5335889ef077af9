/**
 * What a backend implements and what it is given. Start at {@link io.overlaysdk.spi.Backend}; test
 * one with {@code BackendContract} of overlay-sdk-testkit.
 *
 * <p>A backend plans from facts and never acts: the engine reads images, runs programs and writes
 * files; a backend says which. What the tool cannot express exactly is refused with {@link
 * io.overlaysdk.UnsupportedException}, never left out.
 */
package io.overlaysdk.spi;
