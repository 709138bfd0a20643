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
    """A step that failed leaves nothing for the next one to stand on."""
    if broken := getattr(request.module, "broken", None):
        pytest.fail(f"{broken} failed before")
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        request.module.broken = request.node.name


# Rights that have another name than S3's interface:
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
    """The right that a call takes."""
    prefix = {"monitoring": "cloudwatch", "tagging": "tag"}.get(service, service)
    return f"{prefix}:{S3_RIGHTS.get(operation, operation) if service == 's3' else operation}"


class World:
    """Context manager: `url` is AWS, `registry` HOST:PORT; both end with it."""

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
        """Starts a server of moto's, which is AWS from here on."""
        port = free_port()
        environment = {**self.environment(), "MERIDIAN_REGISTRY": self.registry, "MOTO_ACM_VALIDATION_WAIT": "1"}
        self.emulators.append(Emulator([sys.executable, program, port, self.calls], port, self.folder / "moto.log",
            environment))
        self.url = f"http://127.0.0.1:{port}"

    def environment(self, **more):
        """Of whatever speaks with this AWS: no credentials, files or proxies of this machine's."""
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
        """Answer of the AWS CLI in the region of the stacks."""
        done = subprocess.run(
            ["aws", *arguments, "--region", "us-east-1", "--output", "json"],
            # Another key, so that the list of calls tells who asked.
            env=self.environment(AWS_ACCESS_KEY_ID="observer"),
            text=True,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    # What lists each kind of thing, whatever its name or tag. Network interfaces go with their network,
    # but for that of a NAT gateway, which moto forgets to delete.
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
        """Command of the CLI to how many things it lists; what is listed as deleted does not count."""
        gone = {"State": "deleted", "status": "INACTIVE"}
        counted = {}
        for command in self.LISTS.split("\n"):
            if command.strip():
                lists = [found for key, found in self.aws(*command.split()).items() if isinstance(found, list)
                    and key != "failures"]
                things = [thing for found in lists for thing in found]
                leftovers = [thing for thing in things
                    if not (isinstance(thing, dict) and any(thing.get(key) == state for key, state in gone.items()))]
                counted[command.strip()] = len(leftovers)
        return counted

    def everything(self):
        """Each kind of thing in the emulator's memory, with the number of them; fails once a bucket was deleted."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json") as response:
            return {f"{service} {kind}": len(items) for service, kinds in json.load(response).items()
                for kind, items in kinds.items()}

    @contextlib.contextmanager
    def holding(self, *operations):
        """Does these operations, and keeps back their answers until it ends."""
        held = self.folder / "calls.held"
        held.write_text(" ".join(operations))
        try:
            yield
        finally:
            held.unlink()

    def called(self):
        """Operations of the deployer in the order in which they came, as "service Operation"."""
        return [f"{service} {operation}" for service, operation, _ in self.requests("rehearsal")]

    def requests(self, key):
        """Of each call that the key signed: service, operation, and as JSON what moto_server.py notes."""
        # The last line may be under way.
        lines = [line.split(maxsplit=3) for line in self.calls.read_text().split("\n")[:-1]]
        return [(service, operation, reported) for service, operation, signed, reported in lines if signed == key]


class Door:
    """What the load balancer has, as moto knows it."""

    def __init__(self, world, name="meridian"):
        """name: of the stack"""
        self.name = name
        import boto3  # not there in a newcomer's tests, which come by this file too

        options = {"endpoint_url": world.url, "region_name": "us-east-1", "aws_access_key_id": "x",
            "aws_secret_access_key": "x"}
        self.balancing = boto3.client("elbv2", **options)
        self.containers = boto3.client("ecs", **options)

    def weights(self):
        """Target group to weight: those of the first rule that all requests fit, else of the listener itself."""
        balancer = self.balancing.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listener = self.balancing.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
        rules = self.balancing.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        rule = next((rule for rule in rules if rule["Priority"] == "100"), None)
        if not rule:
            return {listener["DefaultActions"][0]["TargetGroupArn"]: 100}
        return {group["TargetGroupArn"]: group["Weight"]
            for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}

    def targets(self, reported=None, weights=None):
        """Weight of each group, with the version and the health of each of its targets; told: tells another name of a
        target by the ARN of its task definition; weights: others than those of the only load balancer."""
        # Before their tasks, so that each has one by the time that these are listed.
        groups = [(weight, self.balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"])
            for group, weight in (self.weights() if weights is None else weights).items()]
        tasks = {}
        for service in ("stable", "canary"):
            for status in ("RUNNING", "STOPPED"):
                arns = self.containers.list_tasks(cluster=self.name, serviceName=f"{self.name}-{service}",
                    desiredStatus=status)["taskArns"]
                for task in self.containers.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []:
                    tasks[task["attachments"][0]["details"][0]["value"]] = (reported or self.version)(
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
        """Name to desired count of those that are active."""
        names = self.containers.list_services(cluster=self.name)["serviceArns"]
        found = self.containers.describe_services(cluster=self.name, services=names)["services"]
        return {service["serviceName"]: service["desiredCount"] for service in found if service["status"] == "ACTIVE"}


class Clone:
    """A clone of the repository as it stands in this folder, and the commands people type in it."""

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
        """The variable `answer` after code that uses the modules of scripts/."""
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
        """From Terraform's graph of an apply: function that says whether one step waits for another."""
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
        """Address to actions of whatever a plan changes."""
        plan = self.folder / "plan"
        self.terraform("plan", "-input=false", f"-out={plan}", *arguments, **environment)
        shown = json.loads(self.terraform("show", "-json", str(plan)).stdout)
        planned = {change["address"]: change["change"]["actions"] for change in shown["resource_changes"]}
        return {address: actions for address, actions in planned.items() if actions not in (["no-op"], ["read"])}
