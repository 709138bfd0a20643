package meridian;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import meridian.documents.Documents;
import meridian.documents.Lookup;

/** Documents over HTTP, with entity tags (RFC 9110 section 13). */
final class DocumentRoutes {
  /** Caches may keep a copy but must revalidate it, which transfers no body. */
  private static final Header REVALIDATE =
      HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-cache");

  private final Documents documents;

  DocumentRoutes(Documents documents) {
    this.documents = documents;
  }

  void get(ServerRequest request, ServerResponse response) {
    String name = request.path().pathParameters().get("name");
    if (!Documents.isName(name)) {
      throw new ProblemException(
          Status.BAD_REQUEST_400,
          "A document's name is 1 to 63 lower-case letters, digits, - or _, the first of them a"
              + " letter or digit.");
    }
    Responses.choose(request, MediaTypes.APPLICATION_JSON);
    switch (documents.get(name)) {
      case Lookup.Document document -> {
        if (!documents.send(document, it -> send(request, response, it))) {
          throw unavailable(name, Lookup.Failure.BUSY);
        }
      }
      case Lookup.Missing() ->
          throw new ProblemException(
              Status.NOT_FOUND_404, "There is no document called " + name + ".");
      case Lookup.Unavailable(Lookup.Failure failure) -> throw unavailable(name, failure);
    }
  }

  private static ProblemException unavailable(String name, Lookup.Failure failure) {
    return new ProblemException(
        switch (failure) {
          case REFUSED, BROKEN -> Status.BAD_GATEWAY_502;
          case SLOW -> Status.GATEWAY_TIMEOUT_504;
          case BUSY -> Status.SERVICE_UNAVAILABLE_503;
        },
        failure == Lookup.Failure.BUSY
            ? "Too many documents are being sent to slow clients; try again in a few seconds."
            : "The document " + name + " cannot be served now; the service's log says why.");
  }

  private static void send(
      ServerRequest request, ServerResponse response, Lookup.Document document) {
    ServerRequestHeaders headers = request.headers();
    if (headers.contains(HeaderNames.IF_MATCH)
        && !EntityTags.listsStrongly(headers, HeaderNames.IF_MATCH, document.etag())) {
      throw new ProblemException(
          Status.PRECONDITION_FAILED_412,
          "If-Match does not list the document's entity tag, " + document.etag() + ".");
    }
    response.header(HeaderNames.ETAG, document.etag());
    response.header(REVALIDATE);
    if (EntityTags.listsWeakly(headers, HeaderNames.IF_NONE_MATCH, document.etag())) {
      response.status(Status.NOT_MODIFIED_304).send();
    } else {
      Responses.send(request, response, HeaderValues.CONTENT_TYPE_JSON, document.json());
    }
  }
}
