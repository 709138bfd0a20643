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
  record Answer(Instant timestamp, String ip) {}

  @GetMapping("/")
  Answer timeAndAddress(HttpServletRequest request) {
    return new Answer(Instant.now(), request.getRemoteAddr());
  }

  public static void main(String[] arguments) {
    SpringApplication.run(Peer.class, arguments);
  }
}
