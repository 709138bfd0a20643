"""A platform and its services, with the real provider on an emulator of AWS.

The tests build on each other, in this order.
"""

import concurrent.futures
import contextlib
import json
import os
import re

import pytest
from doubles.balancer import Shared, routed, weights
from support import cloudwatch, rights
from support.aws_world import Clone, Door, World, in_order  # noqa: F401 a fixture
from support.load import Load
from support.machine import need, ran
from support.rehearsal import ALL_PREVIEWS

NEEDED = ("terraform", "aws", "docker-registry", "aws-cli")
pytestmark = [pytest.mark.check, pytest.mark.needs(*NEEDED)]

FIRST, SECOND, STOCK, P1 = (f"example.com/meridian@sha256:{letter * 64}" for letter in "1234")
SHARED = re.compile(r"\.aws_(lb|nat_gateway|eip|internet_gateway|vpc|vpc_endpoint)\.")
STANDING = ("orders", "stock", "p1")
IMAGES = dict(zip(STANDING, (FIRST, STOCK, P1)))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    for name in NEEDED:
        need(name)
    with World(tmp_path_factory.mktemp("aws")) as world:
        world.zone = world.aws("route53", "create-hosted-zone", "--name", "example.com",
            "--caller-reference", "1")["HostedZone"]["Id"].split("/")[-1]
        yield world


@pytest.fixture(scope="module")
def clone(world, tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("clone"), world)
    for name in ("terraform", "staging"):
        file = clone.folder / f"stacks/platform/aws/{name}.tfvars"
        text = file.read_text().replace("Z0123456789ABCDEFGHIJ", world.zone)
        # Before a destroy, the AWS CLI looks for each preview.
        file.write_text(text if "ALL_PREVIEWS" in os.environ else text.replace("previews = 20", "previews = 2"))
    return clone


def typed(clone, verb, place="aws", *arguments, check=True, **environment):
    """Run a command for staging, within the boundary of its deployer."""
    clone.cloud = place
    return clone.script(verb, *arguments, check=check, **{"ENV": "staging", "TF_VAR_boundary": "true", **environment})


def refused(clone, *arguments, **environment):
    """Output of a command that must fail, in one line."""
    done = typed(clone, *arguments, check=False, **environment)
    assert done.returncode == 1, done.stdout
    return " ".join(done.stdout.replace("│", " ").split())


def plain(clone, service, verb, *arguments):
    """Run plain Terraform as in the guide, with the file that the tasks wrote."""
    own = [f"-var-file=services/{service}.tfvars"] if service in ("orders", "stock") else []
    return clone.terraform(verb, "-detailed-exitcode" if verb == "plan" else "-auto-approve", "-input=false",
        "-var-file=staging.tfvars", *own, "-var-file=staging.platform.tfvars.json", f"-var=name=staging-{service}",
        "-var=boundary=true", *arguments, TF_WORKSPACE=f"staging_{service}")


def created(clone, service):
    """Addresses of the resources in a service's state."""
    listed = clone.terraform("state", "list", TF_WORKSPACE=f"staging_{service}").stdout.split()
    return [each for each in listed if not re.search(r"(^|\.)data\.", each)]


def there(world):
    """What the emulator has, except security group rules, which it creates anew for each request."""
    return {kind: number for kind, number in world.everything().items() if kind != "ec2 SecurityGroupRule"}


def rules(world, platform="staging"):
    """Rules of the load balancer's listener on port 443."""
    [balancer] = world.aws("elbv2", "describe-load-balancers", "--names", f"{platform}-platform")["LoadBalancers"]
    listeners = world.aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer["LoadBalancerArn"])
    [serves] = [each["ListenerArn"] for each in listeners["Listeners"] if each["Port"] == 443]
    return world.aws("elbv2", "describe-rules", "--listener-arn", serves)["Rules"]


def groups(action):
    """Names of an action's target groups, with their weights."""
    return {group.split("/")[1]: weight for group, weight in weights(action).items()}


