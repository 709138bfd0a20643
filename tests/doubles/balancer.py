"""What stands in the place of a cloud's load balancer while a canary is tried."""

import datetime
import http.server
import json
import os
import random
import threading
import time


class Server:
    """A context manager: a service at `url`."""

    def __init__(self, answer):
        """answer: gives status, version and time of the next answer."""
        self.answer = answer

    def __enter__(self):
        server = self

        class Service(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, version, now = server.answer()
                body = json.dumps({"now": now.isoformat().replace("+00:00", "Z")}).encode()
                self.send_response(status)
                self.send_header("Service-Version", version)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()


class Balancer(Server):
    """Gives each version its share of the requests, and answers as it would."""

    def __init__(self, ask, failing):
        """ask: gives version to weight, as the cloud has them; failing: the version of which every other answer is 500."""
        super().__init__(self.next)
        self.ask, self.failing = ask, failing
        self.chance = random.Random(3)
        self.seen = set()  # weights that stood, as sorted pairs
        self.lock = threading.Lock()
        self.read = 0

    def weights(self):
        """As the cloud has them, at most half a second old."""
        with self.lock:
            if time.monotonic() > self.read + 0.5:
                self.known, self.read = self.ask(), time.monotonic()
                self.seen.add(tuple(sorted(self.known.items())))
            return self.known

    def next(self):
        weights = self.weights()
        version = self.chance.choices(list(weights), list(weights.values()))[0]
        status = 500 if version == self.failing and self.chance.random() < 0.5 else 200
        return status, version, datetime.datetime.now(datetime.timezone.utc)

    def environment(self, probe, minutes, answers):
        """What scripts/canary is told, to be done in less than ten minutes."""
        return {
            "URL": self.url,
            "PROBE": probe,
            "MINUTES": str(minutes),
            "ANSWERS": str(answers),
            "RATE": "20",
            "JAVA_HOME": os.environ.get("JAVA_HOME", ""),
        }
