package meridian;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.startsWith;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program as a process: how it starts, refuses to start, and ends. */
class ProcessTest {
  private static final Pattern PORTS = Pattern.compile("port (\\d+), health and metrics on (\\d+)");

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void killRemainingProcesses() {
    started.forEach(Process::destroyForcibly);
  }

  private Process start(List<String> arguments, String... environment) throws IOException {
    return startThrough(List.of(), arguments, environment);
  }

  /** Starts the program through another one, such as {@code prlimit}. */
  private Process startThrough(List<String> other, List<String> arguments, String... environment)
      throws IOException {
    List<String> command = new ArrayList<>(other);
    command.addAll(
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "meridian.Main"));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PORT", "0");
    builder.environment().put("MERIDIAN_ADMIN_PORT", "0");
    for (int i = 0; i < environment.length; i += 2) {
      builder.environment().put(environment[i], environment[i + 1]);
    }
    Process process = builder.start();
    started.add(process);
    return process;
  }

  /** The public and the admin port, from the first line of the log. */
  private static int[] ports(BufferedReader log) throws IOException {
    Matcher ports = PORTS.matcher(log.readLine());
    assertThat(ports.find(), is(true));
    return new int[] {Integer.parseInt(ports.group(1)), Integer.parseInt(ports.group(2))};
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat("ended within 30 s", process.waitFor(30, TimeUnit.SECONDS), is(true));
    return process.exitValue();
  }

  @ParameterizedTest
  @CsvSource({
    "PORT, http, PORT: \\\"http\\\" is not accepted",
    "MERIDIAN_HOME, tim, MERIDIAN_HOME: \\\"tim\\\" is not accepted",
    "MERIDIAN_TYPO, x, the environment has the unknown key MERIDIAN_TYPO",
    "MERIDIAN_DOCUMENTS_LOCATION, /no/such/folder, MERIDIAN_DOCUMENTS_LOCATION: there is no folder /no/such/folder",
  })
  void badSettingFailsTheStartWithOneClearLine(String variable, String value, String message)
      throws IOException, InterruptedException {
    Process process = start(List.of(), variable, value);

    List<String> lines = process.inputReader().lines().toList();
    assertThat(exitCode(process), is(1));
    assertThat(lines.toString(), lines.size(), is(1));
    assertThat(
        lines.getFirst(),
        allOf(
            startsWith("{\"time\":"),
            containsString("\"severity\":\"ERROR\""),
            containsString(message)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          s3://some-bucket | AWS_REGION                  | ''               | AWS_REGION: the bucket's region is needed
          s3://some-bucket | AWS_ENDPOINT_URL            | ''               | endpointOverride must not be null
          s3://some-bucket | AWS_ENDPOINT_URL            | localhost:4566   | Expected scheme-specific part
          s3://some-bucket | AWS_ENDPOINT_URL            | http://a b       | in environment variable AWS_ENDPOINT_URL
          azblob://a/docs  | MERIDIAN_DOCUMENTS_ENDPOINT | http://localhost | bearer token requires https
          """)
  void storeThatCannotBeOpenedFailsTheStartWithOneClearLine(
      String location, String variable, String value, String message)
      throws IOException, InterruptedException {
    Process process =
        start(
            List.of(),
            "AWS_REGION",
            "eu-west-1",
            "AWS_EC2_METADATA_DISABLED",
            "true",
            "MERIDIAN_DOCUMENTS_LOCATION",
            location,
            variable,
            value);

    List<String> lines = process.inputReader().lines().toList();
    assertThat(exitCode(process), is(1));
    assertThat(lines.getLast(), containsString(message));
    assertThat(
        lines.getLast().contains("\"message\":\"AWS_REGION: "), is(variable.equals("AWS_REGION")));
    assertThat(lines.toString(), lines.getLast().contains("stack_trace"), is(false));
  }

  @Test
  void portInUseFailsTheStartWithOneClearLine() throws IOException, InterruptedException {
    try (ServerSocket occupied = new ServerSocket(0)) {
      String port = Integer.toString(occupied.getLocalPort());
      for (String variable : new String[] {"PORT", "MERIDIAN_ADMIN_PORT"}) {
        Process process = start(List.of(), variable, port);
        List<String> lines = process.inputReader().lines().toList();
        assertThat(exitCode(process), is(1));
        assertThat(lines.toString(), lines.size(), is(1));
        assertThat(
            lines.getFirst(),
            containsString(
                variable + ": cannot listen on port " + port + ": Address already in use"));
      }
    }
  }

  @Test
  void unknownCommandIsRefused() throws IOException, InterruptedException {
    assertThat(exitCode(start(List.of("serve"))), is(64));
  }

  @Test
  void probeIsPartOfTheProgram() throws IOException, InterruptedException {
    Process process = start(List.of("probe", "http://127.0.0.1:1"));
    assertThat(process.inputReader().readLine(), startsWith("Failed: down"));
    assertThat(exitCode(process), is(2));
  }

  /** In production Helidon discovers no extensions; this header's reader is one that we name. */
  @Test
  void requestWithALengthIsServed() throws IOException, InterruptedException {
    Process process = start(List.of(), "MERIDIAN_DRAIN_DELAY", "0s");
    try (BufferedReader log = process.inputReader()) {
      assertThat(
          get(ports(log)[0], "/now HTTP/1.1\r\nContent-Length: 0\r\nX:"),
          startsWith("HTTP/1.1 200 "));
      process.toHandle().destroy();
      assertThat(exitCode(process), is(0));
    }
  }

  @Test
  void dateIsInGmtInEveryTimeZone() throws IOException, InterruptedException {
    Process process = start(List.of(), "TZ", "Asia/Kathmandu", "MERIDIAN_DRAIN_DELAY", "0s");
    try (BufferedReader log = process.inputReader()) {
      String response = get(ports(log)[0], "/now");
      String date = response.replaceAll("(?s).*\r\nDate: ([^\r]*)\r.*", "$1");
      Instant reported = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date));
      assertThat(date, endsWith(" GMT"));
      assertThat(Duration.between(reported, Instant.now()).abs().toSeconds(), is(lessThan(60L)));
    }
  }

  @Test
  void greetingThatTheLocaleCannotDecodeIsRefused() throws IOException, InterruptedException {
    Process process =
        startThrough(List.of("env", "LC_ALL=C", "MERIDIAN_GREETING=Gr\u00f6\u00dfe"), List.of());
    List<String> lines = process.inputReader().lines().toList();
    assertThat(exitCode(process), is(1));
    assertThat(lines.toString(), containsString("MERIDIAN_GREETING cannot be read in this locale"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void exceededLimitsFailTheStart() throws IOException, InterruptedException {
    Process process = startThrough(List.of("prlimit", "--nofile=512:512"), List.of());
    List<String> lines = process.inputReader().lines().toList();
    assertThat(exitCode(process), is(1));
    assertThat(
        lines.toString(),
        allOf(
            containsString("needs 650 open files, but there are only 512"),
            containsString("lower MERIDIAN_MAX_CONNECTIONS")));
  }

  @Test
  void startWaitsForTheStoresFirstResponse() throws IOException, InterruptedException {
    try (ServerSocket store = new ServerSocket(0)) {
      int admin = freePort();
      startOnStore(store, admin);
      Thread.sleep(2000); // without the wait it would have started by now
      assertThat(get(admin, "/started"), startsWith("HTTP/1.1 503 "));
      assertThat(get(admin, "/ready"), startsWith("HTTP/1.1 503 "));

      Thread.ofVirtual().start(() -> respond(store));
      assertThat(awaitStatus(admin, "/started", 200), is(true));
      assertThat(get(admin, "/ready"), startsWith("HTTP/1.1 200 "));
    }
  }

  @Test
  void stopsWhileItWaitsForTheStore() throws IOException, InterruptedException {
    try (ServerSocket store = new ServerSocket(0)) {
      Process process = startOnStore(store, freePort());
      process.toHandle().destroy();
      assertThat(exitCode(process), is(0));
    }
  }

  /** Starts one that waits for a store which accepts connections but does not respond. */
  private Process startOnStore(ServerSocket store, int admin)
      throws IOException, InterruptedException {
    Process process =
        start(
            List.of(),
            "MERIDIAN_ADMIN_PORT",
            Integer.toString(admin),
            "MERIDIAN_DRAIN_DELAY",
            "0s",
            "MERIDIAN_DOCUMENTS_LOCATION",
            "s3://some-bucket",
            "MERIDIAN_DOCUMENTS_ENDPOINT",
            "http://127.0.0.1:" + store.getLocalPort(),
            "MERIDIAN_DOCUMENTS_TIMEOUT",
            "300ms",
            "MERIDIAN_DOCUMENTS_WAIT",
            "1m",
            "AWS_REGION",
            "eu-west-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://127.0.0.1:" + store.getLocalPort() + "/credentials");
    assertThat(awaitStatus(admin, "/live", 200), is(true));
    return process;
  }

  /** Responds as the store, and as the server of its credentials. */
  private static void respond(ServerSocket store) {
    String credentials =
        """
        {"AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"2099-01-01T00:00:00Z"}""";
    while (!store.isClosed()) {
      try (Socket client = store.accept()) {
        byte[] request = new byte[8192];
        int length = client.getInputStream().read(request);
        String response =
            new String(request, 0, Math.max(length, 0), US_ASCII).startsWith("GET /credentials")
                ? "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                    .formatted(credentials.length(), credentials)
                : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        client.getOutputStream().write(response.getBytes(US_ASCII));
      } catch (IOException e) {
        // an abandoned request, or the end of the test
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  private static boolean awaitStatus(int port, String path, int status)
      throws InterruptedException {
    for (int tries = 0; tries < 200; tries++) {
      try {
        if (get(port, path).startsWith("HTTP/1.1 " + status + " ")) {
          return true;
        }
      } catch (IOException e) {
        // not listening yet
      }
      Thread.sleep(100);
    }
    return false;
  }

  @Test
  void terminationDrainsAndExitsWithZero() throws IOException, InterruptedException {
    Process process = start(List.of(), "MERIDIAN_DRAIN_DELAY", "2s");
    try (BufferedReader log = process.inputReader()) {
      int[] ports = ports(log);
      int port = ports[0];
      int adminPort = ports[1];
      assertThat(get(adminPort, "/ready"), startsWith("HTTP/1.1 200 "));

      try (Socket inFlight = new Socket(InetAddress.getLoopbackAddress(), port)) {
        inFlight.setSoTimeout(10_000);
        inFlight.getOutputStream().write("GET /now HTTP/1.1\r\nHo".getBytes(US_ASCII));
        long start = System.nanoTime();
        process.toHandle().destroy();
        assertThat(log.readLine(), containsString("Draining"));

        assertThat("not ready", get(adminPort, "/ready"), startsWith("HTTP/1.1 503 "));
        assertThat("alive", get(adminPort, "/live"), startsWith("HTTP/1.1 200 "));
        assertThat(
            "still served, for the last time",
            get(port, "/now"),
            allOf(startsWith("HTTP/1.1 200 "), containsString("Connection: close")));

        inFlight.getOutputStream().write("st: a\r\n\r\n".getBytes(US_ASCII));
        byte[] response = new byte[100];
        int length = inFlight.getInputStream().read(response);
        assertThat(
            "in flight", new String(response, 0, length, US_ASCII), startsWith("HTTP/1.1 200 "));

        assertThat(exitCode(process), is(0));
        assertThat((System.nanoTime() - start) / 1_000_000_000, is(lessThan(7L)));
      }
      List<String> rest = log.lines().toList();
      assertThat("flushed", rest.getLast(), containsString("Stopped"));
    }
  }

  private static String get(int port, String path) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                  .getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }
}
