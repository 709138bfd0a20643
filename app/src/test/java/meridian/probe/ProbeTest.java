package meridian.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command against servers that are right, wrong, slow and broken. */
class ProbeTest {
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  @FunctionalInterface
  private interface Answer {
    String body() throws InterruptedException;
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(String path, int status, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          requests.incrementAndGet();
          send(exchange, status, answer);
        });
  }

  private static void send(HttpExchange exchange, int status, Answer answer) throws IOException {
    try {
      byte[] body = answer.body().getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  private static String now(Duration offset) {
    return "{\"now\":\"" + Instant.now().plus(offset) + "\"}";
  }

  private int probe(String path, String... options) throws InterruptedException {
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + path;
    return run(Stream.concat(Stream.of(options), Stream.of(url)).toArray(String[]::new));
  }

  private int run(String... arguments) throws InterruptedException {
    return Probe.run(
        List.of(arguments),
        InstantSource.system(),
        new PrintStream(output, true, UTF_8),
        new PrintStream(errors, true, UTF_8));
  }

  private String output() {
    return output.toString(UTF_8);
  }

  @Test
  void rightClockIsOk() throws InterruptedException {
    answer("/now", 200, () -> now(Duration.ZERO));

    assertThat(probe(""), is(0));
    assertThat(output(), startsWith("OK: clock "));
    assertThat(output(), containsString("round trip"));
  }

  @Test
  void wrongClockFails() throws InterruptedException {
    for (String offset : new String[] {"PT1.5S", "PT-1.5S", "PT-10H"}) {
      output.reset();
      answer("/" + offset, 200, () -> now(Duration.parse(offset)));
      assertThat(probe("/" + offset), is(1));
      assertThat(output(), startsWith("Failed: clock "));
    }
  }

  @Test
  void toleranceDecides() throws InterruptedException {
    answer("/now", 200, () -> now(Duration.ofMillis(1500)));

    assertThat(probe("", "--tolerance", "2s"), is(0));
    assertThat(probe("", "--tolerance", "1s"), is(1));
  }

  @Test
  void slowAnswersAreSampledAgainAndThenInconclusive() throws InterruptedException {
    answer(
        "/now",
        200,
        () -> {
          Thread.sleep(30);
          return now(Duration.ZERO);
        });

    assertThat(probe("", "--tolerance", "5ms"), is(3));
    assertThat(output(), startsWith("Failed: clock "));
    assertThat(output(), containsString("too slow to judge"));
    assertThat("one to connect and ten samples", requests.get(), is(11));
  }

  @Test
  void closedPortIsDown() throws InterruptedException, IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(run("http://127.0.0.1:" + port), is(2));
    assertThat(output(), startsWith("Failed: down: no connection"));
  }

  @Test
  void serverThatDoesNotAnswerIsDown() throws InterruptedException, IOException {
    try (ServerSocket silent = new ServerSocket(0)) {
      assertThat(run("--timeout", "300ms", "http://127.0.0.1:" + silent.getLocalPort()), is(2));
      assertThat(output(), startsWith("Failed: down: no answer within 300 ms"));
    }
  }

  @Test
  void otherStatusIsDown() throws InterruptedException {
    answer("/now", 503, () -> now(Duration.ZERO));

    assertThat(probe(""), is(2));
    assertThat(output(), startsWith("Failed: down: status 503"));
  }

  @Test
  void answerOfACacheIsDown() throws InterruptedException {
    server.createContext(
        "/now",
        exchange -> {
          exchange.getResponseHeaders().set("Age", "7");
          send(exchange, 200, () -> now(Duration.ZERO));
        });

    assertThat(probe(""), is(2));
    assertThat(output(), containsString("a cache answered in its place"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "{", "soon", "{\"now\":1}", "{\"now\":\"yesterday\"}", "[]"})
  void answerWithoutTheTimeIsDown(String body) throws InterruptedException {
    answer("/now", 200, () -> body);

    assertThat(probe(""), is(2));
    assertThat(output(), startsWith("Failed: down: the answer "));
  }

  @Test
  void endlessAnswerIsDown() throws InterruptedException {
    answer("/now", 200, () -> "x".repeat(1 << 20));

    assertThat(probe(""), is(2));
  }

  @Test
  void homePageAndPlainTextTellTheTimeToo() throws InterruptedException {
    answer("/home", 200, () -> "{\"timestamp\":\"" + Instant.now() + "\",\"ip\":\"::1\"}");
    answer("/text", 200, () -> Instant.now().toString());

    assertThat(probe("/home"), is(0));
    assertThat(probe("/text"), is(0));
  }

  @Test
  void jsonIsOneLineForLogCollectors() throws InterruptedException, IOException {
    answer("/now", 200, () -> now(Duration.ofSeconds(-5)));

    assertThat(probe("", "--format", "json"), is(1));
    JsonNode line = new ObjectMapper().readTree(output());
    assertThat(output().lines().count(), is(1L));
    assertThat(line.get("severity").asText(), is("ERROR"));
    assertThat(line.get("probe").asText(), is("Failed"));
    assertThat(line.get("verdict").asText(), is("outside"));
    assertThat(Math.round(line.get("offset_ms").asDouble() / 1000), is(-5L));
    assertThat(line.get("uncertainty_ms").asDouble(), is(greaterThan(0.0)));
    assertThat(line.get("round_trip_ms").asDouble(), is(greaterThan(0.0)));
  }

  @Test
  void everyRepeatsUntilInterrupted() throws InterruptedException {
    answer("/now", 200, () -> now(Duration.ZERO));
    Thread probe =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    probe("", "--every", "50ms");
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    long end = System.nanoTime() + 10_000_000_000L;
    while (output().lines().count() < 3 && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    probe.interrupt();
    probe.join();

    assertThat(output().lines().limit(3).allMatch(line -> line.startsWith("OK: ")), is(true));
    assertThat(output().lines().count(), is(greaterThan(2L)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ftp://host",
        "host",
        "http://",
        "http://a http://b",
        "--tolerance",
        "--tolerance 1",
        "--tolerance 0s http://a",
        "--format xml http://a",
        "--unknown http://a",
        "http://a b"
      })
  void wrongUsageIsExplained(String arguments) throws InterruptedException {
    assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ")), is(64));
    assertThat(errors.toString(UTF_8), containsString("Usage: probe "));
    assertThat(output(), is(""));
  }
}
