package meridian.settings;

/** A setting that prevents the start; the message names the key, the value and what is accepted. */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SettingsException(String message) {
    super(message);
  }
}
