package peer;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The time and the client's address, by Spring Boot. */
@SpringBootApplication
@RestController
public class Peer {
  record Response(Instant timestamp, String ip) {}

  @GetMapping("/")
  Response timeAndAddress(HttpServletRequest request) {
    return new Response(Instant.now(), request.getRemoteAddr());
  }

  public static void main(String[] arguments) {
    SpringApplication.run(Peer.class, arguments);
  }
}
