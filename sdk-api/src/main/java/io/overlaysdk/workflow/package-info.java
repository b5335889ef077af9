/**
 * Workflows: a list of steps that build an image, make overlays, run commands and check what came
 * out. Read one from YAML with {@link io.overlaysdk.workflow.Workflow#read}, or put it together in
 * Java; play it with {@link io.overlaysdk.OverlaySdk#run(Workflow, java.util.function.Consumer)}.
 */
package io.overlaysdk.workflow;
