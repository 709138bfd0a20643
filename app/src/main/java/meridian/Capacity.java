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
 * The resources of this process, checked against what clients can use at their limits, all at once.
 *
 * @param heap the maximum heap size in bytes
 * @param memory the container's limit in bytes, or {@link Long#MAX_VALUE}
 * @param descriptors the process's limit of open files, or {@link Long#MAX_VALUE}
 */
record Capacity(long heap, long memory, long descriptors) {
  private static final long MIB = 1 << 20;

  /** The heap of an idle service. */
  private static final long OWN_HEAP = 8 * MIB;

  /** Memory outside the heap: classes, their cache, compiled code, threads. */
  private static final long BESIDE_HEAP = 72 * MIB;

  /** Open files besides client connections: libraries, logs, both ports, the document store's. */
  private static final long OWN_DESCRIPTORS = 100;

  private static final Pattern OPEN_FILES = Pattern.compile("Max open files +(\\d+)");

  /** The container's limit, in cgroups version 2 and 1. */
  private static final List<Path> MEMORY_LIMITS =
      List.of(
          Path.of("/sys/fs/cgroup/memory.max"),
          Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

  /** The resources of this process; a limit that the platform does not report counts as none. */
  static Capacity ofProcess() {
    long memory =
        MEMORY_LIMITS.stream()
            .map(it -> number(it, Pattern.compile("(\\d+)")))
            .reduce(Long.MAX_VALUE, Math::min);
    // Read from the file, because the management bean costs the start twenty times as much.
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
   * @throws SettingsException with the numbers, if a resource is too small
   */
  void check(Settings settings) {
    long connections = (long) settings.maxConnections() + Server.ADMIN_CONNECTIONS;
    long documents = Documents.heapBytes(settings.documents().maxBytes());
    String maxConnections = "max-connections " + settings.maxConnections();
    require(
        maxConnections + " and documents.max-bytes " + settings.documents().maxBytes() + " need",
        "MiB of heap",
        (OWN_HEAP + connections * Limits.HEAP_BYTES + documents) / MIB,
        heap / MIB,
        "lower MERIDIAN_MAX_CONNECTIONS or MERIDIAN_DOCUMENTS_MAX_BYTES, or set -Xmx in"
            + " _JAVA_OPTIONS");
    require(
        maxConnections + " and the heap need",
        "MiB of memory",
        (heap + BESIDE_HEAP + connections * Limits.KERNEL_BYTES) / MIB,
        memory / MIB,
        "lower MERIDIAN_MAX_CONNECTIONS, set a smaller -Xmx in _JAVA_OPTIONS, or give the"
            + " container more");
    require(
        maxConnections + " needs",
        "open files",
        connections + OWN_DESCRIPTORS,
        descriptors,
        "lower MERIDIAN_MAX_CONNECTIONS or raise the limit (ulimit -n)");
  }

  private static void require(String who, String what, long needed, long available, String advice) {
    if (needed > available) {
      throw new SettingsException(
          "%s %d %s, but there are only %d; %s".formatted(who, needed, what, available, advice));
    }
  }
}
