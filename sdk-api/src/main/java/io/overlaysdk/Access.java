package io.overlaysdk;

/** Whether what is put into a container may be changed from inside it. */
public enum Access {
  READ_ONLY,
  READ_WRITE
}
