package meridian;

import io.helidon.common.GenericType;
import io.helidon.common.LazyValue;
import io.helidon.http.Headers;
import io.helidon.http.WritableHeaders;
import io.helidon.http.media.MediaSupport;
import io.helidon.http.media.jackson.JacksonSupport;

/**
 * Converts objects to and from JSON, for {@code response.send(object)} and {@code
 * request.content().as(type)} in a service that replaces this one. Our own responses are bytes
 * already, so the data binding, a tenth of the startup time, is loaded on first use.
 */
final class LazyJackson implements MediaSupport {
  private final LazyValue<MediaSupport> jackson = LazyValue.create(() -> JacksonSupport.create());

  @Override
  public String name() {
    return type();
  }

  @Override
  public String type() {
    return "jackson";
  }

  @Override
  public <T> ReaderResponse<T> reader(GenericType<T> type, Headers requestHeaders) {
    return jackson.get().reader(type, requestHeaders);
  }

  @Override
  public <T> WriterResponse<T> writer(
      GenericType<T> type, Headers requestHeaders, WritableHeaders<?> responseHeaders) {
    return jackson.get().writer(type, requestHeaders, responseHeaders);
  }
}