def test_a_service_is_declared_once_and_needs_a_deployed_platform(clone, world):
    for service in ("orders", "stock"):
        said = ran("python3", clone.folder / "scripts/meridian", "new-service", f"--service={service}",
            env=world.environment()).stdout
        assert "deploy-platform-aws" in said
    again = ran("python3", clone.folder / "scripts/meridian", "new-service", "--service=stock",
        env=world.environment(), codes=(1,)).stdout
    assert "stock is declared already" in again
    before = there(world)
    assert "The platform staging, on which" in refused(clone, "deploy", SERVICE="orders", IMAGE=FIRST)
    assert there(world) == before


def test_services_and_a_preview_create_nothing_that_is_shared(clone, world):
    typed(clone, "deploy", "platform-aws")
    said = typed(clone, "deploy", SERVICE="orders", IMAGE=FIRST).stdout
    assert "Serves at https://orders.staging.example.com" in said
    for service in ("stock", "p1"):
        plain(clone, service, "apply", f"-var=image={IMAGES[service]}")
    counts = {service: len([each for each in created(clone, service) if not each.startswith("module.documents")])
        for service in STANDING}
    assert counts["orders"] <= 40 and counts["p1"] <= 20, counts
    assert [each for service in STANDING for each in created(clone, service) if SHARED.search(each)] == []
    (clone.folder / "stacks/aws/services/mail.tfvars").write_text("")
    assert "does not declare mail" in refused(clone, "plan", SERVICE="mail")
    for service in ("orders", "p1"):
        done = typed(clone, "plan", "aws", "-detailed-exitcode", SERVICE=service, check=False)
        assert done.returncode == 0, done.stdout


def test_each_service_answers_to_its_own_name_and_none_to_any_other(world):
    found = rules(world)
    priorities = [each["Priority"] for each in found]
    assert len(set(priorities)) == len(priorities) == 1 + 2 * len(STANDING)
    for service in STANDING:
        assert groups(routed(found, f"{service}.staging.example.com")) == {
            f"staging-{service}-stable": 100, f"staging-{service}-canary": 0}
    for host in ("p2.staging.example.com", "staging.example.com", "orders.example.com", "10.31.0.4"):
        action = routed(found, host)
        assert (action["Type"], action["FixedResponseConfig"]["StatusCode"]) == ("fixed-response", "404")


def test_each_alarm_watches_one_service_only(world):
    alarms = world.aws("cloudwatch", "describe-alarms")["MetricAlarms"]
    own = {name: [each for each in alarms if each["AlarmName"].startswith(f"staging-{name}-")] for name in STANDING}
    assert own["p1"] == [] and len(own["orders"]) == len(own["stock"]) == 7
    for name in ("orders", "stock"):
        for alarm in own[name]:
            metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
            for metric in metrics or [alarm]:
                values = [each["Value"] for each in metric.get("Dimensions", []) if each["Name"] != "LoadBalancer"]
                # The probe's metric has no dimensions; its namespace contains the service's name.
                assert all(f"staging-{name}" in value for value in values or [metric["Namespace"]]), alarm["AlarmName"]
    [shared] = [each for each in alarms if each["AlarmName"] == "staging-platform-errors"]
    assert shared["MetricName"] == "HTTPCode_ELB_5XX_Count"


# Values of the newest periods of a healthy service, and of one that sends nothing but errors, late.
WELL = {"RequestCount": [500] * 12, "HTTPCode_Target_5XX_Count": [0] * 12, "HTTPCode_ELB_5XX_Count": [0] * 12,
    "UnHealthyHostCount": [0] * 12, "TargetResponseTime": [0.1] * 12, "CPUUtilization": [20] * 12,
    "MemoryUtilization": [50] * 12, "ProbeOK": [1] * 12}
ILL = {**WELL, "HTTPCode_Target_5XX_Count": [500] * 12, "UnHealthyHostCount": [1] * 12,
    "TargetResponseTime": [5] * 12, "CPUUtilization": [95] * 12, "MemoryUtilization": [95] * 12, "ProbeOK": [0] * 12}


