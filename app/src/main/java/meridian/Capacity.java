package meridian;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import meridian.connections.Limits;
import meridian.documents.Documents;
import meridian.settings.Settings;
import meridian.settings.SettingsException;

/**
 * Whether what clients may take, all of it at once, is there.
 *
 * @param heap the most that the JVM gives to objects, in bytes
 * @param memory the container's limit in bytes, or {@link Long#MAX_VALUE}
 * @param descriptors the process's limit of open files, or {@link Long#MAX_VALUE}
 */
record Capacity(long heap, long memory, long descriptors) {
  private static final long MIB = 1 << 20;

  /** What the service takes when nobody asks anything. */
  private static final long OWN_HEAP = 8 * MIB;

  /** Classes, their cache, compiled code, threads: all that is not heap. */
  private static final long BESIDE_HEAP = 72 * MIB;

  /** Libraries, logs, both ports, and what a document store opens. */
  private static final long OWN_DESCRIPTORS = 100;

  private static final Pattern OPEN_FILES = Pattern.compile("Max open files +(\\d+)");

  /** Of the container, of cgroups version 2 and 1. */
  private static final List<Path> MEMORY_LIMITS =
      List.of(
          Path.of("/sys/fs/cgroup/memory.max"),
          Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

  /** Of this process. What the platform does not tell has no limit. */
  static Capacity ofProcess() {
    long memory =
        MEMORY_LIMITS.stream()
            .map(it -> number(it, Pattern.compile("(\\d+)")))
            .reduce(Long.MAX_VALUE, Math::min);
    // The management bean that tells it costs the start twenty times as much.
    long descriptors = number(Path.of("/proc/self/limits"), OPEN_FILES);
    return new Capacity(Runtime.getRuntime().maxMemory(), memory, descriptors);
  }

  private static long number(Path file, Pattern pattern) {
    try {
      Matcher number = pattern.matcher(Files.readString(file));
      return number.find() ? Long.parseLong(number.group(1)) : Long.MAX_VALUE;
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  /**
   * @throws SettingsException with the numbers, when something does not fit
   */
  void check(Settings settings) {
    long connections = (long) settings.maxConnections() + Server.ADMIN_CONNECTIONS;
    long documents = Documents.heapBytes(settings.documents().maxBytes());
    String most = "max-connections " + settings.maxConnections();
    require(
        most + " and documents.max-bytes " + settings.documents().maxBytes() + " need",
        "MiB of heap",
        (OWN_HEAP + connections * Limits.HEAP_BYTES + documents) / MIB,
        heap / MIB,
        "lower MERIDIAN_MAX_CONNECTIONS or MERIDIAN_DOCUMENTS_MAX_BYTES, or set -Xmx in"
            + " _JAVA_OPTIONS");
    require(
        most + " and the heap need",
        "MiB of memory",
        (heap + BESIDE_HEAP + connections * Limits.KERNEL_BYTES) / MIB,
        memory / MIB,
        "lower MERIDIAN_MAX_CONNECTIONS, set a smaller -Xmx in _JAVA_OPTIONS, or give the"
            + " container more");
    require(
        most + " needs",
        "open files",
        connections + OWN_DESCRIPTORS,
        descriptors,
        "lower MERIDIAN_MAX_CONNECTIONS or raise the limit (ulimit -n)");
  }

  private static void require(
      String who, String what, long needed, long available, String advice) {
    if (needed > available) {
      throw new SettingsException(
          "%s %d %s, but there are only %d; %s"
              .formatted(who, needed, what, available, advice));
    }
  }
}
