"""What stands in the place of a cloud's load balancer while a canary is tried."""

import datetime
import os
import random
import threading
import time

from support.fronts import Front, reply


class Server(Front):
    """A service in small."""

    def __init__(self, answer):
        """answer: gives status, version and time of the next answer."""
        self.answer = answer
        super().__init__(self.tell)

    def tell(self, _):
        status, version, now = self.answer()
        return reply({"now": now.isoformat().replace("+00:00", "Z")}, status, Service_Version=version)


class Balancer(Server):
    """Gives each version its share of the requests, and answers as it would."""

    def __init__(self, ask, failing):
        """ask: gives version to weight, as the cloud has them; failing: the version of which every other answer is 500."""
        self.ask, self.failing = ask, failing
        self.chance = random.Random(3)
        self.seen = set()  # weights that stood, as sorted pairs
        self.lock = threading.Lock()
        self.read = 0
        super().__init__(self.next)

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
        """What the canary is told, to be done in less than ten minutes."""
        return {
            "URL": self.url,
            "PROBE": probe,
            "MINUTES": str(minutes),
            "ANSWERS": str(answers),
            "RATE": "20",
            "JAVA_HOME": os.environ.get("JAVA_HOME", ""),
        }
