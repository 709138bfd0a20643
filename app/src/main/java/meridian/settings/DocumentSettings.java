package meridian.settings;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the documents are, and the limits on fetching them.
 *
 * @param location the store
 * @param maxBytes the largest document that is served
 * @param timeout for one document, from the request to its last byte, including a retry
 * @param cache how long a document is served without asking the store again
 * @param startWait how long the start waits for the store's first response
 */
public record DocumentSettings(
    Location location, int maxBytes, Duration timeout, Duration cache, Duration startWait) {
  static final String WHAT_IS_ACCEPTED =
      "a folder, s3://BUCKET, azblob://ACCOUNT.blob.core.windows.net/CONTAINER or gs://BUCKET";

  /** Bucket names of S3 and Cloud Storage, including the dots that Cloud Storage allows. */
  private static final String BUCKET = "[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]";

  private static final Pattern S3 = Pattern.compile("s3://(" + BUCKET + ")");
  private static final Pattern GCS = Pattern.compile("gs://(" + BUCKET + ")");
  private static final Pattern BLOB =
      Pattern.compile("azblob://([a-z0-9.-]+(?::\\d+)?)/([a-z0-9-]{3,63})");
  private static final Pattern ENDPOINT =
      Pattern.compile("|https?://[A-Za-z0-9.-]+(:\\d{1,5})?(/[A-Za-z0-9._-]+)*/?");

  /** The kinds of store. An empty endpoint means the platform's own. */
  public sealed interface Location {
    /** A folder with one file for each document, {@code foo.json} for foo. */
    record Folder(Path path) implements Location {}

    /** An S3 bucket, read with the task's or the instance's role. */
    record S3(String bucket, String endpoint) implements Location {}

    /** An Azure Blob container, read with the managed identity. */
    record Blob(String endpoint, String container) implements Location {}

    /** A Cloud Storage bucket, read with the service account of the metadata server. */
    record Gcs(String bucket, String endpoint) implements Location {}
  }

  /** Parses an http or https address without a query, or empty text. Drops a trailing slash. */
  static Optional<String> endpoint(String text) {
    return Optional.of(text)
        .filter(it -> ENDPOINT.matcher(it).matches())
        .filter(it -> it.isEmpty() || isPlace(URI.create(it)))
        .map(it -> it.replaceFirst("/$", ""));
  }

  /** Whether Java finds a host, unlike in a..b, and the port is valid. */
  private static boolean isPlace(URI uri) {
    return uri.getHost() != null && uri.getPort() <= 65535;
  }

  /**
   * Parses the syntax that {@link #WHAT_IS_ACCEPTED} describes.
   *
   * @param endpoint one that {@link #endpoint} accepts
   */
  static Optional<Location> location(String text, String endpoint) {
    Matcher s3 = S3.matcher(text);
    if (s3.matches()) {
      return Optional.of(new Location.S3(s3.group(1), endpoint));
    }
    Matcher gcs = GCS.matcher(text);
    if (gcs.matches()) {
      return Optional.of(new Location.Gcs(gcs.group(1), endpoint));
    }
    Matcher blob = BLOB.matcher(text);
    if (blob.matches()) {
      return endpoint(endpoint.isEmpty() ? "https://" + blob.group(1) : endpoint)
          .map(address -> new Location.Blob(address, blob.group(2)));
    }
    if (text.isBlank() || text.contains("://")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Location.Folder(Path.of(text)));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
