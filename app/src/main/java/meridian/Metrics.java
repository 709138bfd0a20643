package meridian;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.LongSupplier;

/**
 * The service's metrics for Prometheus. The names and labels of the HTTP metrics follow
 * OpenTelemetry's semantic conventions; durations are in seconds.
 */
final class Metrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private boolean jvmRegistered;

  private final Histogram requests =
      Histogram.builder()
          .name("http_server_request_duration_seconds")
          .help("Time from the parsed header to the written response.")
          .labelNames("http_request_method", "http_route", "http_response_status_code")
          .classicOnly()
          .classicUpperBounds(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5)
          .register(registry);
  private final Gauge active =
      Gauge.builder()
          .name("http_server_active_requests")
          .help("Requests being answered now.")
          .register(registry);
  private final Counter fallbacks =
      Counter.builder()
          .name("meridian_client_address_fallbacks_total")
          .help("Requests for which client-address gave no valid address, so the peer's was used.")
          .register(registry);
  private final Counter cut =
      Counter.builder()
          .name("meridian_connections_cut_total")
          .help(
              "Connections closed because a request or its response stalled, or to make room for new ones.")
          .labelNames("reason")
          .register(registry);

  Metrics(String version, LongSupplier droppedLines) {
    Info.builder()
        .name("meridian_build_info")
        .help("The version that runs.")
        .labelNames("version")
        .register(registry)
        .setLabelValues(version);
    CounterWithCallback.builder()
        .name("meridian_log_lines_dropped_total")
        .help("Log lines dropped because the output did not accept them in time.")
        .callback(callback -> callback.call((double) droppedLines.getAsLong()))
        .register(registry);
  }

  void requestStarted() {
    active.inc();
  }

  void requestEnded(String method, String route, int status, double seconds) {
    active.dec();
    requests.labelValues(method, route, Integer.toString(status)).observe(seconds);
  }

  /** Counts a request that was refused before routing, with no route and a duration of 0. */
  void requestRefused(int status) {
    requests.labelValues("_OTHER", "", Integer.toString(status)).observe(0);
  }

  void clientAddressFellBack() {
    fallbacks.inc();
  }

  void connectionCut(String reason) {
    cut.labelValues(reason).inc();
  }

  PrometheusRegistry registry() {
    return registry;
  }

  /** A scrape and its media type. */
  @SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
  record Exposition(String contentType, byte[] body) {}

  /** All metrics in the text format that the Accept header asks for. */
  Exposition expose(String accept) {
    registerJvm();
    // Do not let the library choose: it prefers Protobuf, whose writer is not among our libraries.
    ExpositionFormats formats = ExpositionFormats.init();
    ExpositionFormatWriter openMetrics = formats.getOpenMetricsTextFormatWriter();
    ExpositionFormatWriter writer =
        openMetrics.accepts(accept) ? openMetrics : formats.getPrometheusTextFormatWriter();
    ByteArrayOutputStream out = new ByteArrayOutputStream(16 << 10);
    try {
      writer.write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Exposition(writer.getContentType(), out.toByteArray());
  }

  /** Waits for the first scrape, because the management classes would slow down the start. */
  private synchronized void registerJvm() {
    if (!jvmRegistered) {
      jvmRegistered = true;
      JvmMetrics.builder().register(registry);
    }
  }
}
