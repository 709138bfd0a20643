"""What clouds do with containers and no emulator does: start what was stored, and split requests by weight."""

import json
import random
import threading
import time

from support.fronts import Front, Response, upstream
from support.images import Container, get, output


class Instance:
    """A container of a template that Container Apps or Cloud Run stored, or of a task definition; ready after start.

    drains: seconds without new requests before SIGTERM

    https://learn.microsoft.com/azure/container-apps/containers
    https://cloud.google.com/run/docs/reference/rest/v2/Container
    """

    drains = 2  # an ingress still sends requests for which it has already chosen this instance

    def __init__(self, template, image, port, grace, secret):
        """grace: seconds from SIGTERM to SIGKILL; secret: returns the value for an entry of the template"""
        self.template, self.port, self.grace = template, port, grace
        self.container = Container(image, *self.options(secret), arguments=self.arguments())
        self.address, self.began = self.container.address, time.monotonic()

    def arguments(self):
        return [*(self.template.get("command") or [])[1:], *(self.template.get("args") or [])]

    def options(self, secret):
        given = self.template["resources"]
        given = given.get("limits", given)
        memory = given["memory"]
        memory = round(float(memory[:-2]) * {"Gi": 1024, "Mi": 1}[memory[-2:]])
        values = {each["name"]: secret(each) if each.keys() & {"secretRef", "valueSource"} else each.get("value", "")
            for each in self.template["env"]}
        return [
            *("--cpus", str(given["cpu"]), "--memory", f"{memory}m"),
            *(f"--env={name}={value}" for name, value in values.items()),
            *([f"--entrypoint={self.template['command'][0]}"] if self.template.get("command") else []),
        ]

    def probes(self):
        """Its probes by kind: path, port, period in seconds, failure threshold."""
        found = {each["type"].lower(): each for each in self.template.get("probes", [])}
        found |= {kind: self.template[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")
            if self.template.get(f"{kind}Probe")}
        return {kind: (each["httpGet"]["path"], each["httpGet"]["port"], each["periodSeconds"],
            each["failureThreshold"])
            for kind, each in found.items()}

    @property
    def log(self):
        return self.container.log()

    def fails(self, kind):
        path, port, *_ = self.probes()[kind]
        try:
            return not 200 <= get(f"http://{self.address}:{port}{path}", timeout=2)[0] < 400
        except OSError:
            return True

    def start(self):
        """Wait until it is ready, for as long as the cloud would."""
        _, _, every, failures = self.probes()["startup"]
        while self.fails("startup"):
            assert self.container.state["Running"], f"it has ended:\n{self.log}"
            assert time.monotonic() < self.began + every * failures, f"not started in time:\n{self.log}"
            time.sleep(0.2)
        self.settle()

    def settle(self):
        for kind in set(self.probes()) - {"startup"}:
            assert not self.fails(kind), f"its {kind} probe fails:\n{self.log}"

    def stop(self):
        output("docker", "stop", "--time", str(self.grace), self.container.id)

    def remove(self):
        self.container.__exit__()


class Fargate(Instance):
    """The same for one ECS task, whose readiness the load balancer checks as its target group says."""

    def __init__(self, task, group, port, drains, wait, grace):
        """port: of the service; wait: its grace period for health checks, in seconds; grace: of its containers"""
        self.task, self.group, self.port = task, group, port
        self.drains, self.wait, self.grace = drains, wait, grace
        task.__enter__()
        self.container, self.address, self.began = next(iter(task.running.values()))[1], task.address, time.monotonic()

    def probes(self):
        every, failures = self.group["HealthCheckIntervalSeconds"], self.group["UnhealthyThresholdCount"]
        path, port = self.group["HealthCheckPath"], self.group["HealthCheckPort"]
        return {"startup": (path, port, 1, self.wait + every * failures), "readiness": (path, port, every, failures)}

    def remove(self):
        self.task.__exit__()


class Gateway(Front):
    """The load balancer, which also starts the instances that should serve, and stops the others."""

    ALL_SERVE = "/all-serve"  # 200 once all instances that should serve are ready, 410 if they never will be

    def __init__(self, groups, start):
        """groups: returns weights, each with the names that share it; start: returns an Instance for a name

        A new instance gets requests once it is ready; until then the previous ones serve, and then finish theirs.
        """
        self.groups, self.make = groups, start
        self.running, self.busy = {}, {}  # by name: ready instances, None for starting ones; requests in progress
        self.created, self.threads, self.failed, self.ended = [], [], None, threading.Event()
        self.shares = set()  # all that were in effect: sorted pairs of name and weight
        self.delay = 0  # seconds that each response takes at least, to hide a busy machine's noise
        self.chance, self.lock, self.known = random.Random(7), threading.Lock(), []
        self.reading = threading.Lock()  # so that an older reading never replaces a newer one
        super().__init__(self.route)
        self.spawn(self.look)

    def look(self):
        """Read again and again what should serve, while requests go on."""
        while not self.ended.wait(0.3):
            self.read()

    def read(self):
        with self.reading:
            try:
                known = [(weight, names) for weight, names in self.groups() if weight]
            except Exception:
                return  # nothing is deployed yet
            wanted = [name for _, names in known for name in names]
            with self.lock:
                self.known = known
                self.shares.add(tuple(sorted((name, weight) for weight, names in known for name in names)))
                for name in wanted:
                    if name not in self.running:
                        self.running[name] = None
                        self.spawn(self.begin, name)
                if wanted and all(self.running[name] for name in wanted):
                    for name in [name for name, ready in self.running.items() if ready and name not in wanted]:
                        self.spawn(self.end, name, self.running.pop(name))

    def spawn(self, *action):
        thread = threading.Thread(target=self.noted, args=action, daemon=True)
        self.threads.append(thread)
        thread.start()

    def noted(self, action, *arguments):
        try:
            action(*arguments)
        except Exception as error:
            self.failed = error

    def begin(self, name):
        instance = self.make(name)
        self.created.append(instance)
        instance.start()
        self.running[name] = instance

    def end(self, name, instance):
        """Drain an instance as a load balancer does: no new requests, and time for those in progress before it is
        stopped. Unlike a load balancer, stop it once there are none."""
        end = time.monotonic() + instance.drains
        while self.busy.get(name) and time.monotonic() < end:
            time.sleep(0.05)
        instance.stop()

    def choose(self):
        end = time.monotonic() + 240
        while not self.failed and time.monotonic() < end:
            with self.lock:
                ready = [(weight, [name for name in names if self.running.get(name)]) for weight, names in self.known]
                ready = [each for each in ready if each[1]] or [(1, [name]) for name in self.running
                    if self.running[name]]
                if ready:
                    [(_, names)] = self.chance.choices(ready, [weight for weight, _ in ready])
                    name = self.chance.choice(names)
                    self.busy[name] = self.busy.get(name, 0) + 1
                    return name, self.running[name]
            time.sleep(0.1)
        raise self.failed or AssertionError("nothing gets ready")

    def settle(self):
        """Wait until all that should serve is ready and all others have stopped."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            time.sleep(0.5)
            at_work = [thread for thread in self.threads[1:] if thread.is_alive()]
            if self.failed or self.all_serve() and not at_work:
                return
        raise AssertionError("it does not settle")

    def all_serve(self):
        with self.lock:
            return bool(self.known) and all(self.running.get(name) for _, names in self.known for name in names)

    def route(self, request):
        if request.path == self.ALL_SERVE:
            self.read()
            if self.failed:
                return Response(410, f"{self.failed!r}\n".encode())
            return Response(200 if self.all_serve() else 503)
        due = time.monotonic() + self.delay
        try:
            if self.failed:
                raise self.failed
            name, instance = self.choose()
        except Exception as error:
            return Response(503, repr(error).encode())
        try:
            response = upstream(instance.port, host=instance.address)(request)
        except OSError as error:
            response = Response(502, str(error).encode())
        finally:
            with self.lock:
                self.busy[name] -= 1
        time.sleep(max(0, due - time.monotonic()))
        return response

    def stop(self):
        self.ended.set()
        super().stop()
        for thread in self.threads:
            thread.join()
        for instance in self.created:
            instance.remove()


# The service's name leads to a front on this machine, its ports other than 80 to a closed one.
NAMES = """import socket
ask = socket.getaddrinfo
def answer(host, port, *arguments, **named):
    if str(host) == {host!r}:
        host, port = "127.0.0.1", {front} if int(port) == 80 else {closed}
    return ask(host, port, *arguments, **named)
socket.getaddrinfo = answer
"""


def named(folder, host, front, closed):
    """Environment for Python programs in which a host's name leads there."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(NAMES.format(host=host, front=front, closed=closed))
    return {"PYTHONPATH": str(folder)}


def written(stack, values):
    """Write variables to a file that Terraform loads automatically."""
    (stack / "mine.auto.tfvars.json").write_text(json.dumps(values))
