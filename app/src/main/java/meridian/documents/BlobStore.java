package meridian.documents;

import com.azure.core.credential.TokenCredential;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.core.http.HttpClient;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.http.policy.FixedDelayOptions;
import com.azure.core.http.policy.RetryOptions;
import com.azure.core.http.policy.RetryPolicy;
import com.azure.core.util.Configuration;
import com.azure.core.util.Context;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.models.BlobDownloadResponse;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.DownloadRetryOptions;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import meridian.settings.DocumentSettings;
import meridian.settings.DocumentSettings.Location;

/**
 * Documents in an Azure Blob container, {@code foo.json} for foo. The identity needs the role
 * Storage Blob Data Reader. As everywhere on Azure, {@code AZURE_CLIENT_ID} selects the managed
 * identity; without it, the system-assigned one is used.
 */
final class BlobStore implements DocumentStore {
  private static final Duration NO_DELAY = Duration.ofMillis(1);

  /** Warns on every request about a header that the JDK sets. If not held, it loses its level. */
  private static final Logger TRANSPORT =
      Logger.getLogger("com.azure.core.http.jdk.httpclient.JdkHttpClient");

  static {
    TRANSPORT.setLevel(Level.SEVERE);
  }

  private final BlobContainerClient container;
  private final Duration timeout;
  private final int maxBytes;

  BlobStore(Location.Blob location, DocumentSettings settings) {
    HttpClient http =
        new JdkHttpClientBuilder()
            .connectionTimeout(settings.timeout()) // includes the TLS handshake
            .responseTimeout(settings.timeout())
            .readTimeout(settings.timeout())
            .build();
    this.container =
        new BlobContainerClientBuilder()
            .endpoint(location.endpoint())
            .containerName(location.container())
            .credential(identity(http))
            .httpClient(http)
            .retryOptions(
                new RequestRetryOptions(
                    RetryPolicyType.FIXED, 1, settings.timeout(), NO_DELAY, NO_DELAY, null))
            .buildClient();
    this.timeout = settings.timeout();
    this.maxBytes = settings.maxBytes();
  }

  private static TokenCredential identity(HttpClient http) {
    ManagedIdentityCredentialBuilder builder =
        new ManagedIdentityCredentialBuilder()
            .httpClient(http)
            // Not retryOptions, which the SDK rejects if the identity comes from a VM's metadata.
            .retryPolicy(new RetryPolicy(new RetryOptions(new FixedDelayOptions(0, NO_DELAY))));
    String clientId =
        Configuration.getGlobalConfiguration().get(Configuration.PROPERTY_AZURE_CLIENT_ID, "");
    return clientId.isEmpty() ? builder.build() : builder.clientId(clientId).build();
  }

  @Override
  public Fetch fetch(String name, String knownTag) {
    BlobRequestConditions conditions = new BlobRequestConditions();
    if (!knownTag.isEmpty()) {
      conditions.setIfNoneMatch(knownTag);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      BlobDownloadResponse response =
          container
              .getBlobClient(name + ".json")
              .downloadStreamWithResponse(
                  out,
                  new BlobRange(0, maxBytes + 1L),
                  new DownloadRetryOptions().setMaxRetryRequests(0),
                  conditions,
                  false,
                  timeout,
                  Context.NONE);
      return new Fetch.Found(out.toByteArray(), response.getDeserializedHeaders().getETag());
    } catch (BlobStorageException e) {
      return switch (e.getStatusCode()) {
        case 304 -> new Fetch.Unchanged();
        case 401, 403 -> failed(Lookup.Failure.REFUSED, e, false);
        // An empty blob cannot satisfy the range that limits the size.
        case 416 -> new Fetch.Found(new byte[0], "");
        case 404 ->
            BlobErrorCode.BLOB_NOT_FOUND.equals(e.getErrorCode())
                ? new Fetch.Missing()
                : failed(Lookup.Failure.BROKEN, e, false);
        case 429, 500, 502, 503, 504 -> failed(Lookup.Failure.BROKEN, e, true);
        default -> failed(Lookup.Failure.BROKEN, e, false);
      };
    } catch (RuntimeException e) { // the SDK passes on what its reactive core or the identity threw
      if (has(e, TimeoutException.class)
          || has(e, HttpTimeoutException.class)
          || has(e, InterruptedException.class)) {
        return failed(Lookup.Failure.SLOW, e, false);
      }
      return e instanceof ClientAuthenticationException
          ? failed(Lookup.Failure.REFUSED, e, true)
          : failed(Lookup.Failure.BROKEN, e, has(e, IOException.class));
    }
  }

  private static boolean has(Throwable e, Class<? extends Throwable> type) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  private static Fetch failed(Lookup.Failure failure, Exception e, boolean isTransient) {
    return new Fetch.Failed(failure, e.toString(), isTransient);
  }
}
