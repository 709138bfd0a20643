package meridian.connections;

import java.time.Duration;

/**
 * How much of a listener its clients may use.
 *
 * @param places concurrent connections, at least 1; beyond that, those that have waited longest for
 *     their clients are closed, a twentieth at a time
 * @param requestTimeout from a request's first byte to its last, and again from there to the end of
 *     its response
 * @param idleTimeout how long a connection is kept alive between two requests
 */
public record Limits(int places, Duration requestTimeout, Duration idleTimeout) {
  /** The maximum length of a request line, in bytes. */
  public static final int MAX_REQUEST_LINE_BYTES = HeadReader.MAX_LINE;

  /** The maximum size of a request's fields, in bytes. */
  public static final int MAX_FIELDS_BYTES = HeadReader.MAX_FIELDS_BYTES;

  /** The maximum number of fields in a request. */
  public static final int MAX_FIELDS = HeadReader.MAX_FIELDS;

  /**
   * The most heap that one connection uses, in bytes: for a header of maximum size with the most
   * fields, and a client that does not read its response.
   */
  public static final int HEAP_BYTES = 64 << 10;

  /** The most kernel memory for one connection, in bytes; the container's limit includes it. */
  public static final int KERNEL_BYTES = 2 * (Listener.SEND_BUFFER + Listener.RECEIVE_BUFFER);
}
