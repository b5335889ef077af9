package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.Progress;
import io.overlaysdk.Result;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Secrets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes events to the log of the program: sessions and commands at DEBUG, the ends of long work at
 * INFO. Arguments and variables may be secrets, so of a command only the program is named.
 */
final class LoggingListener implements SdkListener {
  private static final Logger LOG = LoggerFactory.getLogger("io.overlaysdk.events");

  @Override
  public void opening(SessionSpec spec) {
    LOG.debug("opening a session on {}", Secrets.masked(spec.image().toString()));
  }

  @Override
  public void opened(Session session) {
    LOG.debug(
        "opened a session of {} on {}",
        session.backend(),
        Secrets.masked(session.spec().image().toString()));
  }

  @Override
  public void mounted(Session session) {
    LOG.debug("a container of {} has started", session.backend());
  }

  @Override
  public void started(Session session, Command command) {
    LOG.debug("started {}", command.words().get(0));
  }

  @Override
  public void ended(Session session, Result result) {
    LOG.debug(
        "{} ended: {} {} after {} ms",
        result.command().words().get(0),
        result.termination(),
        result.exitStatus(),
        result.took().toMillis());
  }

  @Override
  public void closed(Session session) {
    LOG.debug("closed a session of {}", session.backend());
  }

  @Override
  public void nearlyFull(Session session, OverlayInfo overlay) {
    LOG.warn(
        "the overlay {} is nearly full: {} bytes and {} inodes are left; overlay resize makes it"
            + " larger",
        overlay.path(),
        overlay.freeBytes().orElse(0),
        overlay.freeInodes().orElse(0));
  }

  @Override
  public void progress(Progress progress) {
    if (progress.done()) {
      LOG.info("{}: done", progress.work());
    }
  }
}
