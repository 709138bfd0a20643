"""An emulator of AWS, a registry, and clones of the repository that deploy to them."""

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.request

import pytest
from support.emulators import Emulator, docker_registry
from support.machine import ROOT, cloned, ran
from support.service import free_port

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def in_order(request):
    """Fail the rest of a module after a failure, because its tests build on each other."""
    if broken := getattr(request.module, "broken", None):
        pytest.fail(f"{broken} failed before")
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        request.module.broken = request.node.name


# Rights whose name differs from S3's API:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3_RIGHTS = {
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteObjects": "DeleteObject",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListDirectoryBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}


def in_iam(service, operation):
    """The right that a call needs."""
    prefix = {"monitoring": "cloudwatch", "tagging": "tag"}.get(service, service)
    return f"{prefix}:{S3_RIGHTS.get(operation, operation) if service == 's3' else operation}"


class World:
    """Context manager: AWS at `url`, a registry at `registry`, HOST:PORT; both stop on exit."""

    def __init__(self, folder):
        self.folder = folder
        self.calls = folder / "calls"
        self.emulators = []

    def __enter__(self):
        self.emulators.append(docker_registry(self.folder))
        self.registry = f"127.0.0.1:{self.emulators[0].port}"
        self.serve(ROOT / "tests/doubles/moto_server.py")
        return self

    def __exit__(self, *_):
        for emulator in self.emulators:
            emulator.stop()

    def serve(self, program):
        """Start a moto server, which is AWS from now on."""
        port = free_port()
        environment = {**self.environment(), "MERIDIAN_REGISTRY": self.registry, "MOTO_ACM_VALIDATION_WAIT": "1"}
        self.emulators.append(Emulator([sys.executable, program, port, self.calls], port, self.folder / "moto.log",
            environment))
        self.url = f"http://127.0.0.1:{port}"

    def environment(self, **more):
        """Environment for clients of this AWS, without this machine's credentials, files or proxies."""
        clean = {name: value for name, value in os.environ.items() if not name.upper().startswith(("AWS_", "TF_"))
            and "PROXY" not in name.upper()}
        return {
            **clean,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS": "-no-color",
            **({"AWS_ENDPOINT_URL": self.url} if hasattr(self, "url") else {}),
            **more,
        }

    def aws(self, *arguments):
        """Response of the AWS CLI in the stacks' region."""
        done = subprocess.run(
            ["aws", *arguments, "--region", "us-east-1", "--output", "json"],
            # Another key, so that the list of calls shows who made them.
            env=self.environment(AWS_ACCESS_KEY_ID="observer"),
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    # Commands that list each kind of resource, whatever its name or tag. Network interfaces are left out: they go with
    # their network, except that of a NAT gateway, which moto forgets to delete.
    LISTS = """
        acm list-certificates
        application-autoscaling describe-scalable-targets --service-namespace ecs
        application-autoscaling describe-scaling-policies --service-namespace ecs
        cloudwatch describe-alarms
        cloudwatch list-dashboards
        ec2 describe-addresses
        ec2 describe-flow-logs
        ec2 describe-internet-gateways
        ec2 describe-nat-gateways
        ec2 describe-route-tables
        ec2 describe-security-groups
        ec2 describe-subnets
        ec2 describe-vpc-endpoints
        ec2 describe-vpcs
        ecr describe-repositories
        ecs describe-clusters --clusters meridian meridian-staging meridian-options
        ecs list-task-definitions
        elbv2 describe-load-balancers
        elbv2 describe-target-groups
        iam list-roles
        logs describe-log-groups
        s3api list-buckets
        scheduler list-schedules
        sns list-subscriptions
        sns list-topics
        wafv2 list-web-acls --scope REGIONAL
    """

    def listed(self):
        """CLI command to the number of resources that it lists, without those listed as deleted."""
        deleted = {"State": "deleted", "status": "INACTIVE"}
        counted = {}
        for command in self.LISTS.split("\n"):
            if command.strip():
                lists = [found for key, found in self.aws(*command.split()).items() if isinstance(found, list)
                    and key != "failures"]
                things = [thing for found in lists for thing in found]
                existing = [thing for thing in things if not (isinstance(thing, dict)
                    and any(thing.get(key) == state for key, state in deleted.items()))]
                counted[command.strip()] = len(existing)
        return counted

    def everything(self):
        """Number of resources per kind in the emulator's memory; fails once a bucket was deleted."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json") as response:
            return {f"{service} {kind}": len(items) for service, kinds in json.load(response).items()
                for kind, items in kinds.items()}

    @contextlib.contextmanager
    def holding(self, *operations):
        """Execute these operations, but hold back their responses until exit."""
        held = self.folder / "calls.held"
        held.write_text(" ".join(operations))
        try:
            yield
        finally:
            held.unlink()

    def called(self):
        """Operations of the deployer in order of arrival, as "service Operation"."""
        return [f"{service} {operation}" for service, operation, _ in self.requests("rehearsal")]

    def requests(self, key):
        """Service, operation and moto_server.py's notes, as JSON, of each call that the key signed."""
        # The last line may be incomplete.
        lines = [line.split(maxsplit=3) for line in self.calls.read_text().split("\n")[:-1]]
        return [(service, operation, notes) for service, operation, signed, notes in lines if signed == key]


class Door:
    """The load balancer's state in moto."""

    def __init__(self, world, name="meridian"):
        """name: of the stack"""
        self.name = name
        import boto3  # in requirements-check.txt only; tests without it import this file too

        options = {"endpoint_url": world.url, "region_name": "us-east-1", "aws_access_key_id": "x",
            "aws_secret_access_key": "x"}
        self.balancing = boto3.client("elbv2", **options)
        self.containers = boto3.client("ecs", **options)

    def weights(self):
        """Target group to weight, from the rule with priority 100, else from the listener itself."""
        balancer = self.balancing.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self.balancing.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
        rules = self.balancing.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        rule = next((rule for rule in rules if rule["Priority"] == "100"), None)
        if not rule:
            return {listener["DefaultActions"][0]["TargetGroupArn"]: 100}
        return {group["TargetGroupArn"]: group["Weight"]
            for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}

    def targets(self, named=None, weights=None):
        """Weight of each group, with version and health of each target. named: returns a name for the ARN of a task
        definition, instead of the version; weights: instead of those of the only load balancer."""
        # Listed before the tasks, so that each target has its task by then.
        groups = [(weight, self.balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"])
            for group, weight in (self.weights() if weights is None else weights).items()]
        tasks = {}
        for service in ("stable", "canary"):
            for status in ("RUNNING", "STOPPED"):
                arns = self.containers.list_tasks(cluster=self.name, serviceName=f"{self.name}-{service}",
                    desiredStatus=status)["taskArns"]
                for task in self.containers.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []:
                    tasks[task["attachments"][0]["details"][0]["value"]] = (named or self.version)(
                        task["taskDefinitionArn"])
        return [
            (weight, [(tasks[target["Target"]["Id"]], target["TargetHealth"]["State"] == "healthy") for target in found
                if target["Target"]["Id"] in tasks and target["TargetHealth"]["State"] != "draining"])
            for weight, found in groups
        ]

    def version(self, definition):
        container = self.containers.describe_task_definition(
            taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]
        return {each["name"]: each["value"] for each in container["environment"]}["MERIDIAN_VERSION"]

    def shares(self):
        """Version to weight."""
        return {version: weight for weight, targets in self.targets()
            for version in {each for each, _ in targets} if weight}

    def services(self):
        """Name to desired count of the active services."""
        names = self.containers.list_services(cluster=self.name)["serviceArns"]
        found = self.containers.describe_services(cluster=self.name, services=names)["services"]
        return {service["serviceName"]: service["desiredCount"] for service in found if service["status"] == "ACTIVE"}


class Clone:
    """A clone of the repository with this folder's changes, and the commands people type in it."""

    cloud = "aws"

    def __init__(self, folder, world, source=ROOT):
        self.folder = folder
        self.world = world
        self.stack = folder / "stacks" / self.cloud
        cloned(folder, source=source)

    def script(self, program, *arguments, check=True, **environment):
        return ran(sys.executable, self.folder / "scripts/meridian", program, self.cloud,
            *(["--", *arguments] if arguments else []), env=self.world.environment(**environment),
            codes=(0,) if check else None)

    def python(self, code):
        """The variable `result` after code that uses the modules of scripts/."""
        done = subprocess.run(
            [sys.executable, "-c", f"{code}\nimport json\nprint(json.dumps(result))"],
            env=self.world.environment(PYTHONPATH=str(self.folder / "scripts")),
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def terraform(self, *arguments, check=True, **environment):
        return ran("terraform", f"-chdir={self.stack}", *arguments, env=self.world.environment(**environment),
            codes=(0,) if check else None)

    def outputs(self, **environment):
        return {name: output["value"]
            for name, output in json.loads(self.terraform("output", "-json", **environment).stdout).items()}

    def waits_for(self, *arguments, **environment):
        """Return a function that says whether one step waits for another in Terraform's graph of an apply."""
        plan = self.folder / "plan"
        self.terraform("plan", "-input=false", f"-out={plan}", *arguments, **environment)
        graph = self.terraform("graph", f"-plan={plan}").stdout
        edges = re.findall(r'"\[root\] (.+?)" -> "\[root\] (.+?)"', graph.replace('\\"', "'"))
        follows = {}
        for step, other in edges:
            follows.setdefault(step, set()).add(other)

        def waits(step, other):
            assert step in follows, f"{step} is not in the graph:\n{graph}"
            seen, ahead = set(), {step}
            while ahead:
                seen |= ahead
                ahead = set().union(*(follows.get(each, set()) for each in ahead)) - seen
            return other in seen

        return waits

    def planned(self, *arguments, **environment):
        """Address to actions of what a plan changes."""
        plan = self.folder / "plan"
        self.terraform("plan", "-input=false", f"-out={plan}", *arguments, **environment)
        shown = json.loads(self.terraform("show", "-json", str(plan)).stdout)
        planned = {change["address"]: change["change"]["actions"] for change in shown["resource_changes"]}
        return {address: actions for address, actions in planned.items() if actions not in (["no-op"], ["read"])}
