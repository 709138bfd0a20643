package meridian;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.PathMatchers;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpRules;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.function.Consumer;
import meridian.addresses.ClientAddresses;
import meridian.connections.Listener;
import meridian.documents.Documents;
import meridian.logs.JsonHandler;
import meridian.logs.LogWriter;
import meridian.probe.Probe;
import meridian.settings.Settings;
import meridian.settings.SettingsException;

/** Starts the service or, with the argument {@code probe}, checks a running one. */
public final class Main {
  static {
    // The JDK reads this once, when the first logger is created, which is LOGGER below.
    System.setProperty("java.util.logging.manager", "meridian.logs.JsonHandler$Manager");
    // Helidon writes Date in the default time zone; it must be in GMT (RFC 9110 section 5.6.7).
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  private static final Logger LOGGER = System.getLogger(Main.class.getName());
  private static final Header ALLOW = HeaderValues.createCached(HeaderNames.ALLOW, "GET, HEAD");

  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    InstantSource clock = InstantSource.system();
    if (arguments.length == 0) {
      run(clock);
    } else if (arguments[0].equals("probe")) {
      List<String> rest = List.of(arguments).subList(1, arguments.length);
      System.exit(Probe.run(rest, System.getenv(), clock, System.out, System.err));
    } else {
      System.err.println(
          "Unknown argument: "
              + arguments[0]
              + ". Without arguments the program runs the service; with probe it runs the probe.");
      System.exit(64);
    }
  }

  private static void run(InstantSource clock) throws InterruptedException {
    LogWriter log = new LogWriter(clock, new FileOutputStream(FileDescriptor.out));
    JsonHandler.install(log);
    Server.withoutDiscovery();
    try {
      serve(System.getenv(), clock, log);
      return;
    } catch (SettingsException e) {
      LOGGER.log(Level.ERROR, e.getMessage());
    } catch (RuntimeException e) {
      LOGGER.log(Level.ERROR, "The start failed", e);
    }
    log.flush(1000);
    System.exit(1);
  }

  private static void serve(Map<String, String> environment, InstantSource clock, LogWriter log)
      throws InterruptedException {
    Settings settings = Settings.load(environment);
    Capacity.ofProcess().check(settings);
    Health health = new Health();
    Documents documents = Documents.open(settings.documents());
    Server server = setUp(settings, documents, clock, health, log, Main::halt);
    server.start();
    Drain drain = new Drain(settings.drainDelay(), health, server, log);
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("drain").unstarted(drain));
    if (!documents.awaitStore()) {
      LOGGER.log(
          Level.WARNING,
          "The document store did not respond within MERIDIAN_DOCUMENTS_WAIT; starting without it");
    }
    health.started();
    LOGGER.log(
        Level.INFO,
        // Concatenated, because the first use of a format costs a fortieth of the startup time.
        "Serving on port "
            + server.port()
            + ", health and metrics on "
            + server.adminPort()
            + ", version "
            + settings.version());
  }

  /** Ends the process for the platform to replace: checks of the other port would still pass. */
  private static void halt(LogWriter log) {
    try {
      log.flush(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(1);
  }

  /**
   * Assembles the whole service, for production and tests alike.
   *
   * @param onEnd called when a listener ends although nobody stopped it
   */
  static Server setUp(
      Settings settings,
      Documents documents,
      InstantSource clock,
      Health health,
      LogWriter log,
      Consumer<LogWriter> onEnd) {
    Header version = HeaderValues.create("Service-Version", settings.version());
    Metrics metrics = new Metrics(settings.version(), log::dropped);
    ClientAddresses addresses =
        new ClientAddresses(settings.clientAddress(), metrics::clientAddressFellBack);
    RequestLog requestLog = new RequestLog(settings.accessLog(), version, addresses, metrics, log);

    HttpRouting.Builder routing = HttpRouting.builder();
    routing.addFilter(requestLog);
    routing(routing, settings, clock, addresses, documents);

    HttpRouting.Builder adminRouting = HttpRouting.builder();
    adminRouting.register(new AdminRoutes(health, metrics));

    return new Server(
        settings,
        routing,
        adminRouting,
        new Problems(version, requestLog::refused).handlers(),
        new Listener.Events() {
          @Override
          public boolean isEnding() {
            return health.isDraining();
          }

          @Override
          public void connectionCut(String reason) {
            metrics.connectionCut(reason);
          }

          @Override
          public void listenerEnded(String name) {
            LOGGER.log(
                Level.ERROR,
                "The " + name + " listener stopped unexpectedly, so the process exits");
            onEnd.accept(log);
          }
        });
  }

  private static void routing(
      HttpRouting.Builder routing,
      Settings settings,
      InstantSource clock,
      ClientAddresses addresses,
      Documents documents) {
    TimeRoutes time = new TimeRoutes(clock, addresses);
    PageRoutes pages = new PageRoutes(settings.greeting());
    get(
        routing,
        "/",
        switch (settings.home()) {
          case TIME -> time::timeAndAddress;
          case HELLO -> pages::hello;
        });
    get(routing, "/now", time::now);
    get(routing, "/api/{name}", new DocumentRoutes(documents)::get);
    get(routing, "/hello", pages::hello);
    get(routing, "/openapi.yaml", pages::description);
  }

  /** Routes GET and HEAD on a path to the handler, and refuses other methods. */
  static void get(HttpRules rules, String path, Handler handler) {
    rules.route(Method.predicate(Method.GET, Method.HEAD), PathMatchers.create(path), handler);
    rules.any(
        path,
        (request, response) -> {
          throw new ProblemException(
                  Status.METHOD_NOT_ALLOWED_405, "Only GET and HEAD are possible here.")
              .header(ALLOW);
        });
  }
}
