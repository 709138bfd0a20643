import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An emulator of an object store, to which a double forwards requests for objects. */
final class Upstream {
  /** Headers of a connection, not of a request. */
  private static final Set<String> OWN = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  static {
    OWN.addAll(
        Set.of("Connection", "Content-Length", "Date", "Host", "Keep-Alive", "Transfer-Encoding"));
  }

  private final String url;
  private final HttpClient client;

  /**
   * @param url of the emulator, SCHEME://HOST:PORT
   * @param trust file with its certificate, PEM; null without TLS
   */
  Upstream(String url, String trust) {
    this.url = url;
    HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    this.client = (trust == null ? builder : builder.sslContext(trusting(trust))).build();
  }

  /** The emulator's response to a request, at another path and with the same query. */
  FakeCloud.Response forward(FakeCloud.Request request, String path) {
    StringBuilder target = new StringBuilder(path);
    String separator = "?";
    for (Map.Entry<String, String> each : request.query().entrySet()) {
      target.append(separator).append(encode(each.getKey())).append('=');
      target.append(encode(each.getValue()));
      separator = "&";
    }
    Map<String, String> headers = new LinkedHashMap<>();
    request.headers().forEach((key, values) -> headers.put(key, values.get(0)));
    return send(request.method(), target.toString(), headers, request.body());
  }

  FakeCloud.Response send(String method, String path, Map<String, String> headers, byte[] body) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(Duration.ofSeconds(30))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    headers.forEach(
        (key, value) -> {
          if (!OWN.contains(key)) {
            builder.header(key, value);
          }
        });
    try {
      HttpResponse<byte[]> response =
          client.send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
      Map<String, String> answered = new LinkedHashMap<>();
      response.headers().map().forEach((key, values) -> answered.put(key, values.get(0)));
      answered.keySet().removeIf(OWN::contains);
      return new FakeCloud.Response(response.statusCode(), response.body(), answered);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(url + " does not answer: " + e, e);
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static SSLContext trusting(String certificate) {
    try (InputStream in = Files.newInputStream(Path.of(certificate))) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "emulator", CertificateFactory.getInstance("X.509").generateCertificate(in));
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(certificate + ": " + e, e);
    }
  }
}
