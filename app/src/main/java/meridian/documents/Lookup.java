package meridian.documents;

/** What a client that asks for a document gets. */
public sealed interface Lookup {
  /**
   * The document.
   *
   * @param json a JSON object, byte for byte as stored; not to be changed
   * @param etag a strong entity tag of these bytes, quotes included
   */
  @SuppressWarnings("ArrayRecordComponent") // shared on purpose, never compared
  record Document(byte[] json, String etag) implements Lookup {}

  /** There is no such document. */
  record Missing() implements Lookup {}

  /** There may be, but it cannot be served now. */
  record Unavailable(Failure failure) implements Lookup {}

  /** Why a document cannot be served. */
  enum Failure {
    /** The store said no: rights are missing. */
    REFUSED,
    /** The store or the document is broken. */
    BROKEN,
    /** The store did not answer in time. */
    SLOW,
    /** Documents that clients read slowly leave no memory for it. */
    BUSY
  }
}
