import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An HTTP proxy that leads every CONNECT, whatever host it names, to one address. */
final class Tunnel extends Thread {
  private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  private final InetSocketAddress target;

  Tunnel(InetSocketAddress target) throws IOException {
    super("tunnel");
    this.target = target;
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void run() {
    while (true) {
      try {
        Socket client = server.accept();
        start(() -> connect(client));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void connect(Socket client) {
    try {
      InputStream in = client.getInputStream();
      OutputStream out = client.getOutputStream();
      if (!head(in).startsWith("CONNECT ")) {
        out.write(
            "HTTP/1.1 501 Only CONNECT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        client.close();
        return;
      }
      Socket cloud = new Socket(target.getAddress(), target.getPort());
      out.write("HTTP/1.1 200 Connected\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      start(() -> pipe(cloud, client));
      pipe(client, cloud);
    } catch (IOException e) {
      close(client);
    }
  }

  /** The request's head, up to its empty line. */
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    int c = 0;
    while (head.indexOf("\r\n\r\n") < 0 && (c = in.read()) >= 0) {
      head.append((char) c);
    }
    return head.toString();
  }

  private static void pipe(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // One side has closed, which ends the connection in any case.
    } finally {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Closed already.
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }
}
