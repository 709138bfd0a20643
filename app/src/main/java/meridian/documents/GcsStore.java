package meridian.documents;

import com.google.auth.oauth2.ComputeEngineCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import meridian.settings.DocumentSettings;
import meridian.settings.DocumentSettings.Location;

/**
 * Documents in a Cloud Storage bucket, {@code foo.json} for foo, read through the JSON API with the
 * token of the metadata server's service account. The account needs {@code
 * roles/storage.objectViewer}; without the permission to list, Cloud Storage responds with 403 for
 * a missing object.
 *
 * @see <a href="https://cloud.google.com/storage/docs/json_api/v1/objects/get">objects.get</a>
 */
final class GcsStore implements DocumentStore {
  private final ComputeEngineCredentials credentials = ComputeEngineCredentials.create();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String objects;
  private final Duration timeout;
  private final int maxBytes;

  GcsStore(Location.Gcs location, DocumentSettings settings) {
    String endpoint =
        location.endpoint().isEmpty() ? "https://storage.googleapis.com" : location.endpoint();
    this.objects = endpoint + "/storage/v1/b/" + location.bucket() + "/o/";
    this.timeout = settings.timeout();
    this.maxBytes = settings.maxBytes();
  }

  @Override
  public Fetch fetch(String name, String knownTag) {
    try {
      HttpResponse<InputStream> response =
          http.send(request(name, knownTag), BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        int status = response.statusCode();
        return switch (status) {
          case 200 ->
              new Fetch.Found(
                  Bodies.read(
                      body,
                      response.headers().firstValueAsLong("content-length").orElse(-1),
                      maxBytes),
                  response.headers().firstValue("x-goog-generation").orElse(""));
          case 304 -> new Fetch.Unchanged();
          case 404 -> absent(new String(body.readNBytes(1000), StandardCharsets.UTF_8));
          case 401, 403 -> failed(Lookup.Failure.REFUSED, "status " + status, false);
          case 408, 429, 500, 502, 503, 504 ->
              failed(Lookup.Failure.BROKEN, "status " + status, true);
          default -> failed(Lookup.Failure.BROKEN, "status " + status, false);
        };
      }
    } catch (HttpTimeoutException e) {
      return failed(Lookup.Failure.SLOW, e.toString(), false);
    } catch (IOException e) {
      return failed(Lookup.Failure.BROKEN, e.toString(), true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(Lookup.Failure.SLOW, e.toString(), false);
    }
  }

  private HttpRequest request(String name, String knownTag) throws IOException {
    credentials.refreshIfExpired();
    String condition = knownTag.isEmpty() ? "" : "&ifGenerationNotMatch=" + knownTag;
    return HttpRequest.newBuilder(URI.create(objects + name + ".json?alt=media" + condition))
        .header("Authorization", "Bearer " + credentials.getAccessToken().getTokenValue())
        .timeout(timeout)
        .build();
  }

  /** Only the text of Cloud Storage's response tells a missing bucket from a missing object. */
  private static Fetch absent(String words) {
    return words.contains("bucket does not exist")
        ? failed(Lookup.Failure.BROKEN, words, false)
        : new Fetch.Missing();
  }

  private static Fetch failed(Lookup.Failure failure, String reason, boolean isTransient) {
    return new Fetch.Failed(failure, reason, isTransient);
  }
}
