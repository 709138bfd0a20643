package meridian;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import meridian.documents.Documents;
import meridian.logs.JsonHandler;
import meridian.logs.LogWriter;
import meridian.settings.Settings;

/** The whole service on real sockets, with a fixed clock and a recorded log. */
final class TestServer implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-11-21T07:05:09.123456789Z");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  final Health health = new Health();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final LogWriter log = new LogWriter(InstantSource.fixed(NOW), output);
  private final Server server;

  TestServer(String... environment) {
    JsonHandler.install(log);
    Settings settings = TestSettings.with(environment);
    Documents documents = Documents.open(settings.documents());
    server = Main.setUp(settings, documents, InstantSource.fixed(NOW), health, log, it -> {});
    server.start();
    health.started();
  }

  HttpResponse<String> get(String path, String... headers) {
    return send("GET", path, headers);
  }

  HttpResponse<String> send(String method, String path, String... headers) {
    return send(server.port(), method, path, headers);
  }

  HttpResponse<String> admin(String path) {
    return admin("GET", path);
  }

  HttpResponse<String> admin(String method, String path, String... headers) {
    return send(server.adminPort(), method, path, headers);
  }

  private static HttpResponse<String> send(
      int port, String method, String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HTTP.send(request.build(), BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A connection on which a test can misbehave. */
  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  Socket connectAdmin() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.adminPort());
    socket.setSoTimeout(10_000);
    return socket;
  }

  /** Sends each character as one byte, and reads until the server closes. */
  String raw(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** The log so far, byte for byte. */
  String rawLog() {
    return output.toString(StandardCharsets.UTF_8);
  }

  /** The log, once it has the expected lines: a request's is written after its response is sent. */
  List<JsonNode> log(int lines) {
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      while (output.toString(StandardCharsets.UTF_8).lines().count() < lines
          && System.nanoTime() < end) {
        Thread.sleep(5);
      }
      return output
          .toString(StandardCharsets.UTF_8)
          .lines()
          .map(
              line -> {
                try {
                  return JSON.readTree(line);
                } catch (IOException e) {
                  throw new AssertionError("Not a JSON line: " + line, e);
                }
              })
          .toList();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The value of a metric, or 0 if it is missing. */
  double metric(String nameAndLabels) {
    return admin("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(nameAndLabels + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