@pytest.mark.parametrize("ill", ["orders", "stock"])
def test_a_failing_service_sets_off_only_its_own_alarms(world, ill):
    def fires(alarm):
        metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        seen = {}
        for metric in metrics or [alarm]:
            of_it = f"staging-{ill}" in json.dumps([metric["Namespace"], metric.get("Dimensions", [])])
            seen[metric["MetricName"]] = (ILL if of_it else WELL)[metric["MetricName"]]
        return cloudwatch.state(alarm, seen) == "ALARM"

    alarms = [each for each in world.aws("cloudwatch", "describe-alarms")["MetricAlarms"]
        if not each["AlarmName"].startswith("TargetTracking-")]
    assert len(alarms) == 15
    assert {each["AlarmName"] for each in alarms if fires(each)} == {each["AlarmName"] for each in alarms
        if each["AlarmName"].startswith(f"staging-{ill}-")}


def version(image):
    return image.partition("@")[2]


@contextlib.contextmanager
def visited(world):
    """Send sixty requests a second to each service by its host, with a server in the load balancer's place."""
    doors = {service: Door(world, f"staging-{service}") for service in STANDING}

    def targets(group):
        [service] = [each for each in STANDING if f"/staging-{each}-" in group]
        [(_, found)] = doors[service].targets(weights={group: 1})
        return found

    balancing = doors["orders"].balancing
    [balancer] = balancing.describe_load_balancers(Names=["staging-platform"])["LoadBalancers"]
    [serves] = [each["ListenerArn"] for each in balancing.describe_listeners(
        LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"] if each["Port"] == 443]
    with (Shared(lambda: balancing.describe_rules(ListenerArn=serves)["Rules"], targets) as front,
            contextlib.ExitStack() as running):
        host, port = front.url.removeprefix("http://").split(":")
        loads = {service: running.enter_context(Load(host, int(port), rate=60, connections=5, patience=30,
            name=f"{service}.staging.example.com")) for service in STANDING}
        for load in loads.values():
            load.wait_for(60)
        yield loads


def test_a_canary_moves_the_requests_of_its_service_and_of_no_other(clone, world):
    before = {each["Priority"]: groups(each["Actions"][0]) for each in rules(world)}
    outputs = json.loads(clone.terraform("output", "-json", TF_WORKSPACE="staging_orders").stdout)
    canary = {"image": SECOND, "percent": 10, "stable": outputs["revision"]["value"]}
    asked = len(world.requests("rehearsal"))
    with visited(world) as loads:
        typed(clone, "deploy", "aws", f"-var=canary={json.dumps(canary)}", SERVICE="orders", IMAGE=FIRST)
        during = {each["Priority"]: groups(each["Actions"][0]) for each in rules(world)}
        assert during == {**before, "101": {"staging-orders-stable": 90, "staging-orders-canary": 10}}
        loads["orders"].wait_for(loads["orders"].answered + 300)
        typed(clone, "deploy", SERVICE="orders", IMAGE=FIRST)
    for service, load in loads.items():
        assert not load.lost and not load.refused and set(load.statuses) == {200}, f"{service}: {load.statuses}"
        own = {version(IMAGES[service])}
        assert set(load.versions) == (own | {version(SECOND)} if service == "orders" else own), service
    assert {each["Priority"]: groups(each["Actions"][0]) for each in rules(world)} == before
    changed = [what for _, operation, what in world.requests("rehearsal")[asked:] if operation == "ModifyRule"]
    assert len(changed) >= 2 and not any("staging-stock" in what or "staging-p1" in what for what in changed)


def test_nothing_that_a_service_needs_is_removed(clone, world):
    before = there(world)
    file = clone.folder / "stacks/platform/aws/services.auto.tfvars.json"
    declared = file.read_text()
    file.write_text(json.dumps({"services": {"stock": {"slot": 2}}}))
    said = refused(clone, "deploy", "platform-aws", YES="1")
    assert "staging-orders stands on the platform. Remove it first: ./taskw destroy-aws SERVICE=orders" in said
    file.write_text(declared)
    # Plain Terraform looks for each of them before it removes anything.
    done = ran("terraform", f"-chdir={file.parent}", "destroy", "-auto-approve", "-var-file=staging.tfvars",
        "-var=boundary=true", env=world.environment(TF_WORKSPACE="staging"), codes=(1,))
    said = " ".join(done.stdout.split())
    assert all(f"staging-{service} stands on the platform" in said for service in STANDING)
    assert "Still deployed on staging-platform: orders, p1, stock." in refused(clone, "destroy", "platform-aws",
        CONFIRM="staging-platform")
    assert there(world) == before
    typed(clone, "deploy", "platform-aws")


def test_the_deployers_policies_with_the_platforms_prefix_allow_every_call(world):
    text = json.dumps(rights.policy("network", "service")).replace("policy/meridian*", "policy/staging*")
    policy = json.loads(text.replace("meridian*", "staging-*"))
    asked = rights.asked(world.requests("rehearsal"))
    assert {need for need in asked if not rights.allowed(policy, need)} == set()
    # The policies of a platform whose name begins alike allow only what has no tag or name before it exists.
    others = json.loads(json.dumps(policy).replace("staging-*", "stagin-*").replace("staging*", "stagin*"))
    named = [need for need in asked if "staging-" in str(need) and not rights.ANYBODYS.search(need[0])]
    assert named and {need[0] for need in named if rights.allowed(others, need)} <= {"ec2:CreateTags",
        "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"}


def test_a_second_environment_shares_nothing_with_the_first(clone, world):
    before = rules(world)
    typed(clone, "deploy", "platform-aws", ENV="")
    said = typed(clone, "deploy", SERVICE="stock", IMAGE=FIRST, ENV="").stdout
    assert "Serves at https://stock.services.example.com" in said
    assert rules(world) == before
    assert groups(routed(rules(world, "prod"), "stock.services.example.com")) == {"prod-stock-stable": 100,
        "prod-stock-canary": 0}
    for platform, host in (("prod", "stock.staging.example.com"), ("staging", "stock.services.example.com")):
        assert routed(rules(world, platform), host)["Type"] == "fixed-response"
    typed(clone, "destroy", SERVICE="stock", CONFIRM="prod-stock", ENV="")
    assert "AWS no longer lists anything of prod-platform." in typed(clone, "destroy", "platform-aws",
        CONFIRM="prod-platform", ENV="").stdout
    assert rules(world) == before


@ALL_PREVIEWS
def test_each_of_twenty_previews_answers_to_its_own_name(clone, world):
    slots = [f"p{number}" for number in range(1, 21)]

    def at_once(verb):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda slot: plain(clone, slot, verb, f"-var=image={FIRST}"), slots[1:]))

    at_once("apply")
    at_once("plan")
    assert max(len(created(clone, slot)) for slot in slots) <= 20
    found = rules(world)
    assert len({each["Priority"] for each in found}) == len(found) == 1 + 2 * (len(slots) + 2)
    for slot in (*slots, "orders", "stock"):
        assert groups(routed(found, f"{slot}.staging.example.com")) == {f"staging-{slot}-stable": 100,
            f"staging-{slot}-canary": 0}
    at_once("destroy")


def test_services_are_destroyed_in_any_order_and_the_platform_last(clone, world):
    plain(clone, "p1", "destroy", f"-var=image={P1}")
    typed(clone, "destroy", SERVICE="stock", CONFIRM="staging-stock")
    file = clone.folder / "stacks/platform/aws/services.auto.tfvars.json"
    file.write_text(json.dumps({"services": {"orders": {"slot": 1}}}))
    typed(clone, "deploy", "platform-aws", YES="1")
    assert groups(routed(rules(world), "orders.staging.example.com")) == {"staging-orders-stable": 100,
        "staging-orders-canary": 0}
    done = typed(clone, "plan", "aws", "-detailed-exitcode", SERVICE="orders", check=False)
    assert done.returncode == 0, done.stdout
    typed(clone, "destroy", SERVICE="orders", CONFIRM="staging-orders")
    # The destroy asks AWS, service by service.
    assert "AWS no longer lists anything of staging-platform." in typed(clone, "destroy", "platform-aws",
        CONFIRM="staging-platform").stdout
