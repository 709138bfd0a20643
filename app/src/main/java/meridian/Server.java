package meridian;

import io.helidon.http.media.MediaContext;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import meridian.connections.Limits;
import meridian.connections.Listener;
import meridian.settings.Settings;
import meridian.settings.SettingsException;

/** The two listeners, public and admin. */
final class Server {
  /**
   * Enough for a load balancer and a scraper, so that nobody uses up the public listener's heap.
   */
  static final int ADMIN_CONNECTIONS = 50;

  /** Together with the default drain delay, this stays within Cloud Run's 10 seconds. */
  private static final long GRACE_MILLIS = 3000;

  private final Settings settings;
  private final Listener open;
  private final Listener admin;

  Server(
      Settings settings,
      HttpRouting.Builder routing,
      HttpRouting.Builder adminRouting,
      DirectHandlers refusals,
      Listener.Events events) {
    this.settings = settings;
    MediaContext media =
        MediaContext.builder()
            .mediaSupportsDiscoverServices(false)
            .addMediaSupport(new LazyJackson())
            .build();
    this.open =
        new Listener(
            "public",
            settings.port(),
            limits(settings, settings.maxConnections()),
            routing,
            refusals,
            media,
            events);
    this.admin =
        new Listener(
            "admin",
            settings.adminPort(),
            limits(settings, ADMIN_CONNECTIONS),
            adminRouting,
            refusals,
            media,
            events);
  }

  private static Limits limits(Settings settings, int places) {
    return new Limits(places, settings.requestTimeout(), settings.idleTimeout());
  }

  /**
   * Keeps Helidon from scanning all jars for extensions, which was the longest part of a start. The
   * extensions that it needs are named where they are used.
   */
  static void withoutDiscovery() {
    System.setProperty("io.helidon.metadata.mode", "none");
    GlobalServiceRegistry.registry(
        ServiceRegistryManager.create(
                ServiceRegistryConfig.builder()
                    .discoverServices(false)
                    .discoverServicesFromServiceLoader(false)
                    .build())
            .registry());
  }

  /**
   * Opens both ports.
   *
   * @throws SettingsException if one of them cannot be opened
   */
  void start() {
    start(open, "PORT", settings.port());
    start(admin, "MERIDIAN_ADMIN_PORT", settings.adminPort());
  }

  private static void start(Listener listener, String variable, int port) {
    try {
      listener.start();
    } catch (IOException e) {
      throw new SettingsException(
          variable + ": cannot listen on port " + port + ": " + e.getMessage());
    }
  }

  int port() {
    return open.port();
  }

  int adminPort() {
    return admin.port();
  }

  /** Closes both ports, and each connection as soon as its requests have been served. */
  void stop() throws InterruptedException {
    open.stop();
    admin.stop();
    long end = System.nanoTime() + GRACE_MILLIS * 1_000_000;
    open.awaitEnd(GRACE_MILLIS);
    admin.awaitEnd(Math.max(0, (end - System.nanoTime()) / 1_000_000));
  }
}
