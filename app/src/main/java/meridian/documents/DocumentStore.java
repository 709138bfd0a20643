package meridian.documents;

/**
 * A store of documents by name.
 *
 * <p>Many threads call it at a time; each may be interrupted when its time is up. An implementation
 * makes one attempt: {@link Documents} handles retries, caching and timeouts.
 */
interface DocumentStore {
  /**
   * Fetches a document.
   *
   * @param name a name that {@link Documents#isName} accepts
   * @param knownTag the tag of the copy that the caller holds, or empty
   */
  Fetch fetch(String name, String knownTag);

  /** The outcome of a fetch. */
  sealed interface Fetch {
    /**
     * The bytes as stored.
     *
     * @param tag identifies this version to the store; empty if the store has no versions
     */
    @SuppressWarnings("ArrayRecordComponent") // passed on once, never compared
    record Found(byte[] bytes, String tag) implements Fetch {}

    /** The caller's version is current. */
    record Unchanged() implements Fetch {}

    /** There is no such document. */
    record Missing() implements Fetch {}

    /**
     * The store did not return the document.
     *
     * @param reason for the log, never for a client
     * @param isTransient whether a retry may help
     */
    record Failed(Lookup.Failure failure, String reason, boolean isTransient) implements Fetch {}
  }
}
