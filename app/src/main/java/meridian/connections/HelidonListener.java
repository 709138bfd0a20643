package meridian.connections;

import io.helidon.common.context.Context;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpLogConfig;
import io.helidon.http.Status;
import io.helidon.http.WritableHeaders;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ErrorHandling;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Helidon's view of a listener, and the part of one that it implements: HTTP/1.1. */
final class HelidonListener implements ListenerContext {
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final ContentEncodingContext encodings =
      ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build();
  private final Context context;
  private final DirectHandlers refusals;
  private final MediaContext media;
  private final ListenerConfig config;
  private final Http1ConnectionSelector http =
      Http1ConnectionSelector.builder()
          .config(
              Http1Config.builder()
                  // Our own limits are smaller and apply first.
                  .maxPrologueLength(2 * HeadReader.MAX_LINE)
                  .maxHeadersSize(2 * HeadReader.MAX_FIELDS_BYTES)
                  .log(HttpLogConfig.builder().receiveLog(false).sendLog(false).build())
                  .addSendListener(new Responses())
                  .build())
          .build();

  HelidonListener(String name, DirectHandlers refusals, MediaContext media) {
    this.context = Context.builder().id(name).build();
    this.refusals = refusals;
    this.media = media;
    this.config =
        ListenerConfig.builder()
            .name(name)
            .protocolsDiscoverServices(false)
            // Passes the reason for a refusal to our own handler, not to the client.
            .errorHandling(ErrorHandling.builder().includeEntity(true).build())
            .buildPrototype();
  }

  /** Sees each response's header before it is written. */
  private static final class Responses implements Http1ConnectionListener {
    @Override
    public void status(ConnectionContext context, Status status) {
      ((ChannelContext) context).status(status);
    }

    @Override
    public void headers(ConnectionContext context, Headers headers) {
      ChannelContext channel = (ChannelContext) context;
      if (headers.containsToken(HeaderValues.CONNECTION_CLOSE)) {
        channel.connection().endAnnounced();
      }
      // Helidon sets a length of 0 on a 304, which contradicts the 200's (RFC 9110 section 8.6).
      if (channel.isNotModified() && headers instanceof WritableHeaders<?> writable) {
        writable.remove(HeaderNames.CONTENT_LENGTH);
      }
    }
  }

  Http1ConnectionSelector http() {
    return http;
  }

  @Override
  public Context context() {
    return context;
  }

  @Override
  public MediaContext mediaContext() {
    return media;
  }

  @Override
  public ContentEncodingContext contentEncodingContext() {
    return encodings;
  }

  @Override
  public DirectHandlers directHandlers() {
    return refusals;
  }

  @Override
  public ListenerConfig config() {
    return config;
  }

  @Override
  public ExecutorService executor() {
    return executor;
  }
}
