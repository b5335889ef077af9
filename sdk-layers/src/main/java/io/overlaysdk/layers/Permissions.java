package io.overlaysdk.layers;

/** The permission bits (with set-user-id, set-group-id and sticky) and the owner of an entry. */
public record Permissions(int mode, long uid, long gid) {}
