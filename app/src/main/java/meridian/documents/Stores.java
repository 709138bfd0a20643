package meridian.documents;

import java.nio.file.Path;
import meridian.settings.DocumentSettings;
import meridian.settings.DocumentSettings.Location;
import meridian.settings.SettingsException;

/** Opens stores. The classes of each kind, and of its SDK, are loaded only when it is chosen. */
final class Stores {
  private Stores() {}

  /**
   * @throws SettingsException if the settings, or the SDK's own in the environment, give no store
   */
  static DocumentStore open(DocumentSettings settings) {
    try {
      return switch (settings.location()) {
        case Location.Folder(Path path) -> new FolderStore(path, settings.maxBytes());
        case Location.S3 s3 -> new S3Store(s3, settings);
        case Location.Blob blob -> new BlobStore(blob, settings);
        case Location.Gcs gcs -> new GcsStore(gcs, settings);
      };
    } catch (SettingsException e) {
      throw e;
    } catch (RuntimeException e) { // each SDK has its own type for variables that it cannot parse
      throw new SettingsException(
          "MERIDIAN_DOCUMENTS_LOCATION: the store cannot be opened. Check"
              + " MERIDIAN_DOCUMENTS_ENDPOINT and the SDK's environment variables ("
              + e.getMessage()
              + ")");
    }
  }
}
