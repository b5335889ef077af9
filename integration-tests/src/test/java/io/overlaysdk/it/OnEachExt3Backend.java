package io.overlaysdk.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * A test that holds for every backend that writes to an ext3 overlay; its first parameter is the
 * name of one. The kernel writes to none for a plain user ({@link OverlayfsIT}).
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(OnEachExt3Backend.Backends.class)
public @interface OnEachExt3Backend {

  /** The names. */
  final class Backends implements ArgumentsProvider {
    private static final boolean ROOT = System.getProperty("user.name").equals("root");

    @Override
    public Stream<? extends Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      Stream<String> all = Stream.of("apptainer", "singularity", "fuse-overlayfs", "overlayfs");
      return all.filter(Backends::writes).map(Arguments::of);
    }

    /** Whether the backend of this name writes to an ext3 overlay of this user. */
    public static boolean writes(String backend) {
      return ROOT || !backend.equals("overlayfs");
    }
  }
}
