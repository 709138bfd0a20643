package meridian;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.is;

import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;

/** The served API description matches this service. */
class OpenApiTest {
  private static TestServer server;
  private static Map<?, ?> description;

  @BeforeAll
  static void start() {
    server = new TestServer();
    description = new Yaml().load(server.get("/openapi.yaml").body());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void describesEveryPath() {
    assertThat(
        at("paths").keySet(), is(Set.of("/", "/now", "/api/{name}", "/hello", "/openapi.yaml")));
  }

  @ParameterizedTest
  @CsvSource({
    "GET,  /,             '',                  application/json",
    "GET,  /,             text/html,           application/problem+json",
    "GET,  /,             rubbish,             application/problem+json",
    "POST, /,             '',                  application/problem+json",
    "GET,  /now,          '',                  application/json",
    "GET,  /now,          text/plain,          text/plain",
    "POST, /now,          '',                  application/problem+json",
    "GET,  /api/foo,      '',                  application/json",
    "GET,  /api/none,     '',                  application/problem+json",
    "GET,  /api/.foo,     '',                  application/problem+json",
    "POST, /api/foo,      '',                  application/problem+json",
    "GET,  /hello,        '',                  text/html",
    "POST, /hello,        '',                  application/problem+json",
    "GET,  /openapi.yaml, '',                  application/yaml",
    "POST, /openapi.yaml, '',                  application/problem+json",
  })
  void describesTheResponse(String method, String path, String accept, String type) {
    HttpResponse<String> response =
        server.send(method, path, "Accept", accept.isEmpty() ? "*/*" : accept);

    Map<?, ?> responses =
        at("paths", path.startsWith("/api/") ? "/api/{name}" : path, "get", "responses");
    String status = Integer.toString(response.statusCode());
    assertThat(responses, hasKey(status));
    Map<?, ?> described = resolve((Map<?, ?>) responses.get(status));
    assertThat((Map<?, ?>) described.get("content"), hasKey(type));
    String sent = response.headers().firstValue("content-type").orElse("");
    assertThat(sent.replaceFirst(";.*", ""), is(type));
    Set<String> missing =
        ((Map<?, ?>) described.get("headers"))
            .keySet().stream()
                .map(String.class::cast)
                .filter(header -> response.headers().firstValue(header).isEmpty())
                .collect(Collectors.toSet());
    assertThat(missing, is(Set.of()));
  }

  private static Map<?, ?> resolve(Map<?, ?> described) {
    return described.containsKey("$ref")
        ? at("components", "responses", name((String) described.get("$ref")))
        : described;
  }

  private static String name(String reference) {
    return reference.substring("#/components/responses/".length());
  }

  private static Map<?, ?> at(String... keys) {
    Map<?, ?> here = description;
    for (String key : keys) {
      here = (Map<?, ?>) here.get(key);
    }
    return here;
  }
}
