package meridian.documents;

/** The outcome of looking up a document. */
public sealed interface Lookup {
  /**
   * The document.
   *
   * @param json a JSON object, byte for byte as stored; must not be modified
   * @param etag a strong entity tag of these bytes, quotes included
   */
  @SuppressWarnings("ArrayRecordComponent") // shared on purpose, never compared
  record Document(byte[] json, String etag) implements Lookup {}

  /** There is no such document. */
  record Missing() implements Lookup {}

  /** It may exist, but it cannot be served now. */
  record Unavailable(Failure failure) implements Lookup {}

  /** Why a document cannot be served. */
  enum Failure {
    /** The store denied access: permissions are missing. */
    REFUSED,
    /** The store or the document is broken. */
    BROKEN,
    /** The store did not respond in time. */
    SLOW,
    /** Documents that clients read slowly leave no memory for it. */
    BUSY
  }
}
