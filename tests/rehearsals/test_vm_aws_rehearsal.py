"""The life cycle of the virtual machine on AWS, with the real provider on an emulator of AWS.

The emulator starts no machines. It shows which rules the firewall ends up with, that a second plan is empty, how a
replacement is requested, and that nothing remains. The tests build on each other.
"""

import base64
import os
import re
import subprocess

import pytest
from support import rights
from support.aws_world import Clone, World, in_order  # noqa: F401 a fixture
from support.machine import ROOT, need

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "docker-registry", "aws-cli")]

# Images that are never run: the emulator accepts any digest.
FIRST, SECOND = (f"example.com/meridian@sha256:{letter * 64}" for letter in "12")
ANYWHERE, INSIDE = "0.0.0.0/0", "10.30.0.0/16"
LIST = {
    ("in", "tcp", 80, 80, ANYWHERE),
    ("in", "tcp", 443, 443, ANYWHERE),
    ("in", "icmp", -1, -1, ANYWHERE),
    ("in", "tcp", 22, 22, "104.154.0.0/15"),
    ("in", "tcp", 0, 65535, INSIDE),
    ("in", "udp", 0, 65535, INSIDE),
    ("out", "-1", -1, -1, ANYWHERE),
}


class Machines(Clone):
    """The commands people type for the virtual machine."""

    cloud = "vm/aws"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    for name in ("terraform", "aws", "docker-registry", "aws-cli"):
        need(name)
    with World(tmp_path_factory.mktemp("vm-aws")) as world:
        world.before = listed(world)
        yield world


@pytest.fixture(scope="module")
def clone(world, tmp_path_factory):
    clone = Machines(tmp_path_factory.mktemp("clone"), world)
    with open(clone.stack / "terraform.tfvars", "a") as variables:
        variables.write("\nboundary = true\n")
    return clone


# Commands that list each kind of resource of the stack, whatever its name. Network interfaces are left out: the
# emulator keeps those of terminated machines. AWS deletes them with the machine, as the template requests.
LISTS = """
    autoscaling describe-auto-scaling-groups
    ec2 describe-addresses
    ec2 describe-internet-gateways
    ec2 describe-launch-templates
    ec2 describe-route-tables
    ec2 describe-security-groups
    ec2 describe-subnets
    ec2 describe-volumes
    ec2 describe-vpcs
    ecr describe-repositories
    elbv2 describe-load-balancers
    elbv2 describe-target-groups
    iam list-instance-profiles
    iam list-roles
    logs describe-log-groups
"""


def listed(world):
    """Command to the number of resources that it lists, including networks that AWS itself creates."""
    commands = [line.strip() for line in LISTS.strip().splitlines()]
    return {command: sum(len(found) for found in world.aws(*command.split()).values()) for command in commands}


def group(world):
    return world.aws("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"][0]


def machines(world):
    """Id to description of each machine that is not terminated."""
    reservations = world.aws("ec2", "describe-instances", "--filters",
        "Name=instance-state-name,Values=pending,running")
    return {machine["InstanceId"]: machine for reservation in reservations["Reservations"]
        for machine in reservation["Instances"]}


def template(world):
    """Data of the launch template."""
    (version,) = world.aws(
        "ec2", "describe-launch-template-versions", "--launch-template-name", "meridian-hello", "--versions", "$Latest"
    )["LaunchTemplateVersions"]
    return version["LaunchTemplateData"]


def test_one_command_deploys(world, clone):
    said = clone.script("deploy", IMAGE=FIRST).stdout
    assert f"Serves at {clone.outputs()['url']}" in said and "./taskw verify-vm-aws" in said
    added = int(re.search(r"Resources: (\d+) added", said)[1])
    # An image that is built adds two: its push and its digest.
    assert f"creates {added + 2} resources" in " ".join((ROOT / "stacks/vm/aws/README.md").read_text().split())
    assert clone.outputs()["image"] == FIRST
    assert clone.outputs()["greeting"] == "Hello World from BenchSci!"


def test_the_firewall_has_exactly_the_listed_rules(world, clone):
    (interface,) = template(world)["NetworkInterfaces"]
    (firewall,) = interface["Groups"]
    rules = world.aws("ec2", "describe-security-group-rules", "--filters",
        f"Name=group-id,Values={firewall}")["SecurityGroupRules"]
    assert {
        ("out" if rule["IsEgress"] else "in", rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["CidrIpv4"])
        for rule in rules
    } == LIST
    assert len(rules) == len(LIST)


def test_the_default_group_of_the_network_lets_nothing_in(world, clone):
    network = world.aws("ec2", "describe-vpcs", "--filters", "Name=tag:Stack,Values=meridian-hello")["Vpcs"][0]["VpcId"]
    groups = world.aws("ec2", "describe-security-groups", "--filters",
        f"Name=vpc-id,Values={network}")["SecurityGroups"]
    (default,) = (each for each in groups if each["GroupName"] == "default")
    assert len(groups) == 2 and default["IpPermissions"] == [] and default["IpPermissionsEgress"] == []
    (lists,) = world.aws("ec2", "describe-network-acls", "--filters", f"Name=vpc-id,Values={network}")["NetworkAcls"]
    assert sorted((each["Egress"], each["RuleNumber"], each["RuleAction"], each["Protocol"])
        for each in lists["Entries"]) == [
        (False, 100, "allow", "-1"),
        (False, 32767, "deny", "-1"),
        (True, 100, "allow", "-1"),
        (True, 32767, "deny", "-1"),
    ]


