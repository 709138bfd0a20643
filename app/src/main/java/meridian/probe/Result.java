package meridian.probe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * The outcome of one check.
 *
 * @param reason why the service counts as down; empty otherwise
 * @param clock what is proven about its clock, and the shortest round trip; empty if it is down
 * @param waited from the first attempt to the one that was judged, while there was no response
 */
record Result(
    Target target, Verdict verdict, String reason, Optional<Clock> clock, Duration waited) {
  /** The offset's range and the shortest round trip seen. */
  record Clock(Interval offset, Duration roundTrip) {}

  static Result down(Target target, String reason, Duration waited) {
    // It may contain what a stranger sent: keep it on one line, without control characters.
    String line = reason.replaceAll("\\p{Cntrl}", "?");
    return new Result(target, Verdict.DOWN, line, Optional.empty(), waited);
  }

  static Result up(
      Target target, Verdict verdict, Interval offset, Duration roundTrip, Duration waited) {
    return new Result(target, verdict, "", Optional.of(new Clock(offset, roundTrip)), waited);
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
                    String.format(
                        Locale.ROOT,
                        "clock %+.3f ms, uncertainty %.3f ms, round trip %.3f ms%s",
                        millis(c.offset().middle()),
                        millis(c.offset().uncertainty()),
                        millis(c.roundTrip()),
                        verdict == Verdict.INCONCLUSIVE ? ", too slow to judge" : ""))
            .orElse("down: " + reason);
    String patience =
        waited.isZero() ? "" : String.format(Locale.ROOT, ", waited %.1f s", millis(waited) / 1e3);
    return (isOk() ? "OK: " : "Failed: ") + what + patience + ", " + target;
  }

  /** One line for log collectors, in the format of the service's own log. */
  String json(Instant now) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("time", now.toString());
      json.writeStringField("severity", isOk() ? "INFO" : "ERROR");
      json.writeStringField("message", text());
      json.writeStringField("probe", isOk() ? "OK" : "Failed");
      json.writeStringField("verdict", verdict.name().toLowerCase(Locale.ROOT));
      json.writeStringField("url", target.toString());
      json.writeNumberField("waited_ms", waited.toMillis());
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
    // Not toNanos, which overflows at 292 years.
    return duration.getSeconds() * 1e3 + duration.getNano() / 1e6;
  }
}
