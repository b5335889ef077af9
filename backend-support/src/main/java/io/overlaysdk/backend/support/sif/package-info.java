/**
 * The command grammar that Apptainer and SingularityCE share. {@link
 * io.overlaysdk.backend.support.sif.SifTool} is what a backend delegates to; what differs between
 * the products is data in {@link io.overlaysdk.backend.support.sif.Dialect}.
 */
package io.overlaysdk.backend.support.sif;
