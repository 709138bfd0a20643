package meridian.connections;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.Status;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/** Helidon's view of a connection: complete requests to read, and a destination for responses. */
final class ChannelContext implements ConnectionContext, DataWriter {
  private static final int MAX_PART = 8 << 10;

  private final Connection connection;
  private final ListenerContext listener;
  private final Router router;
  private final DataReader reader;
  private final PeerInfo remote;
  private final PeerInfo local;
  private boolean notModified;

  private record Peer(SocketAddress address) implements PeerInfo {
    @Override
    public String host() {
      return ((InetSocketAddress) address).getHostString();
    }

    @Override
    public int port() {
      return ((InetSocketAddress) address).getPort();
    }

    @Override
    public Optional<Principal> tlsPrincipal() {
      return Optional.empty();
    }

    @Override
    public Optional<Certificate[]> tlsCertificates() {
      return Optional.empty();
    }
  }

  ChannelContext(
      Connection connection, SocketChannel channel, ListenerContext listener, Router router)
      throws IOException {
    this.connection = connection;
    this.listener = listener;
    this.router = router;
    this.reader = DataReader.create(connection::nextHead);
    this.remote = new Peer(channel.getRemoteAddress());
    this.local = new Peer(channel.getLocalAddress());
  }

  Connection connection() {
    return connection;
  }

  /** Notes the status of the response that is about to be written. */
  void status(Status status) {
    notModified = status.code() == Status.NOT_MODIFIED_304.code();
  }

  boolean isNotModified() {
    return notModified;
  }

  @Override
  public DataReader dataReader() {
    return reader;
  }

  @Override
  public DataWriter dataWriter() {
    return this;
  }

  @Override
  public void write(BufferData data) {
    ByteBuffer part = ByteBuffer.allocate(Math.min(data.available(), MAX_PART));
    while (data.available() > 0) {
      part.clear();
      data.writeTo(part, Math.min(data.available(), part.capacity()));
      connection.write(part.flip());
    }
  }

  @Override
  public void write(BufferData... data) {
    write(BufferData.create(data));
  }

  @Override
  public void writeNow(BufferData data) {
    write(data);
  }

  @Override
  public void writeNow(BufferData... data) {
    write(data);
  }

  @Override
  public ListenerContext listenerContext() {
    return listener;
  }

  @Override
  public ExecutorService executor() {
    return listener.executor();
  }

  @Override
  public Router router() {
    return router;
  }

  @Override
  public PeerInfo remotePeer() {
    return remote;
  }

  @Override
  public PeerInfo localPeer() {
    return local;
  }

  @Override
  public boolean isSecure() {
    return false;
  }

  @Override
  public String socketId() {
    return Integer.toHexString(System.identityHashCode(listener));
  }

  @Override
  public String childSocketId() {
    return Integer.toHexString(System.identityHashCode(connection));
  }
}
