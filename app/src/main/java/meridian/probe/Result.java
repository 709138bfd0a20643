package meridian.probe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * The outcome of one check.
 *
 * @param reason why the service counts as down; empty otherwise
 * @param clock what is proven of its clock, and the shortest round trip; empty when it is down
 */
record Result(URI uri, Verdict verdict, String reason, Optional<Clock> clock) {
  /** The offset's range and the shortest round trip seen. */
  record Clock(Interval offset, Duration roundTrip) {}

  static Result down(URI uri, String reason) {
    return new Result(uri, Verdict.DOWN, reason, Optional.empty());
  }

  static Result up(URI uri, Verdict verdict, Interval offset, Duration roundTrip) {
    return new Result(uri, verdict, "", Optional.of(new Clock(offset, roundTrip)));
  }

  boolean isOk() {
    return verdict == Verdict.INSIDE;
  }

  /** One line for people: OK or Failed, offset, uncertainty, round trip. */
  String text() {
    String what =
        clock
            .map(
                c ->
                    "clock %+.3f ms, uncertainty %.3f ms, round trip %.3f ms%s"
                        .formatted(
                            millis(c.offset().middle()),
                            millis(c.offset().uncertainty()),
                            millis(c.roundTrip()),
                            verdict == Verdict.INCONCLUSIVE ? ", too slow to judge" : ""))
            .orElse("down: " + reason);
    return (isOk() ? "OK: " : "Failed: ") + what + ", " + uri;
  }

  /** One line for log collectors, in the form of the service's own log. */
  String json(Instant now) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("time", now.toString());
      json.writeStringField("severity", isOk() ? "INFO" : "ERROR");
      json.writeStringField("message", text());
      json.writeStringField("probe", isOk() ? "OK" : "Failed");
      json.writeStringField("verdict", verdict.name().toLowerCase(Locale.ROOT));
      json.writeStringField("url", uri.toString());
      if (clock.isPresent()) {
        json.writeNumberField("offset_ms", millis(clock.get().offset().middle()));
        json.writeNumberField("uncertainty_ms", millis(clock.get().offset().uncertainty()));
        json.writeNumberField("round_trip_ms", millis(clock.get().roundTrip()));
      } else {
        json.writeStringField("reason", reason);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
