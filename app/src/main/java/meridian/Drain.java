package meridian;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import meridian.logs.LogWriter;

/**
 * Shuts down on SIGTERM and Ctrl-C: readiness goes off while requests are still served, so that
 * load balancers send no more; then the ports close, requests in flight end, and it exits with 0.
 */
final class Drain implements Runnable {
  private static final Logger LOGGER = System.getLogger(Drain.class.getName());
  private static final long FLUSH_MILLIS = 500;

  private final Duration delay;
  private final Health health;
  private final Server server;
  private final LogWriter log;

  Drain(Duration delay, Health health, Server server, LogWriter log) {
    this.delay = delay;
    this.health = health;
    this.server = server;
    this.log = log;
  }

  @Override
  public void run() {
    health.draining();
    LOGGER.log(Level.INFO, "Draining for {0} ms", Long.toString(delay.toMillis()));
    try {
      Thread.sleep(delay);
      server.stop();
      LOGGER.log(Level.INFO, "Stopped");
      log.flush(FLUSH_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // By itself the JVM would exit with 143 on the signal, which platforms treat as a failure.
    Runtime.getRuntime().halt(0);
  }
}
