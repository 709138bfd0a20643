package meridian;

import io.helidon.http.HttpException;
import io.helidon.http.Status;

/**
 * Ends a request with a problem whose detail, unlike a library exception's, is meant for clients.
 */
final class ProblemException extends HttpException {
  private static final long serialVersionUID = 1L;

  ProblemException(Status status, String detail) {
    super(detail, status, true);
  }

  /** As above; the connection closes after the response if {@code keepAlive} is false. */
  ProblemException(Status status, String detail, boolean keepAlive) {
    super(detail, status, keepAlive);
  }

  ProblemException(Status status, String detail, Throwable cause) {
    super(detail, status, cause, true);
  }
}
