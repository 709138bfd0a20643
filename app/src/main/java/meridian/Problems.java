package meridian;

import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import meridian.connections.Limits;

/** Turns every failure, before or during routing, into problem details. */
final class Problems implements DirectHandler {
  private static final Header CONTENT_TYPE =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE);

  private final Header version;
  private final BeforeRouting observer;

  /** Notified of requests that never reached routing, and so none of its filters. */
  @FunctionalInterface
  interface BeforeRouting {
    void refused(TransportRequest request, Status status);
  }

  Problems(Header version, BeforeRouting observer) {
    this.version = version;
    this.observer = observer;
  }

  /** Handlers that respond to every kind of event with a problem. */
  DirectHandlers handlers() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType event : EventType.values()) {
      handlers.addHandler(event, this);
    }
    return handlers.build();
  }

  /** Handles a failure during routing. Only our own exceptions have a message for clients. */
  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType event,
      Status status,
      ServerResponseHeaders headers,
      Throwable thrown) {
    boolean ours = thrown instanceof RequestException e && e.getCause() instanceof ProblemException;
    return respond(request, status, headers, ours ? thrown.getMessage() : detail(status));
  }

  /** Handles a failure before routing, such as a malformed request line. */
  @Override
  public TransportResponse handle(
      TransportRequest request,
      EventType event,
      Status status,
      ServerResponseHeaders headers,
      String message) {
    observer.refused(request, status);
    return respond(request, status, headers, detail(status));
  }

  private TransportResponse respond(
      TransportRequest request, Status status, ServerResponseHeaders headers, String detail) {
    byte[] body = new Problem(status, detail).json();
    headers.set(CONTENT_TYPE);
    headers.set(Responses.NO_STORE);
    headers.set(version);
    TransportResponse.Builder response =
        TransportResponse.builder().status(status).headers(headers);
    if (Method.HEAD_NAME.equals(request.method())) {
      headers.set(HeaderNames.CONTENT_LENGTH, Integer.toString(body.length));
      return response.build();
    }
    return response.entity(body).build();
  }

  private static String detail(Status status) {
    return switch (status.code()) {
      case 400 -> "The request is malformed.";
      case 404 -> "There is nothing here.";
      case 405 -> "Only GET and HEAD are possible here.";
      case 414 -> "The request line is longer than " + Limits.MAX_REQUEST_LINE_BYTES + " bytes.";
      case 431 ->
          "The header has more than "
              + Limits.MAX_FIELDS
              + " fields or "
              + Limits.MAX_FIELDS_BYTES
              + " bytes.";
      case 500 -> "The service failed; its log says why.";
      case 501 -> "The only transfer coding that is understood is chunked.";
      case 505 -> "This service speaks HTTP/1.1.";
      default -> status.reasonPhrase() + ".";
    };
  }
}
