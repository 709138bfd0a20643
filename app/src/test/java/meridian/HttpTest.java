package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the protocol requires of each response, and how bad requests are refused. */
class HttpTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/now", "/api/foo", "/hello", "/openapi.yaml", "/nothing", "/api/none"})
  void headIsGetWithoutTheBody(String path) throws IOException {
    String head =
        server.raw(
            "HEAD %1$s HTTP/1.1\r\nHost: a\r\n\r\nGET %1$s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                .formatted(path));
    String headResponse = head.substring(0, head.indexOf("\r\n\r\n") + 4);
    String getResponse = head.substring(headResponse.length());

    // With a body, the second response would not begin where the first header ends.
    assertThat(getResponse, startsWith("HTTP/1.1 "));
    assertThat(
        comparable(headResponse),
        is(comparable(getResponse.substring(0, getResponse.indexOf("\r\n\r\n") + 4))));
  }

  /** Without what may differ: the Connection field, and the second in Date. */
  private static String comparable(String header) {
    return header.replaceAll("Connection: [a-z-]+|Date: [^\r]+", "");
  }

  @ParameterizedTest
  @CsvSource({
    "GET,    /nothing,            404",
    "GET,    /api,                404",
    "GET,    /api/,               404",
    "GET,    /api/none,           404",
    "GET,    /api/foo/bar,        404",
    "GET,    /live,               404",
    "GET,    /api/Foo,            400",
    "GET,    /api/foo.json,       400",
    "GET,    /api/%66oo%00,       400",
    "GET,    /api/.foo,           400",
    "POST,   /,                   405",
    "PUT,    /api/foo,            405",
    "DELETE, /now,                405",
    "OPTIONS,/hello,              405",
    "PATCH,  /openapi.yaml,       405",
    "TRACE,  /,                   405",
    "WHAT,   /,                   405",
  })
  void failureGivesProblemDetails(String method, String path, int status) throws IOException {
    HttpResponse<String> response = server.send(method, path);

    assertThat(response.statusCode(), is(status));
    assertThat(header(response, "content-type"), is("application/problem+json"));
    assertThat(header(response, "cache-control"), is("no-store"));
    assertThat(header(response, "service-version"), is("1.0.0"));
    assertThat(header(response, "x-content-type-options"), is("nosniff"));
    assertThat(header(response, "allow"), is(status == 405 ? "GET, HEAD" : ""));
    JsonNode problem = new ObjectMapper().readTree(response.body());
    assertThat(problem.get("type").asText(), is("about:blank"));
    assertThat(problem.get("status").asInt(), is(status));
    assertThat(problem.get("title").asText(), is(not("")));
    assertThat(problem.get("detail").asText(), is(not("")));
    assertThat(problem.size(), is(4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /             | text/html                              | 406
          /             | application/xml, text/plain;q=0.5      | 406
          /             | application/json;q=0                   | 406
          /             | application/json;q=0, */*              | 406
          /             | */*                                    | 200
          /             | application/*                          | 200
          /             | text/html, */*;q=0.1                   | 200
          /             | application/json;charset=nonsense      | 200
          /             | rubbish                                | 400
          /             | *                                      | 200
          /             | text/html,*                            | 200
          /             | text/html, , */*                       | 200
          /             | Application/JSON                       | 200
          /             | application/json;a="x,y;q=0";q=1       | 200
          /now          | text/plain ; q=0.2                     | text/plain; charset=utf-8
          /now          | */* ; q=0.1 , text/plain;q = 1         | text/plain; charset=utf-8
          /             | application/json;q=much, text/plain    | 400
          /now          | application/json, text/plain;q=0.9     | application/json
          /now          | text/plain, application/json;q=0.9     | text/plain; charset=utf-8
          /now          | text/*                                 | text/plain; charset=utf-8
          /now          | text/plain;q=0.1, */*                  | application/json
          /now          | text/html                              | 406
          /api/foo      | text/html                              | 406
          /hello        | application/json                       | 406
          /hello        | text/html,application/xml;q=0.9,*/*;q=0.8 | text/html; charset=utf-8
          /openapi.yaml | application/yaml                       | application/yaml
          /openapi.yaml | text/html                              | 406
          """)
  void acceptIsHonoured(String path, String accept, String statusOrType) {
    HttpResponse<String> response = server.get(path, "Accept", accept);

    if (statusOrType.matches("\\d+")) {
      assertThat(response.statusCode(), is(Integer.parseInt(statusOrType)));
    } else {
      assertThat(header(response, "content-type"), is(statusOrType));
    }
  }

  @Test
  void emptyAcceptMeansAnything() throws IOException {
    assertThat(
        server.raw("GET / HTTP/1.1\r\nHost: a\r\nAccept:\r\nConnection: close\r\n\r\n"),
        startsWith("HTTP/1.1 200"));
  }

  @Test
  void entityTagSavesTheBody() {
    String tag = header(server.get("/api/foo"), "etag");

    for (String match : new String[] {tag, "W/" + tag, "\"other\", " + tag, "*"}) {
      HttpResponse<String> response = server.get("/api/foo", "If-None-Match", match);
      assertThat(match, response.statusCode(), is(304));
      assertThat(response.body(), is(""));
      assertThat(header(response, "etag"), is(tag));
      assertThat(header(response, "cache-control"), is("no-cache"));
    }
    assertThat(server.get("/api/foo", "If-None-Match", "\"other\"").body(), containsString("foo"));
  }

  @Test
  void ifMatchComparesStrongly() {
    String tag = header(server.get("/api/foo"), "etag");

    assertThat(server.get("/api/foo", "If-Match", tag).statusCode(), is(200));
    assertThat(server.get("/api/foo", "If-Match", "*").statusCode(), is(200));
    assertThat(server.get("/api/foo", "If-Match", "W/" + tag).statusCode(), is(412));
    assertThat(server.get("/api/foo", "If-Match", "\"other\"").statusCode(), is(412));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a path that leaves the folder   | GET /api/../../pom HTTP/1.1\\r\\nHost: a       | 404
          the same, encoded               | GET /api/..%2f..%2fpom HTTP/1.1\\r\\nHost: a   | 404
          an encoded slash                | GET /api/a%2Ffoo HTTP/1.1\\r\\nHost: a         | 404
          an encoded backslash            | GET /api/..%5Cfoo HTTP/1.1\\r\\nHost: a        | 400
          twice encoded                   | GET /api/%252e%252e%252ffoo HTTP/1.1\\r\\nHost: a | 400
          half an escape                  | GET /api/%2 HTTP/1.1\\r\\nHost: a              | 400
          no version                      | GET /                                          | 400
          no path                         | GET HTTP/1.1\\r\\nHost: a                      | 400
          another protocol                | GET / HTTP/3.0\\r\\nHost: a                    | 505
          no host                         | GET / HTTP/1.1                                 | 400
          two hosts                       | GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: b       | 400
          a header without colon          | GET / HTTP/1.1\\r\\nHost: a\\r\\nnonsense      | 400
          a header name with a space      | GET / HTTP/1.1\\r\\nHost: a\\r\\nx y: z        | 400
          TLS on the plain port           | \\026\\003\\001\\002                           | 400
          two lengths                     | GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1\\r\\nContent-Length: 2 | 400
          a negative length               | GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: -1 | 400
          a length that is no number      | GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: x | 400
          length and chunks               | POST / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 3\\r\\nTransfer-Encoding: chunked | 400
          an unknown encoding             | POST / HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: gzip, chunked | 501
          """)
  void malformedRequestIsRefusedAndTheConnectionClosed(String claim, String request, int status)
      throws IOException {
    String bytes = request.replace("\\r\\n", "\r\n").translateEscapes();
    boolean isRefusedBeforeRouting = status != 404 && !request.contains("%");
    // What follows must not be treated as another request: on these connections nobody knows where
    // the first one ends.
    String response =
        server.raw(bytes + "\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    assertThat(claim, response, startsWith("HTTP/1.1 " + status + " "));
    assertThat(claim, response, containsString("application/problem+json"));
    if (isRefusedBeforeRouting) {
      assertThat(claim, response, containsString("Connection: close"));
      assertThat(claim, response, not(containsString("\"now\"")));
    }
  }

  @Test
  void oversizedRequestsAreRefused() throws IOException {
    String filler = "x".repeat(20_000);
    assertThat(
        "request line",
        server.raw("GET /" + filler + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        startsWith("HTTP/1.1 414 "));
    assertThat(
        "header",
        server.raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + filler + "\r\n\r\n"),
        startsWith("HTTP/1.1 431 "));
    assertThat(
        "fields",
        server.raw("GET / HTTP/1.1\r\nHost: a\r\n" + "x: y\r\n".repeat(100) + "\r\n"),
        startsWith("HTTP/1.1 431 "));
  }

  @Test
  void greetingCannotBreakOutOfThePage() {
    try (TestServer hello =
        new TestServer("MERIDIAN_HOME", "hello", "MERIDIAN_GREETING", "<script>\"&</script>")) {
      assertThat(
          hello.get("/").body(),
          containsString("<h1>&lt;script&gt;&quot;&amp;&lt;/script&gt;</h1>"));
      assertThat(
          header(hello.get("/"), "content-security-policy"), startsWith("default-src 'none'"));
    }
  }

  private static String header(HttpResponse<String> response, String name) {
    return Optional.of(response.headers().allValues(name))
        .map(values -> String.join("|", values))
        .orElse("");
  }
}
