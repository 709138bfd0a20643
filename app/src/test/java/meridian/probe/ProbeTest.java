package meridian.probe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
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
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command, against servers that are right, wrong, slow and broken. */
class ProbeTest {
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  @FunctionalInterface
  private interface Response {
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

  private void respond(String path, int status, Response response) {
    server.createContext(
        path,
        exchange -> {
          requests.incrementAndGet();
          send(exchange, status, response);
        });
  }

  private static void send(HttpExchange exchange, int status, Response response)
      throws IOException {
    try {
      byte[] body = response.body().getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  /** Responds with these bytes, and then with one more every 100 ms if it {@code drips}. */
  private ServerSocket raw(String bytes, boolean drips) throws IOException {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.startVirtualThread(
        () -> {
          try {
            while (true) {
              Socket client = listener.accept();
              Thread.startVirtualThread(() -> write(client, bytes, drips));
            }
          } catch (IOException e) {
            // The test has closed it.
          }
        });
    return listener;
  }

  private static void write(Socket client, String bytes, boolean drips) {
    try {
      client.getOutputStream().write(bytes.getBytes(UTF_8));
      while (drips) {
        Thread.sleep(100);
        client.getOutputStream().write('x');
      }
    } catch (IOException | InterruptedException e) {
      // The probe has closed it.
    }
  }

  private static String url(ServerSocket listener) {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  private static String now(Duration offset) {
    return "{\"now\":\"" + Instant.now().plus(offset) + "\"}";
  }

  private int probe(String path, String... options) throws InterruptedException {
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + path;
    return run(Stream.concat(Stream.of(options), Stream.of(url)).toArray(String[]::new));
  }

  private int run(String... arguments) throws InterruptedException {
    return run(Map.of(), arguments);
  }

  private int run(Map<String, String> environment, String... arguments)
      throws InterruptedException {
    return Probe.run(
        List.of(arguments),
        environment,
        InstantSource.system(),
        new PrintStream(output, true, UTF_8),
        new PrintStream(errors, true, UTF_8));
  }

  private String output() {
    return output.toString(UTF_8);
  }

  /** Rows of the table with which the scripts' clock check is tested too. */
  static Stream<Arguments> table(int part) throws IOException {
    JsonNode parts = new ObjectMapper().readTree(Path.of("../tests/commands/clock.json").toFile());
    return StreamSupport.stream(
            parts.properties().stream().toList().get(part).getValue().spliterator(), false)
        .map(Arguments::of);
  }

  static Stream<Arguments> responses() throws IOException {
    return table(1);
  }

  @ParameterizedTest
  @MethodSource("responses")
  void responseIsJudged(JsonNode row) throws InterruptedException {
    Pattern times = Pattern.compile("NOW([+-][\\d.]+)?");
    respond(
        "/now",
        row.get(0).asInt(),
        () ->
            times
                .matcher(row.get(1).asText())
                .replaceAll(it -> reported(Optional.ofNullable(it.group(1)).orElse("0"))));

    assertThat(output(), probe(""), is(row.get(2).asInt()));
    assertThat(output(), containsString(row.get(3).asText()));
    assertThat(output(), endsWith("/now" + System.lineSeparator()));
  }

  private static String reported(String seconds) {
    return Instant.now().plusMillis((long) (1000 * Double.parseDouble(seconds))).toString();
  }

  static Stream<Arguments> rawResponses() throws IOException {
    return table(2);
  }

  @ParameterizedTest
  @MethodSource("rawResponses")
  void invalidResponseIsDownInTime(JsonNode row) throws InterruptedException, IOException {
    try (ServerSocket listener = raw(row.get(0).asText(), row.get(1).asBoolean())) {
      long start = System.nanoTime();

      assertThat(run("--timeout", "500ms", url(listener)), is(2));
      assertThat(output(), containsString(row.get(2).asText()));
      assertThat(output().lines().count(), is(1L));
      assertThat(System.nanoTime() - start, is(lessThan(3_000_000_000L)));
    }
  }

  @Test
  void toleranceDecides() throws InterruptedException {
    respond("/now", 200, () -> now(Duration.ofMillis(1500)));

    assertThat(probe("", "--tolerance", "2s"), is(0));
    assertThat(probe("", "--tolerance", "1s"), is(1));
  }

  @Test
  void repeatedSlowResponsesAreInconclusive() throws InterruptedException {
    respond(
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

  /** Otherwise setting up a connection and TLS would widen what each sample proves. */
  @Test
  void samplesShareAConnection() throws InterruptedException {
    Set<InetSocketAddress> clients = ConcurrentHashMap.newKeySet();
    server.createContext(
        "/now",
        exchange -> {
          clients.add(exchange.getRemoteAddress());
          send(exchange, 200, () -> now(Duration.ZERO));
        });

    assertThat(probe("", "--tolerance", "1ms"), is(not(2)));
    assertThat(clients.size(), is(1));
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
  void serverThatDoesNotRespondIsDown() throws InterruptedException, IOException {
    try (ServerSocket silent = new ServerSocket(0)) {
      assertThat(run("--timeout", "300ms", "http://127.0.0.1:" + silent.getLocalPort()), is(2));
      assertThat(output(), startsWith("Failed: down: no response within 300 ms"));
    }
  }

  @Test
  void overlongResponseIsDown() throws InterruptedException {
    respond("/now", 200, () -> "x".repeat(1 << 20));

    assertThat(probe(""), is(2));
  }

  @Test
  void jsonIsOneLineForLogCollectors() throws InterruptedException, IOException {
    respond("/now", 200, () -> now(Duration.ofSeconds(-5)));

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
    respond("/now", 200, () -> now(Duration.ZERO));

    assertThat(linesOf(3, "--every", "50ms").allMatch(line -> line.startsWith("OK: ")), is(true));
  }

  @Test
  @Timeout(10)
  void everyEndsWhenNobodyReadsIt() throws InterruptedException {
    respond("/now", 200, () -> now(Duration.ZERO));
    PrintStream closed = new PrintStream(output, true, UTF_8);
    closed.close();

    String url = "http://127.0.0.1:" + server.getAddress().getPort();
    assertThat(
        Probe.run(
            List.of("--every", "50ms", url), Map.of(), InstantSource.system(), closed, System.err),
        is(0));
  }

  /** The first lines of a repeating probe, which is then interrupted. */
  private Stream<String> linesOf(int count, String... options) throws InterruptedException {
    Thread probe =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    probe("", options);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    long end = System.nanoTime() + 10_000_000_000L;
    while (output().lines().count() < count && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    probe.interrupt();
    assertThat("it ends when interrupted", probe.join(Duration.ofSeconds(5)), is(true));
    assertThat(output().lines().count(), is(greaterThan(count - 1L)));
    return output().lines().limit(count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1000000000-01-01T00:00:00Z", "+1000000000-12-31T23:59:59Z"})
  void anyYearIsLogged(String time) throws InterruptedException, IOException {
    respond("/now", 200, () -> "{\"now\":\"" + time + "\"}");

    assertThat(probe("", "--format", "json"), is(1));
    double offset = new ObjectMapper().readTree(output()).get("offset_ms").asDouble();
    assertThat(offset < 0, is(time.startsWith("-")));
    assertThat(Math.abs(offset), is(greaterThan(1e13)));
  }

  @Test
  void extremeTimesDoNotEndTheLoop() throws InterruptedException {
    List<String> reported =
        List.of("9999-12-31T23:59:59Z", "+1000000001-01-01T00:00:00Z", "1601-01-01T00:00:00Z");
    respond(
        "/now", 200, () -> "{\"now\":\"" + reported.get(requests.get() % reported.size()) + "\"}");

    assertThat(linesOf(4, "--every", "20ms").allMatch(it -> it.startsWith("Failed: ")), is(true));
  }

  @Test
  void numbersAreTheSameInEveryLanguage() throws InterruptedException {
    respond("/now", 200, () -> now(Duration.ofSeconds(-5)));
    Locale before = Locale.getDefault();
    try {
      for (String language : new String[] {"de-DE", "ar-EG", "tr-TR", "hi-IN-u-nu-deva"}) {
        output.reset();
        Locale.setDefault(Locale.forLanguageTag(language));
        assertThat(probe(""), is(1));
        assertThat(
            output(),
            output()
                .matches(
                    "Failed: clock -\\d+\\.\\d{3} ms, uncertainty \\d+\\.\\d{3} ms,"
                        + " round trip \\d+\\.\\d{3} ms, http://\\S+\\s*"),
            is(true));
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP://", "Http://", "http://me:s3cret@", "http://m%40e:s3c%2Fret@"})
  void anySpellingOfTheAddressIsAccepted(String scheme) throws InterruptedException {
    respond("/now", 200, () -> now(Duration.ZERO));
    String host = "127.0.0.1:" + server.getAddress().getPort();

    assertThat(run(scheme + host + "?zone=x"), is(0));
    assertThat(output(), endsWith(", http://" + host + "/now?zone=x" + System.lineSeparator()));
  }

  @Test
  void userAndPasswordOfTheAddressAreSent() throws InterruptedException {
    AtomicReference<String> sent = new AtomicReference<>();
    server.createContext(
        "/now",
        exchange -> {
          sent.set(exchange.getRequestHeaders().getFirst("Authorization"));
          send(exchange, 200, () -> now(Duration.ZERO));
        });

    assertThat(run("http://m%40e:s3cret@127.0.0.1:" + server.getAddress().getPort()), is(0));
    assertThat(sent.get(), is("Basic bUBlOnMzY3JldA=="));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://me:s3cret@127.0.0.1:1",
        "--format json http://me:s3cret@127.0.0.1:1",
        "http://me:s3cret@a_b.invalid",
        "http://me:s3cret@[::1",
        "http://me:s3cret|@127.0.0.1",
        "http://me:s3cret/x@127.0.0.1",
      })
  void passwordIsNeverPrinted(String arguments) throws InterruptedException {
    run(Map.of("http_proxy", "http://me:s3cret@proxy:3128"), arguments.split(" "));

    assertThat(output() + errors.toString(UTF_8), not(containsString("s3cret")));
    assertThat(output() + errors.toString(UTF_8), not(is("")));
  }

  /** Docker and Kubernetes users have such host names, although no web standard allows them. */
  @Test
  void hostNameMayHaveAnUnderscore() throws InterruptedException {
    assertThat(run("--timeout", "3s", "http://no_such_host.invalid:8080/now"), is(2));
    assertThat(output(), startsWith("Failed: down: the host no_such_host.invalid is not known"));
  }

  @Test
  void patienceWaitsForAServiceThatIsStarting() throws InterruptedException, IOException {
    int port = server.getAddress().getPort();
    server.stop(0);
    Thread starts =
        Thread.startVirtualThread(
            () -> {
              try {
                Thread.sleep(1200);
                server =
                    HttpServer.create(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
                AtomicInteger asked = new AtomicInteger();
                // Like a load balancer that finds the service a while later.
                server.createContext(
                    "/now",
                    exchange -> {
                      int status = 502 + asked.getAndIncrement();
                      send(exchange, status < 505 ? status : 200, () -> now(Duration.ZERO));
                    });
                server.start();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });

    assertThat(run("--patience", "20s", "--format", "json", "http://127.0.0.1:" + port), is(0));
    starts.join();
    JsonNode line = new ObjectMapper().readTree(output());
    assertThat(line.get("waited_ms").asDouble(), is(greaterThan(1000.0)));
    assertThat(line.get("waited_ms").asDouble(), is(lessThan(20_000.0)));
    assertThat(
        line.get("message").asText().matches("OK: .*, waited \\d+\\.\\d s, http://.*"), is(true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:1", "http://no.such.host.invalid"})
  void patienceEnds(String url) throws InterruptedException {
    long start = System.nanoTime();

    assertThat(run("--patience", "1500ms", "--timeout", "1s", url), is(2));
    assertThat(
        output(), output().matches("Failed: down: .*, waited 1\\.\\d s, http://.*\\s*"), is(true));
    assertThat(System.nanoTime() - start, is(lessThan(4_000_000_000L)));
  }

  @ParameterizedTest
  @CsvSource({"404, status 404", "500, status 500", "200, the response does not tell the time"})
  void respondingServiceIsJudgedAtOnce(int status, String reason) throws InterruptedException {
    respond("/now", status, () -> "soon");
    long start = System.nanoTime();

    assertThat(probe("", "--patience", "30s"), is(2));
    assertThat(output(), startsWith("Failed: down: " + reason + ", http://"));
    assertThat(requests.get(), is(1));
    assertThat(System.nanoTime() - start, is(lessThan(10_000_000_000L)));
  }

  @ParameterizedTest
  @CsvSource({
    "http_proxy, http, true",
    "HTTP_PROXY, http, true",
    "Http_Proxy, http, true",
    "ALL_PROXY, http, true",
    "https_proxy, http, false",
    "HTTPS_PROXY, https, true",
    "HTTP_PROXY, https, false",
    "NO_PROXY, http, false"
  })
  void unusedProxyIsReported(String variable, String scheme, boolean isReported)
      throws InterruptedException {
    run(Map.of(variable, "http://10.0.0.1:3128"), "--timeout", "500ms", scheme + "://127.0.0.1:1");

    assertThat(errors.toString(UTF_8), isReported ? startsWith(variable + " is set") : is(""));
    assertThat(output().lines().count(), is(1L));
  }

  @Test
  void javasOwnProxyIsUsed() throws InterruptedException {
    respond("/now", 200, () -> now(Duration.ZERO));
    System.setProperty("http.proxyHost", "127.0.0.1");
    System.setProperty("http.proxyPort", String.valueOf(server.getAddress().getPort()));
    try {
      assertThat(run(Map.of(), "http://nowhere.invalid/now"), is(0));
    } finally {
      System.clearProperty("http.proxyHost");
      System.clearProperty("http.proxyPort");
    }
    assertThat(errors.toString(UTF_8), is(""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "-h", "--tolerance 2s --help", "--help http://a"})
  void helpIsNoError(String arguments) throws InterruptedException {
    assertThat(run(arguments.split(" ")), is(0));
    assertThat(output(), startsWith("Usage: probe "));
    for (String option : List.of("tolerance", "timeout", "patience", "every", "format")) {
      assertThat(output(), containsString("--" + option + " "));
    }
    assertThat(errors.toString(UTF_8), is(""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a..b", "http://\u202ea", "http://xn--\u00e4", "http://\ud7ff"})
  void impossibleNamesAreRefused(String url) throws InterruptedException {
    assertThat(run(url), is(64));
    assertThat(
        errors.toString(UTF_8), startsWith("\"" + url + "\" is not an http or https address"));
  }

  static Stream<String> wrongUsage() throws IOException {
    Stream<String> further =
        Stream.of(
            "--patience soon http://a",
            "https://under_score",
            "--format xml http://a",
            "http://a b");
    return Stream.concat(table(3).map(it -> ((JsonNode) it.get()[0]).asText()), further);
  }

  @ParameterizedTest
  @MethodSource("wrongUsage")
  void wrongUsageIsExplained(String arguments) throws InterruptedException {
    assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ")), is(64));
    assertThat(errors.toString(UTF_8), containsString("Usage: probe "));
    assertThat(errors.toString(UTF_8), not(containsString("s3cret")));
    assertThat(output(), is(""));
  }
}