def test_the_load_balancer_has_the_static_addresses(world, clone):
    (balancer,) = world.aws("elbv2", "describe-load-balancers")["LoadBalancers"]
    held = {each["AllocationId"] for zone in balancer["AvailabilityZones"] for each in zone["LoadBalancerAddresses"]}
    addresses = {each["AllocationId"]: each["PublicIp"] for each in world.aws("ec2", "describe-addresses")["Addresses"]}
    assert balancer["Type"] == "network" and len(held) == 2
    assert {addresses[allocation] for allocation in held} == set(clone.outputs()["addresses"])


def test_the_machine_signs_in_to_the_registry_and_reads_its_secret(world, tmp_path):
    """Run identity.sh as a machine does, with the AWS CLI; a fake docker records what it receives."""
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$@" >"$NOTES/words"\ncat >"$NOTES/password"\n')
    (tmp_path / "docker").chmod(0o755)
    registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    pem = "-----BEGIN PRIVATE KEY-----\nline\n-----END PRIVATE KEY-----"
    arn = world.aws("secretsmanager", "create-secret", "--name", "hello", "--secret-string", pem)["ARN"]
    script = f". {ROOT}/stacks/vm/aws/identity.sh; registry_login ghcr.io; registry_login {registry}; read_secret {arn}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        # Not as the deployer, whose calls are checked against its policies.
        env=world.environment(PATH=f"{tmp_path}:{os.environ['PATH']}", NOTES=str(tmp_path),
            AWS_ACCESS_KEY_ID="machine"),
        text=True,
        capture_output=True,
    )
    world.aws("secretsmanager", "delete-secret", "--secret-id", arn, "--force-delete-without-recovery")
    assert done.returncode == 0, done.stderr
    assert done.stdout == pem + "\n"
    assert (tmp_path / "words").read_text() == f"login --username AWS --password-stdin {registry}\n"
    (token,) = world.aws("ecr", "get-authorization-token")["authorizationData"]
    user_and_password = base64.b64decode(token["authorizationToken"]).decode()
    assert user_and_password == "AWS:" + (tmp_path / "password").read_text().rstrip("\n")


def test_a_second_plan_is_empty(clone):
    assert clone.planned(f"-var=image={FIRST}") == {}


def test_a_supplied_image_is_kept(clone):
    said = clone.script("plan").stdout
    assert f"Keeping the image that was supplied: {FIRST}" in said and "No changes" in said


def test_the_plan_of_a_new_image_destroys_nothing(clone):
    planned = clone.planned(f"-var=image={SECOND}")
    assert planned == {"aws_launch_template.this": ["update"], "aws_autoscaling_group.this": ["update"]}


def test_a_new_image_starts_a_machine_before_it_terminates_one(world, clone):
    before = set(machines(world))
    addresses = clone.outputs()["addresses"]
    clone.script("deploy", IMAGE=SECOND)
    (refresh,) = world.aws("autoscaling", "describe-instance-refreshes", "--auto-scaling-group-name", "meridian-hello")[
        "InstanceRefreshes"
    ]
    preferences = refresh["Preferences"]
    # If the healthy machines may never be fewer than wanted, but up to twice as many, AWS launches first:
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
    assert (preferences["MinHealthyPercentage"], preferences["MaxHealthyPercentage"]) == (100, 200)
    # A rollback would go back to the group's template, which the provider has already changed.
    assert preferences.get("AutoRollback", False) is False
    assert group(world)["MaxSize"] >= 2 * group(world)["DesiredCapacity"], "There must be room for both."
    after = set(machines(world))
    assert len(after) == 1 and not after & before
    assert clone.outputs()["image"] == SECOND
    assert clone.outputs()["addresses"] == addresses


def test_the_plan_after_the_replacement_is_empty(clone):
    assert clone.planned(f"-var=image={SECOND}") == {}


def test_a_wrong_name_destroys_nothing(world, clone):
    done = clone.script("destroy", check=False, CONFIRM="meridian")
    assert done.returncode == 1 and '"meridian" is not meridian-hello.' in done.stdout
    assert len(machines(world)) == 1


def test_destroy_leaves_nothing(world, clone):
    said = clone.script("destroy", CONFIRM="meridian-hello").stdout
    assert "AWS no longer lists anything of meridian-hello." in said
    assert machines(world) == {}
    assert listed(world) == world.before


def test_the_deployers_policies_allow_every_call_and_nothing_on_foreign_resources(world):
    # moto names every load balancer like an application load balancer.
    requests = [(service, operation, re.sub("(loadbalancer|listener)/app/", r"\1/net/", notes))
        for service, operation, notes in world.requests("rehearsal")]
    policy, asked = rights.policy("network", "machine"), rights.asked(requests)
    assert {need for need in asked if not rights.allowed(policy, need)} == set()
    # A network's default group and access control list have no tag.
    assert rights.allowed_on_foreign(policy, asked) == {"ec2:CreateTags", "ec2:CreateNetworkAclEntry",
        "ec2:DeleteNetworkAclEntry", "ec2:ReplaceNetworkAclAssociation"}
