"""Stands in for a cloud's load balancer while a canary is tried."""

import datetime
import fnmatch
import os
import random
import threading
import time

from support.fronts import Front, reply


class Server(Front):
    """A miniature service."""

    def __init__(self, response):
        """response: returns status, version and time of the next response."""
        self.response = response
        super().__init__(self.respond)

    def respond(self, request):
        status, version, now = self.response()
        moment = now.isoformat().replace("+00:00", "Z")
        return reply({"timestamp": moment, "ip": "127.0.0.1"} if request.path == "/" else {"now": moment}, status,
            Service_Version=version)


def routed(rules, host, path="/"):
    """The action that a load balancer of AWS takes, with rules as AWS lists them: that of the first match by
    priority. The request comes from the internet, but from none of the networks for documentation,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html"""

    def matches(condition):
        asked = {"host-header": host.lower(), "path-pattern": path}.get(condition["Field"], "198.51.100.7")
        values = condition.get("Values") or next(each["Values"] for key, each in condition.items()
            if key.endswith("Config"))
        return any(fnmatch.fnmatchcase(asked, each) for each in values)

    ordered = sorted((each for each in rules if each["Priority"] != "default"), key=lambda each: int(each["Priority"]))
    default = [each for each in rules if each["Priority"] == "default"]
    chosen = next(each for each in ordered + default if all(map(matches, each.get("Conditions", []))))
    return chosen["Actions"][-1]


class Shared(Front):
    """The load balancer of several services: routes each host by the rules, as the cloud lists them, to a target, and
    responds as that would."""

    def __init__(self, rules, targets):
        """rules: returns them; targets: returns pairs of version and whether it is healthy, by a target group's ARN."""
        self.rules, self.targets = rules, targets
        self.chance, self.ended = random.Random(5), threading.Event()
        self.known = self.read()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        super().__init__(self.respond)

    def read(self):
        """Read a consistent state: if the rules are the same before and after, none of their targets was removed."""
        rules, known = None, self.rules()
        while rules != known:
            rules = known
            targets = {group: self.targets(group) for rule in rules for action in rule["Actions"]
                for group in weights(action)}
            known = self.rules()
        return rules, targets

    def look(self):
        while not self.ended.wait(0.5):
            self.known = self.read()

    def respond(self, request):
        rules, targets = self.known
        action = routed(rules, request.headers["Host"])
        if action["Type"] != "forward":
            return reply(status=int(action["FixedResponseConfig"]["StatusCode"]))
        groups = weights(action)
        [group] = self.chance.choices(list(groups), list(groups.values()))
        healthy = [version for version, is_healthy in targets[group] if is_healthy]
        return reply(status=200, Service_Version=self.chance.choice(healthy)) if healthy else reply(status=503)

    def stop(self):
        self.ended.set()
        self.thread.join()
        super().stop()


def weights(action):
    """Weight of each target group of a rule's action, by ARN."""
    return {each["TargetGroupArn"]: each["Weight"] for each in action.get("ForwardConfig", {}).get("TargetGroups", [])}


class Balancer(Server):
    """Gives each version its share of the requests, and responds as it would."""

    def __init__(self, ask, failing, targets=None):
        """ask: returns version to weight, as the cloud has them; failing: the version that responds 500 half the time.

        targets: returns groups of targets instead, each a weight and pairs of version and whether it is healthy.
        """
        self.weigh, self.failing, self.targets = ask, failing, targets
        self.chance = random.Random(3)
        self.stood = set()  # weights seen so far, as sorted pairs
        self.lock = threading.Lock()
        self.read = 0
        super().__init__(self.next)

    def groups(self):
        """The groups as the cloud has them, at most half a second old."""
        with self.lock:
            if time.monotonic() > self.read + 0.5:
                self.known = self.targets() if self.targets else [(weight, [(version, True)])
                    for version, weight in self.weigh().items()]
                self.read = time.monotonic()
                self.stood.add(tuple(sorted((version, weight) for weight, targets in self.known
                    for version in {each for each, _ in targets})))
            return self.known

    def next(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        groups = self.groups()
        _, targets = self.chance.choices(groups, [weight for weight, _ in groups])[0]
        if not targets:
            return 503, "", now
        # If no target is healthy, all are tried:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        version, healthy = self.chance.choice([target for target in targets if target[1]] or targets)
        if not healthy:
            return 502, "", now
        return 500 if version == self.failing and self.chance.random() < 0.5 else 200, version, now

    def environment(self, probe, minutes, responses):
        """Settings with which a canary takes less than ten minutes."""
        return {
            "URL": self.url,
            "PROBE": probe,
            "MINUTES": str(minutes),
            "RESPONSES": str(responses),
            "FAILED_PERCENT": "20",
            "RATE": "20",
            "JAVA_HOME": os.environ.get("JAVA_HOME", ""),
        }
