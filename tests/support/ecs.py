"""Runs a stored ECS task definition in Docker as Fargate would: options, order and end of its containers."""

import time

from support.images import Container, output


class Task:
    """The containers of one task. As a context manager it removes them on exit.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """

    def __init__(self, definition, images, second=1.0, secret=None):
        """images: repository to local image; second: seconds that one of the definition takes; secret: value by ARN"""
        self.definition, self.images, self.second, self.secret = definition, images, second, secret
        self.waiting = list(definition["containerDefinitions"])
        self.running = {}  # name to definition, container and start time
        self.stopped = None  # the reason, once stopped

    def __enter__(self):
        self.advance()
        return self

    def __exit__(self, *_):
        # The other containers use the network of the first.
        for _, container, _ in reversed(self.running.values()):
            container.__exit__()

    @property
    def address(self):
        return next(iter(self.running.values()))[1].address

    def log(self):
        return "".join(container.log() for _, container, _ in self.running.values())

    def options(self, each):
        values = {pair["name"]: pair["value"] for pair in each.get("environment", [])}
        values |= {pair["name"]: self.secret(pair["valueFrom"]) for pair in each.get("secrets", [])}
        linux = each.get("linuxParameters", {})
        first = next((container.id for _, container, _ in self.running.values()), None)
        return [
            *(["--network", f"container:{first}"] if first else []),
            *("--cpus", str(int(self.definition["cpu"]) / 1024), "--memory", f"{self.definition['memory']}m"),
            *(["--read-only"] if each.get("readonlyRootFilesystem") else []),
            *(["--user", each["user"]] if each.get("user") else []),
            *(f"--cap-drop={name}" for name in linux.get("capabilities", {}).get("drop", [])),
            *(f"--tmpfs={each['containerPath']}:{','.join(each['mountOptions'])},size={each['size']}m"
                for each in linux.get("tmpfs", [])),
            *(f"--env={name}={value}" for name, value in values.items()),
            *([f"--entrypoint={each['entryPoint'][0]}"] if each.get("entryPoint") else []),
        ]

    def start(self, each):
        image = self.images[each["image"].split("@")[0]]
        arguments = [*each.get("entryPoint", [])[1:], *each.get("command", [])]
        self.running[each["name"]] = each, Container(image, *self.options(each), arguments=arguments), time.monotonic()

    def reached(self, dependency):
        """Whether a container has the state that another one waits for."""
        each, container, since = self.running[dependency["containerName"]]
        state, condition = container.state, dependency["condition"]
        if condition == "HEALTHY":
            check = each["healthCheck"]
            asked = time.monotonic() - since > check["interval"] * self.second
            return asked and self.healthy(container, check["command"])
        ended = not state["Running"]
        return {"START": True, "COMPLETE": ended, "SUCCESS": ended and state["ExitCode"] == 0}[condition]

    def healthy(self, container, command):
        program = command[1:] if command[0] == "CMD" else ["sh", "-c", command[1]]
        try:
            output("docker", "exec", container.id, *program)
            return True
        except AssertionError:
            return False

    def advance(self):
        """Start what may start; return why the task stops, if it does."""
        for each, container, _ in self.running.values():
            if each["essential"] and not container.state["Running"]:
                return f"Essential container in task exited: {each['name']} {container.state['ExitCode']}"
        for each in list(self.waiting):
            depends = each.get("dependsOn", [])
            if any(other["containerName"] not in self.running for other in depends):
                continue
            for other in depends:
                limit = self.running[other["containerName"]][0].get("startTimeout")
                since = self.running[other["containerName"]][2]
                # A START dependency is met at once.
                if limit and time.monotonic() - since > limit * self.second and not self.reached(other):
                    return f"{each['name']} gave up: {other['containerName']} was not {other['condition']} in {limit} s"
            if all(map(self.reached, depends)):
                self.waiting.remove(each)
                self.start(each)
        return None

    def wait(self, seconds):
        """Wait until the task stops, and stop its containers; return why, or None if it still runs."""
        end = time.monotonic() + seconds
        while not self.stopped and time.monotonic() < end:
            self.stopped = self.advance()
            time.sleep(0.1)
        if self.stopped:
            for each, container, _ in reversed(self.running.values()):
                output("docker", "stop", "--time", str(each.get("stopTimeout", 30)), container.id)
        return self.stopped
