package meridian.documents;

/**
 * A place that holds documents by name.
 *
 * <p>Called by many threads at a time, each of which may be interrupted when its time is up. An
 * implementation asks once; retries, caching and the limit on waiting are {@link Documents}'.
 */
interface DocumentStore {
  /**
   * Fetches a document.
   *
   * @param name a name that {@link Documents#isName} accepts
   * @param knownTag the tag of the copy that the caller holds, or empty
   */
  Fetch fetch(String name, String knownTag);

  /** What came of asking the store. */
  sealed interface Fetch {
    /**
     * The bytes as stored.
     *
     * @param tag names this version to the store; empty where it has no versions
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
    record Found(byte[] bytes, String tag) implements Fetch {}

    /** The version that the caller holds is the current one. */
    record Unchanged() implements Fetch {}

    /** There is no such document. */
    record Missing() implements Fetch {}

    /**
     * The store did not give it.
     *
     * @param reason for the log, never for a client
     * @param isTransient whether asking again may help
     */
    record Failed(Lookup.Failure failure, String reason, boolean isTransient) implements Fetch {}
  }
}
