"""The canary on AWS end to end: the real stack and provider on moto, real requests, the real probe.

In place of the load balancer, a server asks moto for weights and targets, and responds as those tasks would. What
becomes of tasks is defined in doubles/moto_services.py.
"""

import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from doubles.balancer import Balancer
from support.aws_world import Clone, Door, World, in_iam
from support.load import Load
from support.machine import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "aws-cli", "docker-registry")]

STABLE, GOOD, HALF_FAILING = (f"ghcr.io/someone/meridian@sha256:{digit * 64}" for digit in "123")
# Their behaviour is in moto_services.py.
LATE, NEVER_RUNS, CRASHES, NEVER_HEALTHY = (f"ghcr.io/someone/meridian@sha256:{(word * 22)[:64]}"
    for word in ("cafe", "dead", "bad", "face"))


IDLE = {"meridian-stable": 2, "meridian-canary": 0}


def version(image):
    return image.split("@")[1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    with World(folder) as world:
        clone = Clone(folder / "clone", world)
        clone.terraform("init", "-input=false")
        clone.terraform("apply", "-auto-approve", f"-var=image={STABLE}")
        clone.door = Door(world)
        with Balancer(None, version(HALF_FAILING), clone.door.targets) as balancer:
            yield clone, balancer, balancer.environment(f"{sys.executable} {ROOT / 'scripts/meridian'} probe",
                minutes=0.5, responses=40)


@pytest.fixture
def visited(stage):
    """Send sixty requests a second, none of which may fail."""
    _, balancer, _ = stage
    host, port = balancer.url.removeprefix("http://").split(":")
    with Load(host, int(port), rate=60) as load:
        load.wait_for(60)
        yield load
    assert not load.lost and not load.refused and set(load.statuses) == {200}, f"{load.statuses} lost {load.lost}"


def trying(clone, image, percent=10):
    """Arguments for plain Terraform to run an image as a canary beside the serving one."""
    outputs = clone.outputs()
    canary = outputs.get("canary") or {"stable": outputs["revision"]}
    return [f"-var=image={outputs['image']}",
        f"-var=canary={json.dumps({'image': image, 'percent': percent, 'stable': canary['stable']})}"]


def test_plain_terraform_starts_and_withdraws_a_canary_without_a_failed_request(stage, visited):
    clone, balancer, _ = stage
    clone.terraform("apply", "-auto-approve", *trying(clone, GOOD))
    assert clone.door.shares() == {version(STABLE): 90, version(GOOD): 10}
    visited.wait_for(visited.answered + 120)
    before = len(clone.world.called())
    clone.terraform("apply", "-auto-approve", f"-var=image={STABLE}")
    wanted = ("elasticloadbalancing ModifyRule", "ecs UpdateService")
    assert next(call for call in clone.world.called()[before:]
        if call in wanted) == wanted[0], "its requests went back before its tasks went"
    assert clone.door.shares() == {version(STABLE): 100} and clone.door.services() == IDLE
    assert ((version(STABLE), 90), (version(GOOD), 10)) in {tuple(sorted(seen, key=lambda each: -each[1]))
        for seen in balancer.stood}


def kill(clone, arguments, when):
    """Run Terraform and kill it once a condition holds for its output."""
    log = clone.folder / "killed.log"
    with open(log, "w") as output:
        killed = subprocess.Popen(
            ["terraform", f"-chdir={clone.stack}", *arguments], env=clone.world.environment(), stdout=output,
            stderr=output, start_new_session=True
        )
    end = time.monotonic() + 300
    # Terraform writes a local state in place; a truncated one would be of no use.
    while not (when(log.read_text()) and (clone.stack / "terraform.tfstate").read_text().endswith("}\n")):
        assert killed.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()


def test_a_canary_killed_while_it_starts_continues_with_the_same_command(stage, visited):
    clone, _, _ = stage
    arguments = ["apply", "-auto-approve", "-input=false", *trying(clone, LATE)]
    kill(clone, arguments, lambda said: "Provisioning with" in said)
    assert clone.door.shares() == {version(STABLE): 100}, "it was not healthy yet"
    clone.terraform(*arguments)
    assert clone.door.shares() == {version(STABLE): 90, version(LATE): 10}
    assert clone.door.services() == {"meridian-stable": 2,
        "meridian-canary": 1}, "none of the same name beside it, none left behind"
    assert clone.planned(*trying(clone, LATE)) == {}
    clone.terraform("apply", "-auto-approve", f"-var=image={STABLE}")
    assert clone.door.services() == IDLE


def test_a_canary_killed_as_it_gets_its_share_can_continue_or_be_withdrawn(stage, visited):
    """Kill it when AWS has the weights already but Terraform's state does not."""
    clone, _, _ = stage
    arguments = ["apply", "-auto-approve", "-input=false", *trying(clone, GOOD)]
    back = ["apply", "-auto-approve", "-input=false", f"-var=image={STABLE}"]
    for then in (arguments, back):
        begun = len(clone.world.called())
        with clone.world.holding("ModifyRule"):
            kill(clone, arguments,
                lambda _: "elasticloadbalancing ModifyRule" in clone.world.called()[begun:])  # noqa: B023  in this turn
        assert clone.door.shares() == {version(STABLE): 90, version(GOOD): 10}
        clone.terraform(*then)
        if then == arguments:
            assert clone.planned(*trying(clone, GOOD)) == {}
            clone.terraform(*back)
        assert clone.door.shares() == {version(STABLE): 100} and clone.door.services() == IDLE


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (NEVER_RUNS, "CannotPullContainerError: pull image manifest"),
        (CRASHES, "Essential container in task exited (exit code 1)"),
        (NEVER_HEALTHY, "Task failed ELB health checks in"),
    ],
    ids=["never runs", "crashes", "never healthy"],
)
def test_a_canary_that_fails_to_start_gets_no_request_and_reports_why_within_minutes(stage, visited, image, words):
    clone, _, _ = stage
    begun = time.monotonic()
    done = clone.terraform("apply", "-auto-approve", *trying(clone, image), check=False)
    assert done.returncode == 1 and words in " ".join(done.stdout.split()), done.stdout[-3000:]
    # By the clock of moto_services.py; without a reported failure it waits fifteen minutes.
    assert time.monotonic() - begun < 300
    assert clone.door.shares() == {version(STABLE): 100}
    assert clone.outputs()["image"] == STABLE
    clone.terraform("apply", "-auto-approve", f"-var=image={STABLE}")
    assert clone.door.services() == IDLE


