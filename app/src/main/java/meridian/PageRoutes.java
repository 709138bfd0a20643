package meridian;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Content that never changes while the service runs: the greeting and the API description. */
final class PageRoutes {
  private static final Header HTML =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8");
  private static final Header YAML =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/yaml");
  private static final HeaderName CSP = HeaderNames.create("Content-Security-Policy");

  /** Only the page's own style and the empty icon may load. */
  private static final Header POLICY =
      HeaderValues.createCached(
          CSP, "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'");

  private final byte[] hello;
  private final byte[] description;

  PageRoutes(String greeting) {
    this.hello = page(greeting).getBytes(StandardCharsets.UTF_8);
    try (InputStream in = PageRoutes.class.getResourceAsStream("/openapi.yaml")) {
      this.description = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void hello(ServerRequest request, ServerResponse response) {
    Responses.choose(request, MediaTypes.TEXT_HTML);
    response.header(Responses.NO_STORE);
    response.header(POLICY);
    Responses.send(request, response, HTML, hello);
  }

  void description(ServerRequest request, ServerResponse response) {
    Responses.choose(request, MediaTypes.APPLICATION_YAML);
    Responses.send(request, response, YAML, description);
  }

  private static String page(String greeting) {
    String text =
        greeting
            .replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&quot;");
    // The empty icon keeps browsers from requesting /favicon.ico and logging its absence.
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%1$s</title>
        <link rel="icon" href="data:,">
        <style>
        body { margin: 0; min-height: 100vh; display: grid; place-items: center;
          font: 1.5rem/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; }
        main { padding: 1.5rem; text-align: center; overflow-wrap: anywhere; }
        h1 { font-size: clamp(1.75rem, 6vw, 3.5rem); margin: 0; }
        @media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117; } }
        </style>
        </head>
        <body>
        <main><h1>%1$s</h1></main>
        </body>
        </html>
        """
        .formatted(text);
  }
}
