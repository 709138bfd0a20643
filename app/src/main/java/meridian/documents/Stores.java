package meridian.documents;

import java.nio.file.Path;
import meridian.settings.DocumentSettings;
import meridian.settings.DocumentSettings.Location;

/** Opens stores. Each kind's classes, and its SDK's, are loaded when it is chosen. */
final class Stores {
  private Stores() {}

  static DocumentStore open(DocumentSettings settings) {
    return switch (settings.location()) {
      case Location.Folder(Path path) -> new FolderStore(path, settings.maxBytes());
      case Location.S3 s3 -> new S3Store(s3, settings);
      case Location.Blob blob -> new BlobStore(blob, settings);
      case Location.Gcs gcs -> new GcsStore(gcs, settings);
    };
  }
}
