"""The image, built as users build it and pushed to a registry on this machine."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

import pytest
from support.emulators import docker_registry
from support.machine import CACHE, ROOT, cloned, need, ran
from support.service import alone


def output(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def get(url, timeout=5, **headers):
    """Status, headers and body, also of error responses."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as response:
        return response.code, response.headers, response.read().decode()


def wait_for(url, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            if get(url)[0] == 200:
                return
        except OSError:
            pass
        assert time.monotonic() < end, f"{url} does not answer within {seconds} s"
        time.sleep(0.05)


def terminate_behind_a_balancer(container, load):
    """Terminate it; return the responses until it was not ready. Like a balancer, the load goes on for a while."""
    container.terminate()
    while get(f"http://{container.address}:8081/ready")[0] == 200:
        time.sleep(0.1)
    before = load.answered
    time.sleep(2)
    return before


def maven(app, *arguments):
    return ran(app / "maven", *arguments, codes=None)


def built(app, *arguments):
    ran(app / "maven", *arguments)


def sources(folder):
    """A copy of app/ as in a clone."""
    return cloned(folder, "app") / "app"


@pytest.fixture(scope="session")
def with_base():
    """Environment of a push: BASE is an image of Debian packages, unless it is set already or apt-get is missing."""
    if os.environ.get("BASE") or not shutil.which("apt-get"):
        return {}
    return {"BASE": debian_base()}


@pytest.fixture(scope="session")
def base(with_base):
    """Maven's option for the same."""
    given = (os.environ | with_base).get("BASE")
    return [f"-Dbase={given}"] if given else []


@pytest.fixture(scope="session")
def base_with_java():
    return [f"-Dbase={debian_base('--java', output(ROOT / 'scripts/jdk'))}"]


def debian_base(*options):
    inputs = hashlib.sha256((ROOT / "app/base").read_bytes() + " ".join(options).encode()).hexdigest()
    file = CACHE / f"base-{inputs[:16]}.tar"
    with alone("base"):
        if not file.exists():
            output(ROOT / "app/base", *options, file)
    return f"tar://{file}"


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    """HOST:PORT of a real registry, empty at first."""
    need("docker-registry")
    served = docker_registry(tmp_path_factory.mktemp("registry"))
    yield f"localhost:{served.port}"
    served.stop()


class Container:
    """A container of an image, which a context manager removes."""

    def __init__(self, image, *options, arguments=()):
        self.id = output("docker", "run", "--detach", *options, image, *arguments)

    @property
    def state(self):
        return json.loads(output("docker", "inspect", self.id))[0]["State"]

    @property
    def address(self):
        return json.loads(output("docker", "inspect", self.id))[0]["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]

    def published(self, port):
        return int(output("docker", "port", self.id, str(port)).splitlines()[0].rpartition(":")[2])

    def log(self):
        return ran("docker", "logs", self.id).stdout

    def terminate(self):
        output("docker", "kill", "--signal", "TERM", self.id)

    def wait(self):
        return int(output("docker", "wait", self.id, timeout=30))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        output("docker", "rm", "--force", "--volumes", self.id)


# Options of an instance on a restrictive platform.
RESTRICTED = ["--cpus", "1", "--memory", "512m", "--read-only", "--cap-drop", "ALL", "--security-opt",
    "no-new-privileges"]


def contents(image: pathlib.Path, names):
    """SHA-256 by name of files in an image archive."""
    with tarfile.open(image) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        return {
            entry.name: hashlib.sha256(layer.extractfile(entry).read()).hexdigest()
            for name in manifest["Layers"]
            for layer in [tarfile.open(fileobj=tar.extractfile(name))]
            for entry in layer if entry.name in names
        }


def layers(image: pathlib.Path):
    """Digest and paths of each layer of an image archive."""
    with tarfile.open(image) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        digests = json.load(tar.extractfile(manifest["Config"]))["rootfs"]["diff_ids"]
        return [
            (digest, sorted(entry.name for entry in tarfile.open(fileobj=tar.extractfile(name))))
            for digest, name in zip(digests, manifest["Layers"])
        ]
