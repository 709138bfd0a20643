"""A service that somebody else wrote, unchanged, put on AWS by variables alone: real stack and provider on moto.

moto starts no container: what it stored is started here, as Fargate would, and the load balancer's name leads there.
"""

import json
import os
import tarfile
import urllib.request

import pytest
from support.aws_world import Clone, World, in_order  # noqa: F401 a fixture
from support.ecs import Task
from support.fronts import Front, upstream
from support.images import get, output, wait_for
from support.machine import CACHE, ROOT, need
from support.service import alone, free_port

NEEDED = ("terraform", "aws", "aws-cli", "docker-registry", "docker", "go")
pytestmark = [pytest.mark.check, pytest.mark.needs(*NEEDED)]

# https://github.com/stefanprodan/podinfo: a port, checks and settings of its own. Its tags are no versions of Go's.
PODINFO = "github.com/stefanprodan/podinfo/cmd/podinfo@v1.8.1-0.20250910200901-e86405a8674e"
SERVICE = """
image = "example.com/podinfo@sha256:%s"
service = {
  meridian      = false
  port          = 9898
  args          = ["--port=9898", "--port-metrics=9797", "--level=info"]
  user          = "1000"
  health        = { ready = "/readyz", live = "/healthz" }
  check         = { path = "/version", status = 200 }
  paths         = { "/env" = 200, "/status/418" = 418 }
  stop_seconds  = 20
  writable      = { "/data" = 16 }
  secrets       = { PODINFO_UI_MESSAGE = "%s" }
}
# A server in the place of the program that checks.
probe = { image = "example.com/foreign@sha256:%s" }
"""
ANY = "1" * 64


def podinfo():
    """The program, compiled if it is not yet."""
    folder = CACHE / "go" / PODINFO.rpartition("@")[2]
    with alone("podinfo"):
        if not (folder / "podinfo").exists():
            output("go", "install", PODINFO, env={**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)})
    return folder / "podinfo"


def imported(program, name, folder):
    """An image of that program alone, as Docker has it."""
    with tarfile.open(folder / "layer.tar", "w") as tar:
        tar.add(program, "home/app/service")
    output("docker", "import", "--change", 'ENTRYPOINT ["/home/app/service"]', folder / "layer.tar", name)
    return name


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    server = folder / "foreign"
    output("go", "build", "-o", server, ROOT / "tests/image/foreign/main.go", env={**os.environ, "CGO_ENABLED": "0"})
    made = {f"example.com/{name}": imported(program, f"{name}:rehearsal", folder)
        for name, program in (("podinfo", podinfo()), ("foreign", server))}
    yield made
    output("docker", "rmi", "--force", *made.values())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    for name in NEEDED:
        need(name)
    with World(tmp_path_factory.mktemp("aws")) as world:
        yield world


@pytest.fixture(scope="module")
def clone(world, tmp_path_factory):
    secret = world.aws("secretsmanager", "create-secret", "--name", "meridian-greeting",
        "--secret-string", "by a secret")
    clone = Clone(tmp_path_factory.mktemp("clone"), world)
    clone.stack.joinpath("podinfo.auto.tfvars").write_text(SERVICE % (ANY, secret["ARN"], ANY))
    return clone


def definition(world, name):
    return world.aws("ecs", "describe-task-definition", "--task-definition", f"meridian-{name}")["taskDefinition"]


def secret(world):
    return lambda arn: world.aws("secretsmanager", "get-secret-value", "--secret-id", arn)["SecretString"]


# The load balancer's name leads to a front of this machine, its other ports to where nobody listens.
NAMES = """import socket
ask = socket.getaddrinfo
def answer(host, port, *arguments, **named):
    if str(host).endswith(".elb.amazonaws.com"):
        host, port = "127.0.0.1", {front} if int(port) == 80 else {closed}
    return ask(host, port, *arguments, **named)
socket.getaddrinfo = answer
"""


def test_it_is_deployed_by_variables_alone(clone):
    assert "Serves at http://meridian-" in clone.script("deploy").stdout
    assert clone.planned() == {}


def test_as_it_is_stored_it_runs_and_verify_and_health_checks_find_it_well(world, clone, images, tmp_path):
    with Task(definition(world, "stable"), images, secret=secret(world)) as task:
        # What the load balancer asks, where the target group says.
        groups = world.aws("elbv2", "describe-target-groups")["TargetGroups"]
        assert {(group["HealthCheckPort"], group["HealthCheckPath"]) for group in groups} == {("9898", "/readyz")}
        wait_for(f"http://{task.address}:9898/readyz")
        assert json.loads(get(f"http://{task.address}:9898/")[2])["message"] == "by a secret"
        stored = urllib.request.urlopen(f"http://{task.address}:9898/store", data=b"kept where it may write", timeout=5)
        assert stored.status == 202
        with Front(upstream(9898, host=task.address)) as front:
            (tmp_path / "sitecustomize.py").write_text(NAMES.format(front=front.port, closed=free_port()))
            said = clone.script("verify", PYTHONPATH=str(tmp_path)).stdout
        for path, status in (("/version", 200), ("/env", 200), ("/status/418", 418)):
            assert f"ok       GET {path} answers {status}" in said


@pytest.mark.parametrize("image", ["podinfo", "foreign"])
def test_whatever_image_the_probe_has_no_run_outlives_its_limit(world, clone, images, image):
    """podinfo does not understand the probe's arguments and ends; the other one serves, whatever it is told."""
    stored = definition(world, "probe")
    limit = stored["containerDefinitions"][0]["startTimeout"]
    assert limit <= 120
    with Task(stored, {**images, "example.com/foreign": images[f"example.com/{image}"]}, second=0.1) as task:
        why = task.wait(limit * 0.1 + 20)
        assert why.startswith("Essential container" if image == "podinfo" else "limit gave up"), task.log()
        assert not any(container.state["Running"] for _, container, _ in task.running.values())
