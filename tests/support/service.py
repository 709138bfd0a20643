"""The service as a separate process, from the classes that Maven compiles."""

import contextlib
import fcntl
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = ROOT / "app"


def jdk25():
    """Folder of a JDK 25."""
    return pathlib.Path(subprocess.run([ROOT / "scripts/jdk"], check=True, stdout=subprocess.PIPE,
        text=True).stdout.strip())


def free_port():
    """A port on this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@functools.cache
def tasks():
    """The names of the tasks that a person can call."""
    listed = subprocess.run([ROOT / "taskw", "--list-all", "--json"], check=True, stdout=subprocess.PIPE)
    return {task["name"] for task in json.loads(listed.stdout)["tasks"]}


@contextlib.contextmanager
def alone(what):
    """Lock out other test processes that would do the same at the same time."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with open(ROOT / ".cache" / f"{what}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def compiled():
    """Command that starts the service from a jar, as the image does; later builds do not change the jar."""
    with alone("app"):
        return _compiled()


def _compiled():
    classes, classpath = APP / "target/classes/meridian/Main.class", APP / "target/classpath"
    sources = [APP / "pom.xml", *(path for path in (APP / "src/main").rglob("*") if path.is_file())]
    built = min((path.stat().st_mtime for path in (classes, classpath) if path.exists()), default=0)
    if not (classes.exists() and classpath.exists()) or built < max(path.stat().st_mtime for path in sources):
        subprocess.run([APP / "maven", "--quiet", "process-classes"], check=True)
        for path in (classes, classpath):
            path.touch()  # Maven does not touch files that have not changed.
    options = APP / "src/image/jvm.options"  # the image's options, including its small heap
    jar = ROOT / ".cache/service" / f"{classes.stat().st_mtime_ns}.jar"
    if not jar.exists():
        created = shutil.make_archive(jar.with_suffix(""), "zip", APP / "target/classes")
        os.rename(created, jar)
    path = f"{jar}:{classpath.read_text()}"
    return [str(jdk25() / "bin/java"), f"@{options}", "-cp", path, "meridian.Main"]


class Response(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float


class Service:
    """A running service on free ports."""

    SERVING = re.compile(r"Serving on port (\d+), health and metrics on (?:port )?(\d+)")

    def __init__(self, command, environment, folder, prepare=None):
        """command: from `service_command`; environment: variables besides PATH and the defaults below; folder: for its
        log; prepare: called in the new process before exec."""
        self.path = pathlib.Path(folder) / "service.log"
        with open(self.path, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=APP,
                env={"PATH": os.environ["PATH"], "PORT": "0", "MERIDIAN_ADMIN_PORT": "0", "MERIDIAN_DRAIN_DELAY": "0s"}
                | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=prepare,
            )
        deadline = time.monotonic() + 60
        while not (serving := self.SERVING.search(self.path.read_text())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"The service did not start:\n{self.path.read_text()}")
            time.sleep(0.05)
        self.port, self.admin_port = map(int, serving.groups())

    def get(self, path, headers=None, port=None):
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            body = response.read()
        return Response(response.status, response.headers, body, time.monotonic() - started)

    def mark(self):
        """Current end of the log, to pass to `log`."""
        return self.path.stat().st_size

    def log(self, mark=0):
        """Log lines since a mark, parsed; each must be JSON."""
        time.sleep(0.1)  # The service buffers log lines.
        return [json.loads(line) for line in self.path.read_bytes()[mark:].splitlines()]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
