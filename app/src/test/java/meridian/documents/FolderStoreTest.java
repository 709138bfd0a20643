package meridian.documents;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.instanceOf;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import meridian.documents.DocumentStore.Fetch;
import meridian.settings.SettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest {
  @TempDir private Path folder;

  @Test
  void documentIsAFile() throws IOException {
    Files.writeString(folder.resolve("foo.json"), "{}");

    Fetch fetch = new FolderStore(folder, 100).fetch("foo", "");
    assertThat(fetch, is(instanceOf(Fetch.Found.class)));
    assertThat(new String(((Fetch.Found) fetch).bytes(), UTF_8), is("{}"));
    assertThat(new FolderStore(folder, 100).fetch("bar", ""), equalTo(new Fetch.Missing()));
  }

  @Test
  void moreThanTheLimitIsNotRead() throws IOException {
    Files.writeString(folder.resolve("foo.json"), "{}" + " ".repeat(1000));

    Fetch fetch = new FolderStore(folder, 100).fetch("foo", "");
    assertThat(((Fetch.Found) fetch).bytes().length, is(101));
  }

  @Test
  void linksAndFoldersAreRefused() throws IOException {
    Path outside = Files.writeString(folder.resolve("outside.txt"), "{}");
    Files.createSymbolicLink(folder.resolve("link.json"), outside);
    Files.createSymbolicLink(folder.resolve("dangling.json"), folder.resolve("nowhere"));
    Files.createDirectory(folder.resolve("folder.json"));
    FolderStore store = new FolderStore(folder, 100);

    for (String name : new String[] {"link", "dangling", "folder"}) {
      assertThat(
          name,
          store.fetch(name, ""),
          equalTo(new Fetch.Failed(Lookup.Failure.REFUSED, "not a regular file", false)));
    }
  }

  @Test
  void folderMustExist() {
    Path nowhere = folder.resolve("nowhere");
    assertThat(
        assertThrows(SettingsException.class, () -> new FolderStore(nowhere, 100)).getMessage(),
        containsString("MERIDIAN_DOCUMENTS_LOCATION: there is no folder " + nowhere));
  }

  @Test
  void vanishedFolderIsNotAMissingDocument() throws IOException {
    Path folder = Files.createDirectory(this.folder.resolve("mount"));
    FolderStore store = new FolderStore(folder, 100);
    Files.delete(folder);

    assertThat(
        store.fetch("foo", ""),
        equalTo(new Fetch.Failed(Lookup.Failure.BROKEN, "the folder is gone", false)));
  }
}
