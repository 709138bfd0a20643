import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds the image's Java in {@code target/image}: {@code java}, a runtime of only the modules that
 * the service needs, and {@code cache/meridian.aot}, its classes loaded and linked and the profiles
 * of its hot code (JEP 483, 514 and 515). Both are reused while their inputs are the same, so that
 * pushes to several registries carry the same image. If the image uses its base's Java, both stay
 * empty.
 *
 * <p>Maven runs this in {@code package} when {@code -Dimage} is given: {@code java
 * ImageRuntime.java TARGET own|base}.
 */
final class ImageRuntime {
  /** What the service and the SDKs load; tests of the finished image detect a missing one. */
  private static final List<String> MODULES =
      List.of(
          "java.base",
          "java.logging",
          "java.management", // metrics of the JVM
          "jdk.management",
          "java.naming", // for TLS to check names
          "java.net.http",
          "java.sql", // types that the YAML parser refers to
          "java.xml", // responses of S3 and Azure Blob
          "jdk.unsupported"); // Unsafe, for the SDKs

  /**
   * Jib sets this time on every file, and the JVM rejects a cache of jars and modules with other
   * times. No other file gets it here, because Jib considers a layer unchanged if its files have
   * the names and times of the last build, whatever they contain.
   */
  private static final FileTime JIB_TIME = FileTime.from(Instant.ofEpochSecond(1));

  /**
   * CPU time of the service under load. With a cache from only a few requests it starts as fast,
   * but the profiles of hot code are wrong, and it reaches full speed later than without one.
   */
  private static final Duration TRAINING = Duration.ofSeconds(20);

  /** Elapsed time after which training ends anyway, on a busy machine. */
  private static final Duration MAX_TRAINING = Duration.ofMinutes(2);

  private static final int CONNECTIONS = 16;

  /** Requested during training, the busiest path most often. */
  private static final List<String> PATHS =
      List.of(
          "/", "/", "/", "/", "/", "/", "/now", "/api/foo", "/hello", "/", "/api/none", "/nowhere");

  /** The variables that add options to every JVM. */
  private static final Set<String> JVM_OPTIONS =
      Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JDK_AOT_VM_OPTIONS");

  private static final Pattern SERVING =
      Pattern.compile("Serving on port (\\d+), health and metrics on (\\d+)");

  private final Path target;
  private final Path image;
  private final Path jre;
  private final Path cache;

  private ImageRuntime(Path target) {
    this.target = target;
    this.image = target.resolve("image");
    this.jre = image.resolve("java");
    this.cache = image.resolve("cache/meridian.aot");
  }

  public static void main(String[] arguments) throws Exception {
    ImageRuntime runtime = new ImageRuntime(Path.of(arguments[0]));
    boolean own = arguments[1].equals("own");
    if (!own) {
      runtime.empty();
    }
    Libraries.main(arguments);
    if (own) {
      runtime.link();
      runtime.train();
    }
  }

  /** Creates the folders that Jib is told to copy, without anything from an earlier build. */
  private void empty() throws IOException {
    delete(image);
    Files.createDirectories(jre);
    Files.createDirectories(cache.getParent());
  }

