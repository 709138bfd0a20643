package meridian;

import io.helidon.common.socket.SocketOptions;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import io.helidon.webserver.ErrorHandling;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;

/** The two listeners, public and admin, and the limits on what clients may do to them. */
final class Server {
  static final String ADMIN = "admin";

  static final int MAX_BODY_BYTES = 64 << 10;
  static final int MAX_HEADER_BYTES = 16 << 10;
  static final int MAX_REQUEST_LINE_BYTES = 4 << 10;

  /** Waited at most four times: per listener, for its connections and for its tasks. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private Server() {}

  /**
   * Keeps Helidon from reading through all jars for parts to extend itself with, which was the
   * longest part of a start. What it needs is named here and in {@link #configure}.
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

  static void configure(
      WebServerConfig.BuilderBase<?, ?> server,
      Settings settings,
      Metrics metrics,
      DirectHandlers problems,
      HttpRouting.Builder routing,
      HttpRouting.Builder adminRouting) {
    server
        .featuresDiscoverServices(false)
        .mediaContext(
            MediaContext.builder()
                .mediaSupportsDiscoverServices(false)
                .addMediaSupport(new LazyJackson())
                .build())
        .contentEncoding(
            ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build())
        .shutdownHook(false); // Drain stops the server
    server.port(settings.port());
    configure(server, settings, metrics, problems, routing);
    ListenerConfig.Builder admin = ListenerConfig.builder().name(ADMIN).port(settings.adminPort());
    configure(admin, settings, metrics, problems, adminRouting);
    server.putSocket(ADMIN, admin.build());
  }

  private static void configure(
      ListenerConfig.BuilderBase<?, ?> listener,
      Settings settings,
      Metrics metrics,
      DirectHandlers problems,
      HttpRouting.Builder routing) {
    ConnectionGuard guard =
        new ConnectionGuard(
            Http1Config.builder()
                .maxHeadersSize(MAX_HEADER_BYTES)
                .maxPrologueLength(MAX_REQUEST_LINE_BYTES)
                .receiveLog(false)
                .sendLog(false),
            settings.maxConnections(),
            settings.requestTimeout(),
            metrics::connectionCut);
    listener
        .protocolsDiscoverServices(false)
        // Gives the reason of a refusal to our own handler, not to the client.
        .errorHandling(ErrorHandling.builder().includeEntity(true).build())
        .addConnectionSelector(guard)
        .directHandlers(problems)
        .routing(routing.register(guard))
        .maxPayloadSize(MAX_BODY_BYTES)
        .maxTcpConnections(settings.maxConnections())
        .idleConnectionTimeout(settings.idleTimeout())
        .idleConnectionPeriod(Duration.ofMillis(settings.idleTimeout().toMillis() / 5))
        .shutdownGracePeriod(GRACE)
        // Off by default in Helidon: with Nagle's algorithm an answer in two writes waits 40 ms for
        // the client's acknowledgement of the first.
        .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build());
  }

  /**
   * Starts a server that {@link #configure} configured.
   *
   * @throws SettingsException when one of its ports cannot be listened on
   */
  static void start(WebServer web, Settings settings) {
    // Helidon logs a failed bind with its stack and goes on, without telling us the reason.
    tryPort("port", settings.port());
    tryPort("admin-port", settings.adminPort());
    web.start();
    if (web.port() == -1 || web.port(ADMIN) == -1) {
      throw new SettingsException("A port was taken between the check and the start");
    }
  }

  private static void tryPort(String key, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(port));
    } catch (IOException e) {
      throw new SettingsException(
          "%s: port %d cannot be listened on: %s"
              .formatted(SettingsReader.variable(key), port, e.getMessage()));
    }
  }
}
