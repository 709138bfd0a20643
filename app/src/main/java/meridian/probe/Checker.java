package meridian.probe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** Asks a service for the time and compares its clock with ours. */
final class Checker {
  /** More would not narrow the range much; the shortest round trip decides. */
  private static final int MAX_SAMPLES = 10;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;
  private final InstantSource clock;
  private final Duration timeout;

  /** A time that the service told, and when it was asked and answered by our clock. */
  private record Sample(Instant sent, Instant server, Duration roundTrip) {
    Interval offset() {
      return Interval.of(sent, server, sent.plus(roundTrip));
    }
  }

  /** The service gave no answer that tells the time; the message says why. */
  private static final class DownException extends Exception {
    private static final long serialVersionUID = 1L;

    DownException(String message) {
      super(message);
    }
  }

  /**
   * @param timeout for connecting, and again for each answer
   */
  Checker(InstantSource clock, Duration timeout) {
    this.clock = clock;
    this.timeout = timeout;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout)
            .build();
  }

  /** Samples until the clock is known to be inside or outside the tolerance, or ten times. */
  Result check(URI uri, Duration tolerance) throws InterruptedException {
    try {
      sample(uri); // opens the connection, whose making must not count
      Sample sample = sample(uri);
      Interval offset = sample.offset();
      Duration roundTrip = sample.roundTrip();
      for (int i = 1; i < MAX_SAMPLES && offset.judge(tolerance) == Verdict.INCONCLUSIVE; i++) {
        sample = sample(uri);
        offset = offset.and(sample.offset()).orElse(sample.offset());
        roundTrip = sample.roundTrip().compareTo(roundTrip) < 0 ? sample.roundTrip() : roundTrip;
      }
      return Result.up(uri, offset.judge(tolerance), offset, roundTrip);
    } catch (DownException e) {
      return Result.down(uri, e.getMessage());
    }
  }

  private Sample sample(URI uri) throws DownException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(timeout)
            .header("Accept", "application/json, text/plain;q=0.5")
            .header("Cache-Control", "no-cache")
            .build();
    AtomicLong firstByte = new AtomicLong();
    Instant sent = clock.instant();
    long start = System.nanoTime();
    try {
      HttpResponse<String> response =
          http.send(
              request,
              head -> {
                firstByte.set(System.nanoTime());
                return BodySubscribers.limiting(
                    BodySubscribers.ofString(StandardCharsets.UTF_8), 4096);
              });
      if (response.statusCode() != 200) {
        throw new DownException("status " + response.statusCode());
      }
      if (!response.headers().firstValue("Age").orElse("0").equals("0")) {
        throw new DownException("a cache answered in its place");
      }
      return new Sample(sent, time(response.body()), Duration.ofNanos(firstByte.get() - start));
    } catch (HttpTimeoutException e) {
      throw new DownException("no answer within " + timeout.toMillis() + " ms");
    } catch (ConnectException e) {
      throw new DownException("no connection");
    } catch (IOException e) {
      throw new DownException(String.valueOf(e.getMessage()));
    }
  }

  /** The time in a JSON object under now or timestamp, or alone. */
  private static Instant time(String body) throws DownException {
    String text = body.strip();
    if (text.startsWith("{")) {
      try {
        JsonNode object = JSON.readTree(text);
        text = object.path("now").asText(object.path("timestamp").asText());
      } catch (IOException e) {
        throw new DownException("the answer is not JSON");
      }
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new DownException("the answer does not tell the time");
    }
  }
}
