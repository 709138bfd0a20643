import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;

/**
 * Merges all libraries into one jar, {@code target/image/libraries/libraries.jar}. The JVM opens
 * and reads each jar on the class path when it starts, which for a hundred of them took a quarter
 * of the time to the first response. The same libraries give the same bytes.
 *
 * <p>The argument is Maven's {@code target}.
 */
final class Libraries {
  /** Within the range of a zip file's times, and the same for every build. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0, 2);

  private static final String SERVICES = "META-INF/services/";

  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Map<String, Set<String>> services = new LinkedHashMap<>();

  public static void main(String[] arguments) throws IOException {
    Path target = Path.of(arguments[0]);
    Libraries libraries = new Libraries();
    for (String jar : Files.readString(target.resolve("classpath")).split(File.pathSeparator)) {
      libraries.add(Path.of(jar.strip()));
    }
    libraries.write(target.resolve("image/libraries/libraries.jar"));
  }

  /** Adds a jar's files. As on the class path, the first jar that contains a file wins. */
  private void add(Path path) throws IOException {
    try (JarFile jar = new JarFile(path.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        String name = entry.getName();
        if (entry.isDirectory() || isExcluded(name)) {
          continue;
        }
        byte[] bytes = jar.getInputStream(entry).readAllBytes();
        if (name.startsWith(SERVICES)) {
          new String(bytes, UTF_8)
              .lines()
              .map(line -> line.replaceFirst("#.*", "").strip())
              .filter(line -> !line.isEmpty())
              .forEach(services.computeIfAbsent(name, key -> new LinkedHashSet<>())::add);
        } else {
          files.putIfAbsent(isLicence(name) ? licence(path, name) : name, bytes);
        }
      }
    }
  }

  /** Files that apply to a single jar only: its manifest, signature, index and module. */
  private static boolean isExcluded(String name) {
    return name.equals(JarFile.MANIFEST_NAME)
        || name.equals("META-INF/INDEX.LIST")
        || name.matches("META-INF/[^/]*\\.(SF|RSA|DSA|EC)")
        || name.endsWith("module-info.class");
  }

  private static boolean isLicence(String name) {
    return name.matches("(META-INF/)?(LICENSE|NOTICE|COPYRIGHT|DEPENDENCIES)[^/]*");
  }

  /** A separate path for each library's own. */
  private static String licence(Path jar, String name) {
    return "META-INF/licenses/"
        + jar.getFileName().toString().replaceFirst("\\.jar$", "")
        + name.substring(name.lastIndexOf('/'));
  }

  private void write(Path path) throws IOException {
    Files.createDirectories(path.getParent());
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path));
        JarOutputStream jar = new JarOutputStream(out)) {
      // Some libraries contain classes for newer JDKs.
      put(
          jar,
          JarFile.MANIFEST_NAME,
          "Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n".getBytes(UTF_8));
      for (Map.Entry<String, Set<String>> service : services.entrySet()) {
        put(jar, service.getKey(), (String.join("\n", service.getValue()) + "\n").getBytes(UTF_8));
      }
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        put(jar, file.getKey(), file.getValue());
      }
    }
  }

  /** Stores it uncompressed: the layer is compressed as a whole, which is a third less to pull. */
  private static void put(JarOutputStream jar, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    JarEntry entry = new JarEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    entry.setTimeLocal(TIME);
    jar.putNextEntry(entry);
    jar.write(bytes);
    jar.closeEntry();
  }
}
