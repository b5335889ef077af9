/**
 * The {@code overlay} command. One class for each action; {@link io.overlaysdk.cli.Main} puts them
 * together. Uses nothing but the API, and is no API itself.
 */
package io.overlaysdk.cli;
