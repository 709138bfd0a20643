package meridian;

import io.helidon.http.DirectHandler.TransportRequest;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import meridian.addresses.ClientAddresses;
import meridian.connections.RawFields;
import meridian.logs.LogWriter;
import meridian.settings.Settings;

/**
 * The outermost filter: measures and logs each request, and sets the headers that every response
 * carries.
 */
final class RequestLog implements Filter {
  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");
  private static final Header NOSNIFF =
      HeaderValues.createCached(HeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff");
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT");

  /** W3C trace context: version, trace ID, parent ID, flags; ff and all-zero IDs are invalid. */
  private static final Pattern TRACE =
      Pattern.compile(
          "(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}.*");

  private static final int MAX_PATH = 512;

  private final Settings.AccessLog level;
  private final Header version;
  private final ClientAddresses addresses;
  private final Metrics metrics;
  private final LogWriter log;

  RequestLog(
      Settings.AccessLog level,
      Header version,
      ClientAddresses addresses,
      Metrics metrics,
      LogWriter log) {
    this.level = level;
    this.version = version;
    this.addresses = addresses;
    this.metrics = metrics;
    this.log = log;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    long start = System.nanoTime();
    metrics.requestStarted();
    response.header(version);
    response.header(NOSNIFF);
    try {
      chain.proceed();
    } finally {
      ended(request, response, System.nanoTime() - start);
    }
  }

  private void ended(RoutingRequest request, RoutingResponse response, long nanos) {
    String method = request.prologue().method().text();
    String route = request.matchingPattern().orElse("");
    int status = response.status().code();
    addresses.count(request);
    metrics.requestEnded(METHODS.contains(method) ? method : "_OTHER", route, status, nanos / 1e9);
    if (level == Settings.AccessLog.ALL || (level == Settings.AccessLog.ERRORS && status >= 500)) {
      long micros = nanos / 1000;
      String path = request.prologue().uriPath().rawPath();
      log.write(
          status >= 500 ? "ERROR" : "INFO",
          "request",
          line -> {
            line.writeStringField("method", limited(method));
            line.writeStringField("path", limited(path));
            line.writeStringField("route", route);
            line.writeNumberField("status", status);
            line.writeNumberField("duration_ms", micros / 1e3);
            line.writeStringField("client_address", addresses.of(request));
            Optional<String> trace = trace(request.headers());
            if (trace.isPresent()) {
              line.writeStringField("trace_id", trace.get());
            }
            Optional<String> agent = RawFields.first("user-agent");
            if (agent.isPresent()) {
              line.writeStringField("user_agent", limited(agent.get()));
            }
          });
    }
  }

  /** Logs and counts a request that was refused before routing; nothing more is known about it. */
  void refused(TransportRequest request, Status status) {
    metrics.requestRefused(status.code());
    if (level == Settings.AccessLog.ALL) {
      log.write(
          "INFO",
          "request refused",
          line -> {
            line.writeStringField("method", limited(request.method()));
            line.writeStringField("path", limited(request.path()));
            line.writeNumberField("status", status.code());
          });
    }
  }

  private static String limited(String text) {
    return LogWriter.limited(text, MAX_PATH);
  }

  private static Optional<String> trace(ServerRequestHeaders headers) {
    return headers
        .first(TRACEPARENT)
        .map(TRACE::matcher)
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1));
  }
}
