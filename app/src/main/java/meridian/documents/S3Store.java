package meridian.documents;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import meridian.settings.DocumentSettings;
import meridian.settings.DocumentSettings.Location;
import meridian.settings.SettingsException;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Documents in an S3 bucket, {@code foo.json} for foo. The role needs {@code s3:GetObject} and
 * {@code s3:ListBucket}; without the latter, S3 responds with 403 for a missing object.
 */
final class S3Store implements DocumentStore {
  private final S3Client client;
  private final String bucket;
  private final int maxBytes;

  /**
   * @throws SettingsException if the region is unknown
   */
  S3Store(Location.S3 location, DocumentSettings settings) {
    S3ClientBuilder builder =
        S3Client.builder()
            // The task's role, or the instance's; never keys from the environment or a file.
            .credentialsProvider(
                AwsCredentialsProviderChain.of(
                    ContainerCredentialsProvider.create(),
                    InstanceProfileCredentialsProvider.create()))
            .httpClient(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(settings.timeout())
                    .socketTimeout(settings.timeout())
                    .build())
            // TLS protects the transfer; a checksum would only add classes to load.
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                override ->
                    override
                        .apiCallTimeout(settings.timeout())
                        .retryStrategy(AwsRetryStrategy.doNotRetry()));
    if (!location.endpoint().isEmpty()) {
      builder.endpointOverride(URI.create(location.endpoint())).forcePathStyle(true);
    }
    try {
      builder.region(new DefaultAwsRegionProviderChain().getRegion());
    } catch (SdkClientException e) {
      throw new SettingsException(
          "AWS_REGION: the bucket's region is needed, such as eu-central-1; ECS sets it itself ("
              + e.getMessage()
              + ")");
    }
    this.client = builder.build();
    this.bucket = location.bucket();
    this.maxBytes = settings.maxBytes();
  }

  @Override
  public Fetch fetch(String name, String knownTag) {
    GetObjectRequest.Builder request =
        GetObjectRequest.builder().bucket(bucket).key(name + ".json");
    if (!knownTag.isEmpty()) {
      request.ifNoneMatch(knownTag);
    }
    try (ResponseInputStream<GetObjectResponse> in = client.getObject(request.build())) {
      Long length = in.response().contentLength();
      byte[] bytes = Bodies.read(in, length == null ? -1 : length, maxBytes);
      if (bytes.length > maxBytes) {
        in.abort(); // a close would read the rest first
      }
      return new Fetch.Found(bytes, in.response().eTag());
    } catch (NoSuchKeyException e) {
      return new Fetch.Missing();
    } catch (S3Exception e) {
      return switch (e.statusCode()) {
        case 304 -> new Fetch.Unchanged();
        case 401, 403 -> failed(Lookup.Failure.REFUSED, e, false);
        case 429, 500, 502, 503, 504 -> failed(Lookup.Failure.BROKEN, e, true);
        default -> failed(Lookup.Failure.BROKEN, e, false); // 404 too: there is no such bucket
      };
    } catch (ApiCallTimeoutException | AbortedException e) {
      return failed(Lookup.Failure.SLOW, e, false);
    } catch (SdkException e) {
      return e.getCause() instanceof SocketTimeoutException
          ? failed(Lookup.Failure.SLOW, e, false)
          : failed(Lookup.Failure.BROKEN, e, e.retryable());
    } catch (SocketTimeoutException e) {
      return failed(Lookup.Failure.SLOW, e, false);
    } catch (IOException e) {
      return failed(Lookup.Failure.BROKEN, e, true);
    }
  }

  private static Fetch failed(Lookup.Failure failure, Exception e, boolean isTransient) {
    return new Fetch.Failed(failure, e.toString(), isTransient);
  }
}
