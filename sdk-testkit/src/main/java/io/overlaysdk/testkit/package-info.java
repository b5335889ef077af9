/**
 * Tests a backend against the laws that all backends keep.
 *
 * <p>A backend's author extends {@link io.overlaysdk.testkit.BackendContract}, tells it the backend
 * and two machines, one with the tool and one without, and gets the laws as tests:
 *
 * <pre>{@code
 * final class SiteBackendTest extends BackendContract {
 *   @Override
 *   protected Backend backend() {
 *     return new SiteBackend();
 *   }
 *
 *   @Override
 *   protected Host hostWithTool() {
 *     return FakeHost.linux()
 *         .program("site-run", "/usr/bin/site-run")
 *         .answer("site-run 2.1", "/usr/bin/site-run", "--version");
 *   }
 *
 *   @Override
 *   protected Host hostWithoutTool() {
 *     return FakeHost.linux();
 *   }
 * }
 * }</pre>
 *
 * <p>The laws say what must hold for every tool. How this tool's argument lists look is for the
 * backend's own tests, with requests from {@link io.overlaysdk.testkit.RequestBuilder}. Nothing
 * here starts a process or touches a file.
 */
package io.overlaysdk.testkit;
