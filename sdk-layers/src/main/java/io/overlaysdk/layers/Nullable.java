package io.overlaysdk.layers;

import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/** May be null, within this package: for NullAway, which knows the name. */
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER})
@interface Nullable {}