  /** Links the modules from the JDK that runs this. */
  private void link() throws Exception {
    Path stamp = image.resolve("java.stamp");
    String inputs = System.getProperty("java.vendor.version") + MODULES;
    if (Files.exists(stamp) && Files.readString(stamp).equals(inputs)) {
      return;
    }
    delete(jre);
    run(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
            "--add-modules",
            String.join(",", MODULES),
            "--strip-java-debug-attributes",
            "--no-header-files",
            "--no-man-pages",
            // Compressed once as part of its layer, and better, instead of here and again.
            "--compress=zip-0",
            "--output",
            jre.toString()));
    Files.setLastModifiedTime(jre.resolve("lib/modules"), JIB_TIME);
    Files.writeString(stamp, inputs);
  }

  private void train() throws Exception {
    Path options = Path.of("src/image/jvm.options");
    Path stage = image.resolve("stage");
    delete(stage);
    // The relative paths are those of the image; the JVM accepts a different root.
    Path libraries =
        stage(image.resolve("libraries/libraries.jar"), stage.resolve("app/libraries.jar"));
    Path service =
        stage(target.resolve("meridian.jar"), stage.resolve("app/classpath/meridian.jar"));

    Path stamp = image.resolve("cache.stamp");
    String inputs =
        digest(
                libraries,
                service,
                options,
                jre.resolve("lib/modules"),
                Path.of("src/image/ImageRuntime.java"))
            + TRAINING;
    if (Files.exists(cache) && Files.exists(stamp) && Files.readString(stamp).equals(inputs)) {
      System.out.println("The AOT cache is that of these sources: " + cache);
      return;
    }
    Files.createDirectories(cache.getParent());
    Files.deleteIfExists(cache);

    System.out.printf(
        "Training the AOT cache under load, for %d s of CPU time%n", TRAINING.toSeconds());
    List<String> command =
        new ArrayList<>(
            List.of(
                jre.resolve("bin/java").toString(), "@" + options, "-XX:AOTCacheOutput=" + cache));
    List<String> main = List.of("-cp", libraries + File.pathSeparator + service, "meridian.Main");
    command.addAll(main);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    removeLocalSettings(builder);
    builder.environment().put("PORT", "0");
    builder.environment().put("MERIDIAN_ADMIN_PORT", "0");
    builder.environment().put("MERIDIAN_DRAIN_DELAY", "0s");
    Process process = builder.start();
    try (BufferedReader log = process.inputReader()) {
      Matcher ports = awaitStart(log);
      Thread reader = Thread.startVirtualThread(() -> log.lines().forEach(line -> {}));
      exercise(
          process.toHandle(), Integer.parseInt(ports.group(1)), Integer.parseInt(ports.group(2)));
      process.toHandle().destroy(); // Process.destroy would also close its output, which it needs
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        throw new IllegalStateException("The JVM did not finish the cache within two minutes");
      }
      reader.join();
    } finally {
      process.destroyForcibly();
    }

    // With AOTMode=on the JVM exits instead of continuing without the cache. 64 is our exit code
    // for an unknown argument, and shows that the program ran.
    List<String> check =
        new ArrayList<>(
            List.of(
                jre.resolve("bin/java").toString(),
                "@" + options,
                "-XX:AOTMode=on",
                "-XX:AOTCache=" + cache));
    check.addAll(main);
    check.add("check");
    ProcessBuilder checker =
        new ProcessBuilder(check)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    removeLocalSettings(checker);
    int exit = checker.start().waitFor();
    if (exit != 64) {
      throw new IllegalStateException("The JVM does not accept the cache it made: exit " + exit);
    }
    Files.writeString(stamp, inputs);
    System.out.printf("The AOT cache has %.1f MiB%n", Files.size(cache) / 1048576.0);
  }

  /** Removes the machine's settings for the service and its JVM: the image must not get them. */
  private static void removeLocalSettings(ProcessBuilder builder) {
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("MERIDIAN_") || JVM_OPTIONS.contains(name));
  }

  private static Matcher awaitStart(BufferedReader log) throws IOException {
    StringBuilder seen = new StringBuilder();
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      seen.append(line).append('\n');
      Matcher ports = SERVING.matcher(line);
      if (ports.find()) {
        return ports;
      }
    }
    throw new IllegalStateException("The service did not start:\n" + seen);
  }

  /** Requests from keep-alive clients in a loop, like a load balancer's connections. */
  private static void exercise(ProcessHandle service, int port, int adminPort) throws Exception {
    get(adminPort, List.of("/started", "/ready", "/live"));
    AtomicBoolean done = new AtomicBoolean();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      clients.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!done.get()) {
                      get(port, PATHS);
                    }
                  }));
    }
    long start = System.nanoTime();
    while (service.info().totalCpuDuration().orElse(Duration.ZERO).compareTo(TRAINING) < 0
        && System.nanoTime() - start < MAX_TRAINING.toNanos()) {
      Thread.sleep(500);
      if (clients.stream().noneMatch(Thread::isAlive)) {
        throw new IllegalStateException("The service does not answer; see above");
      }
    }
    done.set(true);
    for (Thread client : clients) {
      client.join();
    }
  }

  private static void get(int port, List<String> paths) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setTcpNoDelay(true);
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[16 << 10];
      for (int i = 0; i < 100 * paths.size(); i++) {
        String path = paths.get(i % paths.size());
        out.write(
            ("GET " + path + " HTTP/1.1\r\nHost: meridian\r\nUser-Agent: training\r\n\r\n")
                .getBytes(US_ASCII));
        // All responses are small and arrive in one piece.
        if (in.read(buffer) < 0) {
          return;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path stage(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    return Files.setLastModifiedTime(to, JIB_TIME);
  }

  private static String digest(Path... files) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Path file : files) {
      digest.update(Files.readAllBytes(file));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void run(List<String> command) throws Exception {
    int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (exit != 0) {
      throw new IllegalStateException(command.getFirst() + " failed with " + exit);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
