"""scripts/canary on Azure and Google Cloud from end to end: the real stacks and providers on the doubles, real requests.

In the place of the load balancer stands a server that asks the double which image has which weight.
"""

import datetime
import http.server
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

import pytest
import test_azure_rehearsal
import test_gcp_rehearsal

from conftest import ROOT, need

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "jdk")]

CLOUDS = {"azure": (test_azure_rehearsal, "azurerm"), "gcp": (test_gcp_rehearsal, "google")}


class Balancer:
    def __init__(self, cloud, failing):
        self.cloud, self.failing = cloud, failing
        self.chance = random.Random(5)
        self.seen = set()
        self.lock = threading.Lock()
        self.read = 0

    def weights(self):
        """Image to weight, at most half a second old."""
        with self.lock:
            if time.monotonic() > self.read + 0.5:
                self.known, self.read = {image: weight for image, weight in self.cloud.serving().items() if weight}, time.monotonic()
                self.seen.add(tuple(sorted(self.known.items())))
            return self.known

    def answer(self):
        weights = self.weights()
        image = self.chance.choices(list(weights), list(weights.values()))[0]
        return 500 if image == self.failing and self.chance.random() < 0.5 else 200, image.split("@")[1]


@pytest.fixture(scope="module", params=CLOUDS)
def stage(request, tmp_path_factory):
    module, provider = CLOUDS[request.param]
    for name in ("terraform", "jdk", provider):
        need(name)  # the mark comes too late for a module's fixture
    folder = tmp_path_factory.mktemp(request.param)
    cloud = module.Rehearsal(folder)
    if not (folder / "scripts").exists():
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    cloud.set()
    cloud.apply()
    balancer = Balancer(cloud, module.C)

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

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **cloud.environment,
        "URL": f"http://127.0.0.1:{server.server_port}",
        "PROBE": f"{sys.executable} {ROOT / 'scripts/probe'}",
        "MINUTES": "0.3",
        "ANSWERS": "10",
        "RATE": "20",
        "JAVA_HOME": os.environ.get("JAVA_HOME", ""),
    }

    def canary(**variables):
        return subprocess.run(
            [sys.executable, folder / "scripts/canary", request.param],
            env={**environment, **variables},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    yield module, cloud, balancer, canary
    server.shutdown()
    server.server_close()
    cloud.echo.stop()


def settled(cloud, image):
    cloud.set(image=image, canary=None)
    return cloud.settled()


def test_a_clean_canary_is_promoted_and_nothing_is_left_of_it(stage):
    module, cloud, balancer, canary = stage
    done = canary(IMAGE=module.B)
    assert done.returncode == 0 and "Promoted" in done.stdout, done.stdout
    assert ((module.A, 90), (module.B, 10)) in balancer.seen, "a tenth went to it"
    assert cloud.serving() == {module.B: 100}
    assert settled(cloud, module.B)


def test_a_half_failing_canary_behind_a_healthy_stable_is_withdrawn(stage):
    module, cloud, balancer, canary = stage
    done = canary(IMAGE=module.C)
    assert done.returncode == 1 and "of the canary's" in done.stdout, done.stdout
    assert ((module.B, 90), (module.C, 10)) in balancer.seen
    assert {image: weight for image, weight in cloud.serving().items() if weight} == {module.B: 100}
    assert settled(cloud, module.B)
