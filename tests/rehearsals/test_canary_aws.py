"""The canary on AWS from end to end: the real stack and provider on moto, real requests, the real probe.

moto starts no tasks. In the place of the load balancer stands a server that asks moto for the
weights of the rule and for what the services behind it run, and answers as those tasks would.
"""

import fnmatch
import re

import sys

import pytest
from doubles.balancer import Balancer
from support.aws_world import Clone, World
from support.machine import ROOT

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "aws-cli", "docker-registry")]

STABLE, GOOD, HALF_FAILING = (f"ghcr.io/someone/meridian@sha256:{letter * 64}" for letter in "abc")


class Weights:
    """Version to weight, as moto has them."""

    def __init__(self, world):
        import boto3  # not there in a newcomer's tests, which come by this file too

        options = {"endpoint_url": world.url, "region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.balancing = boto3.client("elbv2", **options)
        self.containers = boto3.client("ecs", **options)

    def ask(self):
        balancer = self.balancing.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self.balancing.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
        rules = self.balancing.describe_rules(ListenerArn=listener)["Rules"]
        rule = next(rule for rule in rules if rule["Priority"] == "100")
        groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        running = self.running()
        return {running[group["TargetGroupArn"]]: group["Weight"] for group in groups if group["TargetGroupArn"] in running}

    def running(self):
        """Target group to the version that its service runs."""
        names = self.containers.list_services(cluster="meridian")["serviceArns"]
        versions = {}
        for service in self.containers.describe_services(cluster="meridian", services=names)["services"]:
            if service["status"] == "ACTIVE":
                definition = self.containers.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
                environment = {each["name"]: each["value"] for each in definition["containerDefinitions"][0]["environment"]}
                versions[service["loadBalancers"][0]["targetGroupArn"]] = environment["MERIDIAN_VERSION"]
        return versions


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("canary")
    with World(folder) as world:
        clone = Clone(folder / "clone", world)
        clone.terraform("init", "-input=false")
        clone.terraform("apply", "-auto-approve", f"-var=image={STABLE}")
        with Balancer(Weights(world).ask, HALF_FAILING.split("@")[1]) as balancer:
            yield clone, balancer, balancer.environment(f"{sys.executable} {ROOT / 'scripts/meridian'} probe", minutes=0.5, answers=20)


def test_a_clean_canary_is_promoted_and_nothing_is_left_of_it(stage):
    clone, balancer, environment = stage
    done = clone.script("canary", IMAGE=GOOD, **environment)
    assert "Promoted" in done.stdout, done.stdout
    stable, good = (image.split("@")[1] for image in (STABLE, GOOD))
    assert ((stable, 90), (good, 10)) in balancer.seen, "a tenth went to it"
    assert balancer.ask() == {good: 100}
    assert clone.outputs()["image"] == GOOD and clone.outputs().get("canary") is None
    assert clone.planned(f"-var=image={GOOD}") == {}


def test_a_half_failing_canary_behind_a_healthy_stable_is_withdrawn(stage):
    clone, balancer, environment = stage
    before = len(clone.world.called())
    done = clone.script("canary", check=False, IMAGE=HALF_FAILING, **environment)
    assert done.returncode == 1 and "of the canary's" in done.stdout, done.stdout
    good, failing = (image.split("@")[1] for image in (GOOD, HALF_FAILING))
    assert ((good, 90), (failing, 10)) in balancer.seen
    calls = [call for call in clone.world.called()[before:] if call in ("elasticloadbalancing ModifyRule", "ecs DeleteService")]
    assert calls == ["elasticloadbalancing ModifyRule", "elasticloadbalancing ModifyRule", "ecs DeleteService"], "its requests went back before it went"
    assert balancer.ask() == {good: 100}
    assert clone.planned(f"-var=image={GOOD}") == {}


# What IAM calls differently than the interface does: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
RIGHTS = {
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
}


def test_the_planner_may_do_all_that_a_plan_of_the_stack_calls(stage):
    """The calls of a plan, told apart by the key that signed them, against the planner's policy."""
    clone, _, _ = stage
    clone.terraform("plan", "-lock=false", f"-var=image={GOOD}", AWS_ACCESS_KEY_ID="planner")
    policy = (ROOT / "modules/aws/delivery/planner.tf").read_text()
    allowed = set(re.findall(r'"([a-z0-9-]+:[A-Za-z]+\*?)"', policy))
    called = set()
    for call in clone.world.calls.read_text().splitlines():
        service, operation, key = call.split()
        if key == "planner":
            called.add(f"{'cloudwatch' if service == 'monitoring' else service}:{RIGHTS.get(operation, operation)}")
    assert len(called) > 20
    # Everybody may ask who he is.
    lacking = {call for call in called - {"sts:GetCallerIdentity"} if not any(fnmatch.fnmatchcase(call, action) for action in allowed)}
    assert lacking == set()
