"""The README's promise to those who replace our service, checked with a program in Go."""

import io
import os
import subprocess
import tarfile

import pytest
from support.images import RESTRICTED, Container, get, output, terminate_behind_a_balancer, wait_for
from support.load import Load
from support.machine import ROOT
from support.service import APP

pytestmark = [pytest.mark.check, pytest.mark.needs("docker", "go")]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    program = tmp_path_factory.mktemp("foreign") / "service"
    output("go", "build", "-o", program, ROOT / "tests/image/foreign/main.go", env={**os.environ, "CGO_ENABLED": "0"})
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(program, "service")
    done = subprocess.run(
        ["docker", "import", "--change", 'ENTRYPOINT ["/service"]', "--change", "USER 65532:65532", "-", "foreign:1"],
        input=layer.getvalue(),
        stdout=subprocess.PIPE,
        check=True,
    )
    yield done.stdout.decode().strip()
    output("docker", "rmi", "--force", "foreign:1")


def test_it_runs_as_in_the_stacks_and_passes_our_probe(foreign, service_command):
    environment = ["--env", "PORT=8080", "--env", "MERIDIAN_VERSION=sha256:1"]
    with Container(foreign, *RESTRICTED, *environment) as container:
        for path in ["/started", "/live", "/ready"]:
            wait_for(f"http://{container.address}:8081{path}")
        status, headers, _ = get(f"http://{container.address}:8080/now")
        assert (status, headers["Service-Version"]) == (200, "sha256:1")
        probe = output(*service_command, "probe", f"http://{container.address}:8080", cwd=APP)
        assert probe.startswith("OK: ")


def test_it_drains_as_ours_does(foreign):
    with Container(foreign, *RESTRICTED, "--env", "PORT=8080") as container:
        wait_for(f"http://{container.address}:8080/now")
        with Load(container.address, 8080, path="/now", rate=200, keep_alive=False) as load:
            load.wait_for(200)
            before = terminate_behind_a_balancer(container, load)
        assert container.wait() == 0
        assert load.answered > before + 50, "it went on serving"
        assert load.lost == [] and load.refused == 0
