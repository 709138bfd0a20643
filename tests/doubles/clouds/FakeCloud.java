import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Stands in for a cloud in tests: every HTTPS request through its proxy, to whatever host, ends here
 * and is answered by a {@link Cloud} from memory. Nothing leaves the machine.
 *
 * <p>Prints one line, {@code {"proxy": PORT, "control": PORT}}. The program under test gets {@code
 * HTTPS_PROXY=http://127.0.0.1:PORT} and trusts the certificate. The test itself talks plain HTTP
 * to the other port: {@code GET /requests} returns requests and responses, in order, {@code GET
 * /resources} what is stored, and {@code POST /orders/NAME} with JSON makes the cloud misbehave.
 */
final class FakeCloud {
  /** A double of one cloud. Called by one thread at a time. */
  interface Cloud {
    /**
     * @throws Refusal where the cloud would refuse
     */
    Response respond(Request request);

    /** A refusal in the cloud's format. */
    Response refuse(Refusal refusal);

    /** All that is stored, as JSON. */
    Object resources();

    /**
     * Does what a test asks for, such as refusing the next request.
     *
     * @return JSON, or null
     */
    default Object order(String name, Map<String, Object> details) {
      throw new Refusal(404, "UnknownOrder", name);
    }
  }

  /**
   * @param host in lower case, without port
   * @param path as sent, still percent-encoded
   * @param query decoded; the last value of a name that occurs twice, "" for a name without value
   */
  record Request(
      String method,
      String host,
      String path,
      Map<String, String> query,
      Headers headers,
      byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    /** The body as a JSON object; an empty one if there is no body. */
    Map<String, Object> json() {
      if (body.length == 0) {
        return new LinkedHashMap<>();
      }
      try {
        return Json.asObject(Json.parse(text()));
      } catch (IllegalArgumentException | ClassCastException e) {
        throw new Refusal(
            400, "InvalidRequestContent", "The body is no JSON object: " + e.getMessage());
      }
    }
  }

  /** The body is bytes, text, JSON, or null for none. */
  record Response(int status, Object body, Map<String, String> headers) {
    Response(int status, Object body) {
      this(status, body, Map.of());
    }

    private byte[] bytes() {
      if (body == null) {
        return new byte[0];
      }
      return body instanceof byte[] bytes
          ? bytes
          : (body instanceof String text ? text : Json.print(body))
              .getBytes(StandardCharsets.UTF_8);
    }
  }

  /** A refusal by the cloud, with the status and the code of its response. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;
    final int status;
    final String code;

    Refusal(int status, String code, String message) {
      super(message);
      this.status = status;
      this.code = code;
    }
  }

  private final Cloud cloud;
  private final Queue<Object> requests = new ConcurrentLinkedQueue<>();

  private FakeCloud(Cloud cloud) {
    this.cloud = cloud;
  }

  /**
   * Starts the servers and returns; the process runs until it is killed.
   *
   * @param arguments a PKCS#12 file with key and certificate, and its password
   */
  static void serve(Cloud cloud, String... arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: KEYSTORE PASSWORD");
      System.exit(64);
    }
    FakeCloud fake = new FakeCloud(cloud);
    HttpsServer secure =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    secure.setHttpsConfigurator(new HttpsConfigurator(tls(Path.of(arguments[0]), arguments[1])));
    secure.createContext("/", exchange -> fake.handle(exchange, fake::ask));
    HttpServer control =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    control.createContext("/", exchange -> fake.handle(exchange, fake::control));
    for (HttpServer server : List.of(secure, control)) {
      server.setExecutor(Executors.newCachedThreadPool());
      server.start();
    }
    Tunnel tunnel = new Tunnel(secure.getAddress());
    tunnel.start();
    System.out.println(
        Json.print(Json.object("proxy", tunnel.port(), "control", control.getAddress().getPort())));
    System.out.flush();
  }

  private interface Handler {
    Response respond(Request request);
  }

  /** Passes a request to the cloud, and records it with its response. */
  private Response ask(Request request) {
    Response response;
    synchronized (cloud) {
      try {
        response = cloud.respond(request);
      } catch (Refusal refusal) {
        response = cloud.refuse(refusal);
      } catch (RuntimeException failure) {
        failure.printStackTrace();
        response = cloud.refuse(new Refusal(500, "FakeFailed", failure.toString()));
      }
    }
    Map<String, Object> entry =
        Json.object(
            "method", request.method(),
            "host", request.host(),
            "path", request.path(),
            "query", request.query(),
            "body", request.text(),
            "status", response.status());
    if (response.status() >= 400) {
      entry.put("response", new String(response.bytes(), StandardCharsets.UTF_8));
    }
    requests.add(entry);
    return response;
  }

  private Response control(Request request) {
    synchronized (cloud) {
      try {
        if (request.path().equals("/requests")) {
          return new Response(200, requests);
        }
        if (request.path().equals("/resources")) {
          return new Response(200, Json.print(cloud.resources()));
        }
        if (request.path().startsWith("/orders/") && request.method().equals("POST")) {
          return new Response(
              200, cloud.order(request.path().substring("/orders/".length()), request.json()));
        }
        throw new Refusal(404, "NotFound", "GET /requests, GET /resources or POST /orders/NAME");
      } catch (Refusal refusal) {
        return new Response(
            refusal.status, Json.object("code", refusal.code, "message", refusal.getMessage()));
      }
    }
  }

  private void handle(HttpExchange exchange, Handler handler) throws IOException {
    try (exchange;
        InputStream in = exchange.getRequestBody()) {
      URI uri = exchange.getRequestURI();
      String host = exchange.getRequestHeaders().getFirst("Host");
      Response response =
          handler.respond(
              new Request(
                  exchange.getRequestMethod(),
                  host == null ? "" : host.toLowerCase().replaceFirst(":\\d+$", ""),
                  uri.getRawPath(),
                  query(uri.getRawQuery()),
                  exchange.getRequestHeaders(),
                  in.readAllBytes()));
      boolean text = response.body() instanceof String || response.body() instanceof byte[];
      exchange.getResponseHeaders().set("Content-Type", text ? "text/plain" : "application/json");
      response.headers().forEach(exchange.getResponseHeaders()::set);
      byte[] bytes = response.bytes();
      boolean bodiless = bytes.length == 0 || exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(response.status(), bodiless ? -1 : bytes.length);
      if (!bodiless) {
        exchange.getResponseBody().write(bytes);
      }
    }
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> query = new LinkedHashMap<>();
    for (String pair : raw == null ? new String[0] : raw.split("&")) {
      String[] parts = pair.split("=", 2);
      query.put(decode(parts[0]), parts.length < 2 ? "" : decode(parts[1]));
    }
    return query;
  }

  /** Decodes text from a path or query. */
  static String decode(String encoded) {
    return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
  }

  /** The checksum of an object's content, as object stores return it. */
  static String md5(byte[] content) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SSLContext tls(Path keystore, String password) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keystore)) {
      keys.load(in, password.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
