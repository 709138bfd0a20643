"""What stands in the place of a cloud's load balancer while a canary is tried."""

import datetime
import http.server
import json
import os
import random
import threading
import time


class Balancer:
    """A context manager: a server at `url` that gives each version its share of the requests, and answers as it would."""

    def __init__(self, ask, failing):
        """ask: gives version to weight, as the cloud has them; failing: the version of which every other answer is 500."""
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

    def answer(self):
        """Status and version."""
        weights = self.weights()
        version = self.chance.choices(list(weights), list(weights.values()))[0]
        return 500 if version == self.failing and self.chance.random() < 0.5 else 200, version

    def __enter__(self):
        balancer = self

        class Service(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, version = balancer.answer()
                body = json.dumps({"now": datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")}).encode()
                self.send_response(status)
                self.send_header("Service-Version", version)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

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
