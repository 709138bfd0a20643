"""A miniature stack with real Terraform, for tests of canaries and releases; it "deploys" a file with weights."""

import contextlib
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from doubles.balancer import Server
from support.machine import ROOT, clean, ran

STABLE = "localhost:5000/meridian@sha256:" + "a" * 64
GOOD = "localhost:5000/meridian@sha256:" + "b" * 64
HALF_FAILING = "localhost:5000/meridian@sha256:" + "c" * 64
WRONG_TIME = "localhost:5000/meridian@sha256:" + "d" * 64
UNSTARTABLE = "localhost:5000/meridian@sha256:" + "e" * 64

VARIABLES = """
variable "name" { type = string }
variable "image" { type = string }
variable "canary" {
  type    = object({ image = string, percent = number, stable = string })
  default = null
}
variable "repository_url" { default = null }
"""
STACK = """
resource "terraform_data" "service" {
  triggers_replace = [var.image, var.canary]
  lifecycle { create_before_destroy = true }
  provisioner "local-exec" {
    command     = "./deploy"
    environment = { IMAGE = var.image, CANARY = jsonencode(var.canary) }
  }
}
output "image" { value = "${var.image}${substr(terraform_data.service.id, 0, 0)}" }
output "canary" { value = var.canary }
output "revision" { value = var.canary == null ? "revision-of-${var.image}" : var.canary.stable }
output "url" { value = trimspace(file("${path.module}/url")) }
"""

# While a file named slow exists, it creates one named waiting, and waits.
DEPLOY = """#!/bin/sh
case $IMAGE$CANARY in *eeeeeeee*) echo 'the tasks did not become healthy'; exit 1 ;; esac
printf '{"image":"%s","canary":%s}\\n' "$IMAGE" "$CANARY" >wanted
echo "$IMAGE $CANARY" >>applied
while [ -e slow ]; do touch waiting; sleep 0.1; done
mv wanted weights
"""

PROBE = """#!/bin/sh
echo probed >>{folder}/probes
read code <{folder}/probe-exit-code
[ $code = 0 ] && echo "OK: clock +0.1 ms, $1" || echo "Failed: as told, $1"
exit $code
"""


class World:
    def __init__(self, folder):
        self.folder = folder
        self.stack = folder / "stacks" / "aws"
        self.stack.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (self.stack / "variables.tf").write_text(VARIABLES)
        (self.stack / "main.tf").write_text(STACK)
        (self.stack / "terraform.tfvars").write_text('name = "meridian"\n')
        (self.stack / "deploy").write_text(DEPLOY)
        (self.stack / "deploy").chmod(0o755)
        (folder / "probe").write_text(PROBE.format(folder=folder))
        (folder / "probe").chmod(0o755)
        self.probe_says(0)
        self.chance = random.Random(11)

    def probe_says(self, code):
        (self.folder / "probe-exit-code").write_text(f"{code}\n")

    def probed(self):
        file = self.folder / "probes"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def weights(self):
        return json.loads((self.stack / "weights").read_text())

    def applied(self):
        """The applies so far, as (image, canary's image, percent)."""
        steps = []
        for line in (self.stack / "applied").read_text().splitlines():
            image, _, canary = line.partition(" ")
            canary = json.loads(canary)
            steps.append((image, canary and canary["image"], canary and canary["percent"]))
        return steps

    def response(self):
        """Status, version and time of the next response."""
        weights = self.weights()
        image, canary = weights["image"], weights["canary"]
        if canary and self.chance.random() * 100 < canary["percent"]:
            image = canary["image"]
        status = 500 if image == HALF_FAILING and self.chance.random() < 0.5 else 200
        late = datetime.timedelta(seconds=5 if image == WRONG_TIME else 0)
        return status, image.split("@")[1], datetime.datetime.now(datetime.timezone.utc) + late

    def start(self, *command, **variables):
        environment = {
            **clean(),
            "PROBE": str(self.folder / "probe"),
            "MINUTES": "0.05",
            "RESPONSES": "40",
            "FAILED_PERCENT": "20",
            "RATE": "60",
            "PERCENT": "20",
            **variables,
        }
        return subprocess.Popen(
            command or [sys.executable, self.folder / "scripts/meridian", "canary", "aws"],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, code, *command, **variables):
        process = self.start(*command, **variables)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == code, output
        return output

    def kill_when(self, process, condition, number=signal.SIGKILL):
        """Kill the program and all that it started, once a condition holds."""
        deadline = time.monotonic() + 60
        while not condition():
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for each in descendants(process.pid):
            with contextlib.suppress(ProcessLookupError):  # It may have exited already.
                os.kill(each, number)
        process.wait(timeout=60)
        process.stdout.close()
        for file in ("slow", "waiting"):
            (self.stack / file).unlink(missing_ok=True)

    def plan_is_empty(self, image):
        return ran("terraform", f"-chdir={self.stack}", "plan", "-detailed-exitcode", f"-var=image={image}",
            codes=None).returncode == 0


def descendants(pid):
    """A process and all its descendants, in any session."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], stdout=subprocess.PIPE, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    with Server(world.response) as server:
        world.server = server
        (world.stack / "url").write_text(server.url)
        for command in (["init"], ["apply", "-auto-approve", f"-var=image={STABLE}"]):
            subprocess.run(["terraform", f"-chdir={world.stack}", *command], check=True, stdout=subprocess.DEVNULL)
        yield world


@pytest.fixture
def foreign(world):
    """A third-party service, with checks on paths of its own and another version scheme."""
    with (world.stack / "main.tf").open("a") as file:
        file.write('output "checks" { value = [{ path = "/quote", status = 200 }] }\n'
            'output "meridian" { value = false }\n')
    subprocess.run(["terraform", f"-chdir={world.stack}", "apply", "-auto-approve", f"-var=image={STABLE}"], check=True,
        stdout=subprocess.DEVNULL)

    def response():
        # More than a busy machine adds: the canary's response times are compared with those before.
        time.sleep(0.1)
        status, _, now = world.response()
        return status, "1.4.2", now

    world.server.response = response
    return world
