"""./taskw prove-aws as typed, with the real provider on moto and a server in the load balancer's place; killed once and
continued."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from doubles.balancer import Balancer
from support.aws_world import Clone, Door, World, in_order  # noqa: F401 a fixture
from support.machine import ROOT, need

pytestmark = [pytest.mark.on_demand, pytest.mark.needs("terraform", "aws", "aws-cli", "docker-registry")]

SEED = os.environ.get("SEED")
FIRST, OTHER = (f"ghcr.io/someone/meridian@sha256:{digit * 64}" for digit in "12")


def client(world, service):
    import boto3  # in requirements-check.txt only; tests without it import this file too

    return boto3.client(service, endpoint_url=world.url, region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="x")


# Calls that list each kind of resource that costs money or reserves a name, by boto3: the CLI takes seconds for each.
LISTS = [
    "ec2.describe_vpcs", "ec2.describe_subnets", "ec2.describe_security_groups", "ec2.describe_addresses",
    "ec2.describe_route_tables", "ec2.describe_flow_logs", "ec2.describe_vpc_endpoints", "ec2.describe_nat_gateways",
    "ecs.describe_clusters.meridian-prove", "ecr.describe_repositories", "elbv2.describe_load_balancers",
    "elbv2.describe_target_groups", "iam.list_roles", "logs.describe_log_groups", "s3.list_buckets", "sns.list_topics",
    "cloudwatch.describe_alarms", "cloudwatch.list_dashboards", "scheduler.list_schedules",
]  # fmt: skip


def there(world):
    """Each list to its resources that are not deleted."""
    found = {}
    for each in LISTS:
        service, operation, *given = each.split(".")
        response = getattr(client(world, service), operation)(**({"clusters": given} if given else {}))
        found[each] = [thing for key, things in response.items()
            if isinstance(things, list) and key != "failures" for thing in things
            if not ({"State": "deleted"}.items() <= thing.items() or {"status": "INACTIVE"}.items() <= thing.items())]
    return found


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    for name in ("terraform", "aws", "docker-registry", "aws-cli"):
        need(name)
    folder = tmp_path_factory.mktemp("prove")
    with World(folder) as world:
        # Resources of another stack, and of one whose name only begins alike.
        for name in ("meridian", "meridian-prove2"):
            client(world, "ec2").create_vpc(CidrBlock="10.0.0.0/16",
                TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Stack", "Value": name}]}])
            client(world, "ecr").create_repository(repositoryName=name)
            client(world, "logs").create_log_group(logGroupName=f"/meridian/{name}/probe")
        world.before = there(world)
        clone = Clone(folder / "clone", world)
        with Balancer(None, None, Door(world, "meridian-prove").targets) as balancer:
            environment = balancer.environment(f"{sys.executable} {ROOT / 'scripts/meridian'} probe", minutes=0.3,
                responses=40)
            yield clone, {**environment, "IMAGE": FIRST, "OTHER": OTHER, "YES": "1"}


def progress(clone):
    file = clone.stack / "prove.progress.json"
    return json.loads(file.read_text()) if file.exists() else {}


def begun(stage):
    """Start the command; return it and its log."""
    clone, environment = stage
    log = clone.folder / "killed.log"
    with open(log, "w") as output:
        return subprocess.Popen([sys.executable, clone.folder / "scripts/meridian", "prove", "aws"],
            env=clone.world.environment(**environment), stdout=output, stderr=output, start_new_session=True), log


@pytest.mark.skipif(not SEED, reason="SEED=21 kills the program at ten random moments; some 20 minutes")
def test_a_run_killed_at_ten_random_moments_continues(stage):
    """Kill the program alone, as a system out of memory does: its Terraform goes on, and the next run waits for it. Or
    interrupt it, as by Ctrl-C."""
    clone, _ = stage
    chance = random.Random(int(SEED))
    for _ in range(10):
        moment = chance.uniform(1, 150)
        killed, log = begun(stage)
        try:
            code = killed.wait(moment)
        except subprocess.TimeoutExpired:
            number = chance.choice((signal.SIGKILL, signal.SIGINT))
            os.killpg(killed.pid, number)
            assert killed.wait(300) in (-signal.SIGKILL, 130), log.read_text()
            step = {name: progress(clone).get(name) for name in ("deployed", "step", "destroying", "destroyed")}
            print(f"Killed by {number} after {moment:.1f} s: {step}", log.read_text()[-300:])
            continue
        assert code == 0, log.read_text()
        break


@pytest.mark.skipif(bool(SEED), reason="SEED kills it at random moments instead")
def test_a_run_killed_during_its_canary_remains_and_doctor_reports_its_expiry(stage):
    clone, _ = stage
    world = clone.world
    with world.holding("ModifyRule"):
        killed, log = begun(stage)
        end = time.monotonic() + 400
        while "elasticloadbalancing ModifyRule" not in world.called():
            assert killed.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        # Terraform has a session of its own. It waits for the response, so it writes no state that could be truncated.
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], text=True, capture_output=True, check=True).stdout
        children = [int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == killed.pid]
        assert children
        for group in (killed.pid, *children):
            os.killpg(group, signal.SIGKILL)
        killed.wait()
    assert progress(clone)["step"] == "aws-canary"
    assert progress(clone)["remove"] in log.read_text()
    networks = client(world, "ec2").describe_vpcs()["Vpcs"]
    [expires] = [tag["Value"] for network in networks for tag in network.get("Tags", []) if tag["Key"] == "Expires"]
    assert f"meridian-prove expires at {expires} UTC" in clone.script("doctor", IMAGE=FIRST).stdout


def test_the_same_command_continues_records_only_rehearsals_and_cleans_up(stage):
    clone, environment = stage
    # Without the variables that it began with.
    if not progress(clone).get("recorded"):
        assert "Continuing the run that began" in clone.script("prove").stdout
    [file] = (clone.folder / ".cache/proof").glob("*.json")
    record = json.loads(file.read_text())
    assert record["emulator"] and record["providers"] == {"aws": "5.100.0"}
    outcomes = {name: entry["outcome"] for name, entry in record["claims"].items()}
    assert {name for name, outcome in outcomes.items() if outcome == "REHEARSED"} == {"aws-deploy", "aws-quiet",
        "aws-again", "aws-address", "aws-canary", "aws-broken", "aws-destroy", "aws-leftovers"}, outcomes
    assert set(outcomes.values()) == {"REHEARSED", "NOT TRIED"}
    assert all(entry["reason"] for entry in record["claims"].values() if entry["outcome"] == "NOT TRIED")
    assert record["claims"]["aws-canary"]["figures"]["failed"] == 0
    assert record["claims"]["aws-canary"]["figures"]["requests"] > 50
    assert not (clone.folder / "proof").exists() or not list((clone.folder / "proof").glob("*.json"))
    assert there(clone.world) == clone.world.before
    assert not (clone.stack / "prove.tfvars.json").exists()
