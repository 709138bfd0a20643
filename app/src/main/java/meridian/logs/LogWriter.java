package meridian.logs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes one JSON object per line. Callers never wait for the output: a stalled consumer or a full
 * disk costs lines, which are counted, but delays no response.
 *
 * <p>Safe for use by many threads. Severities are DEBUG, INFO, WARNING and ERROR: Google's viewer
 * colours them, and the others can search them as a field.
 */
public final class LogWriter {
  private static final int CAPACITY = 1 << 20;
  private static final int MAX_TEXT = 16 << 10;

  /** How long lines are collected before they are written, in one system call for many. */
  private static final long GATHER_MILLIS = 5;

  private final JsonFactory json =
      new JsonFactoryBuilder()
          .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
          .characterEscapes(new InvisibleEscapes())
          .build();
  private final InstantSource clock;
  private final OutputStream out;
  private final LongAdder dropped = new LongAdder();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final Condition drained = lock.newCondition();
  private byte[] waiting = new byte[CAPACITY];
  private byte[] writing = new byte[CAPACITY];
  private int length;
  private boolean busy;

  /** The fields of a line beyond time, severity and message. */
  @FunctionalInterface
  public interface Fields {
    void write(JsonGenerator line) throws IOException;
  }

  public LogWriter(InstantSource clock, OutputStream out) {
    this.clock = clock;
    this.out = out;
    Thread.ofPlatform().daemon().name("log").start(this::writeAll);
  }

  /** The number of lines lost since the start. */
  public long dropped() {
    return dropped.sum();
  }

  public void write(String severity, String message, Fields fields) {
    try (ByteArrayBuilder line = new ByteArrayBuilder(512);
        JsonGenerator generator = json.createGenerator(line)) {
      generator.writeStartObject();
      generator.writeStringField("time", Timestamps.format(clock.instant()));
      generator.writeStringField("severity", severity);
      generator.writeStringField("message", limited(message));
      fields.write(generator);
      generator.writeEndObject();
      generator.flush();
      line.append('\n');
      append(line.toByteArray());
    } catch (IOException e) {
      dropped.increment(); // there is nowhere to report it
    }
  }

  /** At most 16,384 characters of a text, so that one line cannot fill the buffer. */
  static String limited(String text) {
    return limited(text, MAX_TEXT);
  }

  /** The beginning of a text, without splitting a character. */
  public static String limited(String text, int max) {
    if (text.length() <= max) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(max - 1)) ? max - 1 : max) + "…";
  }

  /** Waits until all lines so far are written, but no longer than the limit. */
  public void flush(long limitMillis) throws InterruptedException {
    long left = TimeUnit.MILLISECONDS.toNanos(limitMillis);
    lock.lock();
    try {
      while ((length > 0 || busy) && left > 0) {
        left = drained.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  private void append(byte[] line) {
    lock.lock();
    try {
      if (length + line.length > CAPACITY) {
        dropped.increment();
        return;
      }
      System.arraycopy(line, 0, waiting, length, line.length);
      length += line.length;
      filled.signal();
    } finally {
      lock.unlock();
    }
  }

  private void writeAll() {
    try {
      while (true) {
        int count = take();
        try {
          out.write(writing, 0, count);
          out.flush();
        } catch (IOException e) {
          dropped.increment(); // a full disk or a closed pipe; later writes may succeed
        }
        done();
        TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int take() throws InterruptedException {
    lock.lock();
    try {
      while (length == 0) {
        filled.await();
      }
      byte[] full = waiting;
      waiting = writing;
      writing = full;
      int count = length;
      length = 0;
      busy = true;
      return count;
    } finally {
      lock.unlock();
    }
  }

  private void done() {
    lock.lock();
    try {
      busy = false;
      drained.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
