package meridian.documents;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import meridian.settings.SettingsException;

/** Documents in a folder, {@code foo.json} for foo. Links are not followed. */
final class FolderStore implements DocumentStore {
  private final Path folder;
  private final int maxBytes;

  /**
   * @throws SettingsException if the folder does not exist
   */
  FolderStore(Path folder, int maxBytes) {
    if (!Files.isDirectory(folder)) {
      throw new SettingsException(
          "MERIDIAN_DOCUMENTS_LOCATION: there is no folder " + folder.toAbsolutePath());
    }
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  @Override
  public Fetch fetch(String name, String knownTag) {
    // A name has neither dots nor slashes, so the path cannot leave the folder.
    Path file = folder.resolve(name + ".json");
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return new Fetch.Failed(Lookup.Failure.REFUSED, "not a regular file", false);
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return new Fetch.Found(Bodies.read(in, Files.size(file), maxBytes), "");
    } catch (NoSuchFileException e) {
      return Files.isDirectory(folder)
          ? new Fetch.Missing()
          : new Fetch.Failed(Lookup.Failure.BROKEN, "the folder is gone", false);
    } catch (AccessDeniedException e) {
      return new Fetch.Failed(Lookup.Failure.REFUSED, e.toString(), false);
    } catch (IOException e) {
      return new Fetch.Failed(Lookup.Failure.BROKEN, e.toString(), true);
    }
  }
}