def test_outputs_and_probe_keep_the_serving_image_when_a_deployment_is_rolled_back(stage, visited):
    clone, _, _ = stage
    before = clone.outputs()
    done = clone.script("deploy", check=False, IMAGE=CRASHES)
    assert done.returncode == 1 and "Essential container in task exited" in " ".join(done.stdout.split())
    after = clone.outputs()
    assert (after["image"], after["revision"]) == (before["image"], before["revision"])
    schedule = clone.world.aws("scheduler", "get-schedule", "--name", "meridian-probe")["Target"]["EcsParameters"]
    probe = clone.door.containers.describe_task_definition(
        taskDefinition=schedule["TaskDefinitionArn"])["taskDefinition"]
    assert probe["containerDefinitions"][0]["image"] == STABLE
    # The next deployment keeps what serves.
    assert f"Keeping the image that was supplied: {STABLE}" in clone.script("deploy").stdout
    assert clone.door.shares() == {version(STABLE): 100} and clone.planned(f"-var=image={STABLE}") == {}


def test_a_clean_canary_is_promoted_without_leftovers(stage, visited):
    clone, balancer, environment = stage
    done = clone.script("canary", IMAGE=GOOD, **environment)
    assert "Promoted" in done.stdout, done.stdout
    assert clone.door.shares() == {version(GOOD): 100} and clone.door.services() == IDLE
    assert clone.outputs()["image"] == GOOD and clone.outputs().get("canary") is None
    assert clone.planned(f"-var=image={GOOD}") == {}


def test_a_half_failing_canary_beside_a_healthy_stable_is_withdrawn(stage):
    clone, balancer, environment = stage
    before = len(clone.world.called())
    done = clone.script("canary", check=False, IMAGE=HALF_FAILING, **environment)
    assert done.returncode == 1 and "fails more often than the stable version" in done.stdout, done.stdout
    wanted = ("ecs UpdateService", "elasticloadbalancing ModifyRule")
    calls = [call for call in clone.world.called()[before:] if call in wanted]
    assert calls[:3] == [*wanted, wanted[1]], "it had its requests when it stood, and lost them before it went"
    assert sorted(calls[3:]) == list(wanted)
    assert clone.door.shares() == {version(GOOD): 100}
    assert clone.planned(f"-var=image={GOOD}") == {}


def test_the_planner_may_make_every_call_of_a_plan(stage):
    """Check the calls of a plan, recognized by the key that signed them, against the planner's policy."""
    clone, _, _ = stage
    clone.terraform("plan", "-lock=false", f"-var=image={GOOD}", AWS_ACCESS_KEY_ID="planner")
    policy = (ROOT / "modules/aws/delivery/planner.tf").read_text()
    allowed = set(re.findall(r'"([a-z0-9-]+:[A-Za-z]+\*?)"', policy))
    called = {in_iam(service, operation) for service, operation, _ in clone.world.requests("planner")}
    assert len(called) > 20
    # GetCallerIdentity needs no right.
    lacking = {call for call in called - {"sts:GetCallerIdentity"}
        if not any(fnmatch.fnmatchcase(call, action) for action in allowed)}
    assert lacking == set()
