package meridian.connections;

import java.time.Duration;

/**
 * How much of a listener its clients may take.
 *
 * @param places connections at a time, at least 1; when they run out, the one that has waited
 *     longest for its client gives way
 * @param requestTimeout from a request's first byte to its last, and from there to the end of its
 *     response
 * @param idleTimeout how long a connection is kept alive between two requests
 */
public record Limits(int places, Duration requestTimeout, Duration idleTimeout) {
  /** The longest request line, in bytes. */
  public static final int MAX_REQUEST_LINE_BYTES = HeadReader.MAX_LINE;

  /** The most that a request's fields may come to, in bytes. */
  public static final int MAX_FIELDS_BYTES = HeadReader.MAX_FIELDS_BYTES;

  /** The most fields that a request may have. */
  public static final int MAX_FIELDS = HeadReader.MAX_FIELDS;

  /**
   * The most heap that one connection takes, in bytes: a header of the greatest length with the
   * most fields, and a client that does not read its response.
   */
  public static final int HEAP_BYTES = 64 << 10;

  /** The most memory that the kernel takes for one, in bytes, on the container's account. */
  public static final int KERNEL_BYTES = 2 * (Listener.SEND_BUFFER + Listener.RECEIVE_BUFFER);
}
