package io.overlaysdk.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An environment variable as {@code --env} has it. */
record Variable(String name, String value) {

  static final class Converter implements ITypeConverter<Variable> {
    @Override
    public Variable convert(String text) {
      int equals = text.indexOf('=');
      if (equals < 0) {
        throw new TypeConversionException(
            "\"" + text + "\" sets no variable: expected NAME=VALUE; the value may be empty");
      }
      return new Variable(text.substring(0, equals), text.substring(equals + 1));
    }
  }
}
