package meridian;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/**
 * Health checks and metrics, on the listener that is never public.
 *
 * <p>Readiness does not depend on the document store: otherwise a store outage would take all
 * instances out of the load balancer at once, and the time with them. A failing store shows as 502
 * and 504 on its own path, and in the metrics.
 */
final class AdminRoutes implements HttpService {
  private final Health health;
  private final Metrics metrics;

  private static final byte[] UP = "{\"status\":\"UP\"}".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DOWN = "{\"status\":\"DOWN\"}".getBytes(StandardCharsets.US_ASCII);

  AdminRoutes(Health health, Metrics metrics) {
    this.health = health;
    this.metrics = metrics;
  }

  @Override
  public void routing(HttpRules rules) {
    check(rules, "/live", () -> true);
    check(rules, "/started", health::isStarted);
    check(rules, "/ready", health::isReady);
    Main.get(rules, "/metrics", this::metrics);
  }

  private static void check(HttpRules rules, String path, BooleanSupplier up) {
    Main.get(
        rules,
        path,
        (request, response) -> {
          boolean isUp = up.getAsBoolean();
          response.header(Responses.NO_STORE);
          response.status(isUp ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
          Responses.send(request, response, HeaderValues.CONTENT_TYPE_JSON, isUp ? UP : DOWN);
        });
  }

  private void metrics(ServerRequest request, ServerResponse response) {
    String accept = request.headers().first(HeaderNames.ACCEPT).orElse("");
    Metrics.Exposition exposition = metrics.expose(accept);
    Responses.send(
        request,
        response,
        HeaderValues.create(HeaderNames.CONTENT_TYPE, exposition.contentType()),
        exposition.body());
  }
}
