package meridian.logs;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Sends what libraries log through {@code java.util.logging} to our writer. Helidon's own JSON
 * formatter is not used, because a quotation mark in a message ends its string.
 */
public final class JsonHandler extends Handler {
  // A field, because loggers that nobody holds are collected with their level.
  private static final Logger HELIDON = Logger.getLogger("io.helidon");
  private static final SimpleFormatter MESSAGES = new SimpleFormatter();

  private final LogWriter log;

  private JsonHandler(LogWriter log) {
    this.log = log;
  }

  /**
   * A log manager that keeps its handlers. The JDK's own removes them as soon as a shutdown begins,
   * before the last requests have ended.
   */
  public static final class Manager extends LogManager {
    @Override
    public void reset() {}
  }

  /** Makes the writer the only destination of all loggers, and of uncaught exceptions. */
  public static void install(LogWriter log) {
    Logger root = LogManager.getLogManager().getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    root.addHandler(new JsonHandler(log));
    root.setLevel(Level.INFO);
    HELIDON.setLevel(Level.WARNING); // we log the ports ourselves
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) ->
            System.getLogger(JsonHandler.class.getName())
                .log(System.Logger.Level.ERROR, "Thread " + thread.getName() + " died", e));
  }

  @Override
  public void publish(LogRecord record) {
    if (!isLoggable(record)) {
      return;
    }
    log.write(
        severity(record.getLevel()),
        String.valueOf(MESSAGES.formatMessage(record)),
        line -> {
          line.writeStringField("logger", String.valueOf(record.getLoggerName()));
          if (record.getThrown() != null) {
            line.writeStringField("stack_trace", LogWriter.limited(trace(record.getThrown())));
          }
        });
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}

  private static String severity(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (value >= Level.WARNING.intValue()) {
      return "WARNING";
    }
    return value >= Level.INFO.intValue() ? "INFO" : "DEBUG";
  }

  private static String trace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
