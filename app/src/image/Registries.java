import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks a build's registries before it begins. Jib contacts them only at its end, minutes later,
 * and then retries for minutes what cannot succeed.
 *
 * <p>Maven runs this in {@code validate} when {@code -Dimage} is given, with {@code NAME=VALUE} for
 * each of base, image, runtime (own or base), goals, insecure and proxy. If the build cannot
 * succeed, it exits with 1 and a sentence that says what to do.
 */
final class Registries {
  /** As Docker parses it: there is no host if the first part has neither dot nor colon. */
  private static final Pattern REFERENCE =
      Pattern.compile("(?<host>localhost|[^/]*[.:][^/]*)(?=/).*|.*");

  private static final Pattern HOST = Pattern.compile("(?<name>\\[.*\\]|[^:]*)(:(?<port>\\d+))?");

  private final Map<String, String> arguments = new HashMap<>();

  /** The build cannot succeed; the message says what to do. */
  private static final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  private Registries(String[] arguments) {
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      // Maven leaves unknown properties as they are, or substitutes null.
      this.arguments.put(parts[0], parts[1].replaceAll("\\$\\{[^}]*}|null$", ""));
    }
  }

  public static void main(String[] arguments) throws InterruptedException {
    Registries registries = new Registries(arguments);
    try {
      registries.tryBase();
      registries.tryTarget();
    } catch (Refusal e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private void tryBase() throws Refusal, InterruptedException {
    String base = arguments.get("base");
    boolean tar = base.startsWith("tar://");
    if (tar || base.startsWith("/")) {
      Path file = Path.of(tar ? base.substring("tar://".length()) : base);
      if (!file.isAbsolute()) {
        throw new Refusal(
            "BASE must name the file by its absolute path, tar:///FOLDER/FILE: " + base);
      }
      if (!Files.isRegularFile(file)) {
        throw new Refusal("BASE names " + file + ", which is no file; make it: " + recipe(file));
      }
      if (!tar) {
        throw new Refusal("BASE must be tar://" + base + ", with the scheme.");
      }
    } else if (!base.startsWith("docker://") && !isCached(base)) {
      tryRegistry(
          host(base, "registry-1.docker.io"),
          """
          The base image is there. Make one from packages of Debian or Ubuntu, and repeat with it:
            %s
            export BASE=tar:///tmp/base.tar
          A copy in another registry serves as well: BASE=HOST/PATH@sha256:…\
          """
              .formatted(recipe(Path.of("/tmp/base.tar"))));
    }
  }

  private String recipe(Path file) {
    boolean own = arguments.get("runtime").equals("own");
    return "app/base " + (own ? "" : "--java \"$(scripts/jdk)\" ") + file;
  }

  private void tryTarget() throws Refusal, InterruptedException {
    String host = host(arguments.get("image"), "");
    // The other goals write a file, or load the image into an engine.
    if (!host.isEmpty() && arguments.get("goals").matches(".*\\bjib:build\\b.*")) {
      tryRegistry(host, "It is where -Dimage=HOST/PATH:TAG says the image goes.");
    }
  }

  private static String host(String reference, String otherwise) {
    Matcher matcher = REFERENCE.matcher(reference);
    return matcher.matches() && matcher.group("host") != null ? matcher.group("host") : otherwise;
  }

  /** Jib does not request an image again that it has cached by digest. */
  private static boolean isCached(String base) {
    String home = System.getProperty("user.home");
    String xdg = System.getenv("XDG_CACHE_HOME");
    String image = "google-cloud-tools-java/jib/images/" + base.replaceAll("[:@]", "!");
    return base.contains("@")
        && Stream.of(xdg == null ? "" : xdg, home + "/.cache", home + "/Library/Caches")
            .anyMatch(it -> Files.isDirectory(Path.of(it, image)));
  }

  private void tryRegistry(String registry, String advice) throws Refusal, InterruptedException {
    Matcher matcher = HOST.matcher(registry);
    if (!matcher.matches() || !arguments.get("proxy").isEmpty()) {
      return; // Jib reports it, or it is up to the proxy
    }
    String name = matcher.group("name");
    int port = matcher.group("port") == null ? 443 : Integer.parseInt(matcher.group("port"));
    boolean mayBePlain =
        name.matches("localhost|127\\..*|\\[::1]") && !arguments.get("insecure").equals("true");
    FutureTask<Boolean> isPlain =
        new FutureTask<>(
            () -> {
              try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getByName(name), port));
                return mayBePlain && speaksPlainHttp(socket);
              }
            });
    Thread.startVirtualThread(isPlain);
    String reason;
    try {
      if (!isPlain.get(5, TimeUnit.SECONDS)) {
        return;
      }
      reason =
          "speaks plain HTTP, which Jib does only if told: add -Djib.allowInsecureRegistries=true";
      advice = "For what goes to this machine ./taskw publish IMAGE=HOST/PATH:TAG adds it.";
    } catch (TimeoutException e) {
      reason = "gave no connection within 5 s";
    } catch (ExecutionException e) {
      reason =
          e.getCause() instanceof UnknownHostException
              ? "is not known by that name here"
              : "gave no connection: " + e.getCause().getMessage();
    }
    throw new Refusal("The registry " + registry + " " + reason + ".\n" + advice);
  }

  private static boolean speaksPlainHttp(Socket socket) throws IOException {
    socket.setSoTimeout(2000);
    socket.getOutputStream().write("GET /v2/ HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
    String status = new String(socket.getInputStream().readNBytes(12), US_ASCII);
    // A server that requires TLS may respond with 400, in plain HTTP.
    return status.startsWith("HTTP/") && !status.endsWith(" 400");
  }
}
