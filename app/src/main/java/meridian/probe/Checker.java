package meridian.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Asks a service for the time and compares its clock with ours. */
final class Checker {
  /** More would not narrow the range much; the shortest round trip decides. */
  private static final int MAX_SAMPLES = 10;

  /** Between two attempts while there is no response. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  private static final int MAX_BODY = 4096;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final InstantSource clock;
  private final Duration timeout;
  private final Duration patience;

  /** A time that the service reported, with the send time and the round trip by our clock. */
  private record Sample(Instant sent, Instant server, Duration roundTrip) {
    Interval offset() {
      return Interval.of(sent, server, sent.plus(roundTrip));
    }
  }

  /** No response contained the time; the message says why. */
  private static class DownException extends Exception {
    private static final long serialVersionUID = 1L;

    DownException(String message) {
      super(message);
    }
  }

  /** No response, or only a load balancer's without a service behind it, which may be starting. */
  private static final class SilentException extends DownException {
    private static final long serialVersionUID = 1L;

    SilentException(String message) {
      super(message);
    }
  }

  /**
   * @param timeout for each response, from the DNS lookup to the last byte
   * @param patience how long to retry while there is no response; zero for a single attempt
   */
  Checker(InstantSource clock, Duration timeout, Duration patience) {
    this.clock = clock;
    this.timeout = timeout;
    this.patience = patience;
  }

  /** Samples until the clock is known to be inside or outside the tolerance, or ten times. */
  Result check(Target target, Duration tolerance) throws InterruptedException {
    long start = System.nanoTime();
    Duration waited = Duration.ZERO;
    while (true) {
      try {
        return judge(target, tolerance, waited);
      } catch (SilentException e) {
        Duration left = patience.minusNanos(System.nanoTime() - start);
        if (!left.isPositive()) {
          return Result.down(target, e.getMessage(), waited);
        }
        Thread.sleep(left.compareTo(PAUSE) < 0 ? left : PAUSE);
        waited = Duration.ofNanos(System.nanoTime() - start);
      } catch (DownException e) {
        return Result.down(target, e.getMessage(), waited);
      }
    }
  }

  private Result judge(Target target, Duration tolerance, Duration waited)
      throws DownException, InterruptedException {
    sample(target); // opens the connection, so that its setup does not count
    Sample sample = sample(target);
    Interval offset = sample.offset();
    Duration roundTrip = sample.roundTrip();
    for (int i = 1; i < MAX_SAMPLES && offset.judge(tolerance) == Verdict.INCONCLUSIVE; i++) {
      sample = sample(target);
      offset = offset.and(sample.offset()).orElse(sample.offset());
      roundTrip = sample.roundTrip().compareTo(roundTrip) < 0 ? sample.roundTrip() : roundTrip;
    }
    return Result.up(target, offset.judge(tolerance), offset, roundTrip, waited);
  }

  private Sample sample(Target target) throws DownException, InterruptedException {
    Exchange exchange = new Exchange(target);
    FutureTask<Sample> task = new FutureTask<>(exchange::run);
    Thread.startVirtualThread(task);
    try {
      return task.get(timeout.toMillis(), MILLISECONDS);
    } catch (TimeoutException e) {
      throw exchange.responded
          ? new DownException("the response did not end within " + timeout.toMillis() + " ms")
          : new SilentException("no response within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw exchange.failure(e.getCause());
    } finally {
      task.cancel(true); // closes the connection: an interrupt ends any wait of a virtual thread
    }
  }

  /** One request and its response. */
  private final class Exchange {
    private final Target target;
    private volatile boolean responded;

    Exchange(Target target) {
      this.target = target;
    }

    /**
     * Uses {@link HttpURLConnection}, because the newer client rejects host names with an
     * underscore and limits only the time up to the response's header.
     */
    Sample run() throws IOException, DownException {
      HttpURLConnection connection = (HttpURLConnection) target.url().openConnection();
      connection.setInstanceFollowRedirects(false);
      connection.setUseCaches(false);
      connection.setRequestProperty("Accept", "application/json, text/plain;q=0.5");
      connection.setRequestProperty("Cache-Control", "no-cache");
      target.authorization().ifPresent(it -> connection.setRequestProperty("Authorization", it));
      Instant sent = clock.instant();
      long start = System.nanoTime();
      int status = connection.getResponseCode();
      Duration roundTrip = Duration.ofNanos(System.nanoTime() - start);
      responded = true;
      if (status != 200) {
        connection.disconnect();
        throw refused(status);
      }
      String age = connection.getHeaderField("Age");
      if (age != null && !age.equals("0")) {
        connection.disconnect();
        throw new DownException("a cache answered instead of the service");
      }
      // Read to the end and closed, so that the next exchange reuses the connection.
      try (InputStream body = connection.getInputStream()) {
        byte[] bytes = body.readNBytes(MAX_BODY + 1);
        if (bytes.length > MAX_BODY) {
          connection.disconnect();
          throw new DownException("the response is longer than " + MAX_BODY + " bytes");
        }
        return new Sample(sent, time(new String(bytes, UTF_8)), roundTrip);
      }
    }

    private static DownException refused(int status) {
      return switch (status) {
        // From a load balancer with nothing behind it yet.
        case 502, 503, 504 -> new SilentException("status " + status);
        case -1 -> new DownException("the response is not HTTP");
        default -> new DownException("status " + status);
      };
    }

    DownException failure(Throwable cause) {
      return switch (cause) {
        case DownException e -> e;
        case UnknownHostException e ->
            new SilentException("the host " + target.url().getHost() + " is not known");
        case ConnectException e -> new SilentException("no connection");
        case NoRouteToHostException e -> new SilentException("no connection");
        case SSLException e -> new DownException("TLS: " + e.getMessage());
        case IOException e when !responded -> new SilentException(String.valueOf(e.getMessage()));
        default -> new DownException(String.valueOf(cause.getMessage()));
      };
    }
  }

  /** The time, in a JSON object under now or timestamp, or as bare text. */
  private static Instant time(String body) throws DownException {
    String text = body.strip();
    if (text.startsWith("{")) {
      try {
        JsonNode object = JSON.readTree(text);
        text = object.path("now").asText(object.path("timestamp").asText());
      } catch (IOException e) {
        throw new DownException("the response is not JSON");
      }
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new DownException("the response does not tell the time");
    }
  }
}
