"""The life cycle of the AWS stack, with the real provider on an emulator of AWS.

The emulator starts no containers. It shows which calls are made and in which order, that a second plan is empty, that
nothing remains, and that the guide's rights suffice. The tests build on each other, in this order.
"""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import time
import urllib.request

import pytest
from support import cloudwatch, rights
from support.aws_world import Clone, World, in_order  # noqa: F401 a fixture
from support.machine import ROOT, need
from support.rehearsal import timed

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "aws", "docker-registry", "aws-cli")]

# Images that are never run: the emulator accepts any digest.
FIRST, SECOND, THIRD, FOURTH = (f"example.com/meridian@sha256:{letter * 64}" for letter in "1234")
# moto_services.py makes tasks with this one crash.
BROKEN = "example.com/meridian@sha256:" + "bad" * 21 + "b"
CANARY = "module.service.aws_ecs_service.canary"
WEIGHTS = "module.service.aws_lb_listener_rule.weights"
TRIAL = "module.service.terraform_data.trial[0] (destroy)"
HEALTHY = 'module.service.terraform_data.healthy["stable"]'
SCHEDULE = "module.probe[0].aws_scheduler_schedule.this"
SERVICE = "module.service.aws_ecs_service.stable"
DEFINITIONS = {'module.service.aws_ecs_task_definition.this["stable"]', "module.probe[0].aws_ecs_task_definition.this"}
STAGING = {"ENV": "staging"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    for name in ("terraform", "aws", "docker-registry", "aws-cli"):
        need(name)
    with World(tmp_path_factory.mktemp("aws")) as world:
        world.before = world.listed()
        yield world


@pytest.fixture(scope="module")
def clone(world, tmp_path_factory):
    return Clone(tmp_path_factory.mktemp("clone"), world)


@pytest.fixture(scope="module")
def walled(world, tmp_path_factory):
    """A second emulator, whose stack has all options. It mostly waits, so the first goes on meanwhile."""
    with World(tmp_path_factory.mktemp("walled")) as other, concurrent.futures.ThreadPoolExecutor() as beside:
        other.life = beside.submit(with_options, other, Clone(tmp_path_factory.mktemp("options"), other))
        yield other


def weights(world, name="meridian"):
    """Weight of each target group in the load balancer."""
    balancer = world.aws("elbv2", "describe-load-balancers", "--names", name)["LoadBalancers"][0]["LoadBalancerArn"]
    listener = world.aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer)["Listeners"][0]["ListenerArn"]
    rules = world.aws("elbv2", "describe-rules", "--listener-arn", listener)["Rules"]
    [rule] = [rule for rule in rules if rule["Priority"] == "100"]
    return {group["TargetGroupArn"].split("/")[1].removeprefix(f"{name}-"): group["Weight"]
        for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}


def running(world, service="stable", name="meridian"):
    """Container definition that a service runs; None if it has no tasks."""
    services = world.aws("ecs", "describe-services", "--cluster", name, "--services", f"{name}-{service}")["services"]
    services = [service for service in services if service["status"] == "ACTIVE" and service["desiredCount"]]
    if not services:
        return None
    definition = world.aws("ecs", "describe-task-definition", "--task-definition", services[0]["taskDefinition"])
    return definition["taskDefinition"]["containerDefinitions"][0]


def changing(world, action):
    """Calls of an action that matter for the order of a canary's steps."""
    before = len(world.called())
    action()
    wanted = ("ecs CreateService", "ecs UpdateService", "ecs DeleteService", "elasticloadbalancing CreateRule",
        "elasticloadbalancing ModifyRule", "elasticloadbalancing DeleteRule")
    return [call for call in world.called()[before:] if call in wanted]


def assert_nothing_to_do(clone, *arguments, **environment):
    done = clone.script("plan", "-detailed-exitcode", *arguments, check=False, **environment)
    assert done.returncode == 0, done.stdout


def with_canary(clone, image, percent):
    canary = {"image": image, "percent": percent, "stable": clone.outputs()["revision"]}
    return [f"-var=image={clone.outputs()['image']}", f"-var=canary={json.dumps(canary)}"]


def test_the_plan_of_the_whole_stack_takes_seconds(clone, capsys):
    clone.terraform("init", "-input=false")
    done, wall, cpu = timed(lambda: clone.terraform("plan", "-input=false", f"-var=image={FIRST}"))
    planned = int(re.search(r"Plan: (\d+) to add", done.stdout)[1])
    with capsys.disabled():
        print(f"\n{planned} resources planned in {wall:.1f} s, {cpu:.1f} s of CPU")
    # Under ten on an idle machine; twice that, and CPU time, allow for a busy one.
    assert min(wall, cpu) < 20
    reported = re.search(r"creates (\d+) resources", (ROOT / "stacks/aws/README.md").read_text())
    # The guide's deployment also builds the image, with two resources.
    assert int(reported[1]) == planned + 2


@pytest.mark.usefixtures("walled")
def test_an_apply_gives_a_url_and_a_second_plan_is_empty(world, clone):
    done = clone.script("deploy", IMAGE=FIRST)
    assert re.search(r"Serves at http://meridian-", done.stdout)
    assert running(world)["image"] == FIRST
    # Without IMAGE the supplied image is kept.
    assert_nothing_to_do(clone)


# Addresses of modules since services can share a network and a load balancer, and before.
MOVED = {f"module.{name}[0]": f"module.{name}" for name in ("network", "documents", "alerts", "edge", "observability")}
OF_EDGE = ("aws_lb_target_group.this", "aws_lb_listener_rule.hold_canary")


def test_a_stack_from_before_platforms_is_not_changed(clone):
    for new, old in MOVED.items():
        clone.terraform("state", "mv", new, old)
    for each in OF_EDGE:
        clone.terraform("state", "mv", f"module.entry.{each}", f"module.edge.{each}")
    clone.terraform("state", "mv", "module.service.aws_appautoscaling_target.this[0]",
        "module.service.aws_appautoscaling_target.this")
    assert clone.planned(f"-var=image={FIRST}") == {}
    clone.script("deploy")
    assert_nothing_to_do(clone)


def test_alarms_and_dashboard_watch_existing_resources(world):
    balancer = world.aws("elbv2",
        "describe-load-balancers")["LoadBalancers"][0]["LoadBalancerArn"].split(":loadbalancer/")[1]
    groups = {group["TargetGroupArn"].split(":")[-1]
        for group in world.aws("elbv2", "describe-target-groups")["TargetGroups"]}
    real = {
        "LoadBalancer": {balancer},
        "TargetGroup": groups,
        "ClusterName": {arn.split("/")[-1] for arn in world.aws("ecs", "list-clusters")["clusterArns"]},
        "ServiceName": {arn.split("/")[-1]
            for arn in world.aws("ecs", "list-services", "--cluster", "meridian")["serviceArns"]},
    }
    assert len(groups) == 2 and all(real.values())
    watched = set()
    alarms = world.aws("cloudwatch", "describe-alarms")["MetricAlarms"]
    # Autoscaling creates two alarms for each of its policies.
    assert sorted(alarm["AlarmName"].startswith("TargetTracking-") for alarm in alarms) == [False] * 7 + [True] * 4
    for alarm in alarms:
        metrics = [query["MetricStat"]["Metric"]
            for query in alarm.get("Metrics", []) if "MetricStat" in query] or [alarm]
        for metric in metrics:
            assert metric.get("Dimensions") or metric["Namespace"] == "Meridian/meridian", alarm["AlarmName"]
            watched |= {(dimension["Name"], dimension["Value"]) for dimension in metric.get("Dimensions", [])}
    assert {value for name, value in watched if name == "TargetGroup"} == groups
    body = world.aws("cloudwatch", "get-dashboard", "--dashboard-name", "meridian")["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            names = [part for part in metric[2:] if isinstance(part, str)]
            watched |= set(zip(names[::2], names[1::2]))
    assert {name for name, _ in watched} == set(real)
    for name, value in watched:
        assert value in real[name], f"nothing has the {name} {value}"
    filters = world.aws("logs", "describe-metric-filters", "--log-group-name",
        "/meridian/meridian/probe")["metricFilters"]
    written = filters[0]["metricTransformations"][0]
    assert (written["metricNamespace"], written["metricName"]) == ("Meridian/meridian", "ProbeOK")


# Values of the newest periods, and whether the alarm fires. Periods of the probe and of errors are five minutes.
SERIES = [
    ("probe", "checks go well", {"ProbeOK": [1] * 4}, False),
    ("probe", "one check is late", {"ProbeOK": [1, 1, 1, None]}, False),
    ("probe", "a gap of one", {"ProbeOK": [1, None, 1, 1]}, False),
    ("probe", "ten minutes without", {"ProbeOK": [1, 1, None, None]}, True),
    ("probe", "failures only", {"ProbeOK": [1, 1, 0, 0]}, True),
    ("probe", "before the first", {}, False),
    ("errors", "nobody asks", {}, False),
    ("errors", "all is well", {"RequestCount": [1000] * 3}, False),
    ("errors", "no task is there, every visitor gets 503", {"HTTPCode_ELB_5XX_Count": [None, None, 200]}, True),
    ("errors", "every answer is the service's 500",
        {"RequestCount": [100] * 3, "HTTPCode_Target_5XX_Count": [None, None, 100]}, True),
    ("errors", "both at once",
        {"RequestCount": [100] * 3, "HTTPCode_Target_5XX_Count": [4] * 3, "HTTPCode_ELB_5XX_Count": [3] * 3}, True),
    ("errors", "four in five minutes", {"RequestCount": [10] * 3, "HTTPCode_Target_5XX_Count": [4] * 3}, False),
    ("errors", "half a percent", {"RequestCount": [2000] * 3, "HTTPCode_Target_5XX_Count": [10] * 3}, False),
    ("errors", "counts of requests are late",
        {"RequestCount": [500, 500, None], "HTTPCode_Target_5XX_Count": [None, 5, None]}, False),
    ("cpu", "a first deployment", {}, False),
    ("cpu", "at its maximum", {"CPUUtilization": [95] * 12}, True),
    ("memory", "a gap", {"MemoryUtilization": [50] * 6 + [None] * 6}, False),
    ("unhealthy-stable", "one of two not ready", {"UnHealthyHostCount": [0, 0, 1, 1, 1]}, True),
    ("unhealthy-canary", "no canary", {}, False),
    ("latency", "slow for three minutes", {"TargetResponseTime": [0.1, 0.1, 2, 2, 2]}, True),
]


def test_alarms_fire_when_they_should_and_not_before(world):
    alarms = {alarm["AlarmName"]: alarm for alarm in world.aws("cloudwatch", "describe-alarms")["MetricAlarms"]}
    for name, case, metrics, fires in SERIES:
        # Before its first data point an alarm has no state; otherwise it was OK.
        before = "OK" if metrics else "INSUFFICIENT_DATA"
        assert (cloudwatch.state(alarms[f"meridian-{name}"], metrics, before) == "ALARM") is fires, f"{name}: {case}"


def test_a_new_image_changes_only_the_task_definitions_and_what_runs_them(world, clone):
    planned = clone.planned(f"-var=image={SECOND}")
    changed = {SERVICE: ["update"], CANARY: ["update"], SCHEDULE: ["update"], HEALTHY: ["delete", "create"]}
    assert planned == {**{address: ["create", "delete"] for address in DEFINITIONS}, **changed}
    clone.script("deploy", IMAGE=SECOND)
    assert running(world)["image"] == SECOND
    assert {"name": "MERIDIAN_VERSION", "value": SECOND.split("@")[1]} in running(world)["environment"]


def test_weights_wait_for_the_canary(world, clone):
    """By the graph of the apply; test_canary_aws.py shows it under load."""
    waits = clone.waits_for(*with_canary(clone, THIRD, 10))
    assert waits(WEIGHTS, CANARY) and not waits(CANARY, WEIGHTS)


def test_a_canary_gets_ten_percent_once_it_runs(world, clone):
    arguments = with_canary(clone, THIRD, 10)
    calls = changing(world, lambda: clone.terraform("apply", "-auto-approve", *arguments))
    assert calls == ["ecs UpdateService", "elasticloadbalancing ModifyRule"]
    assert weights(world) == {"stable": 90, "canary": 10}
    assert running(world)["image"] == SECOND and running(world, "canary")["image"] == THIRD
    assert clone.planned(*arguments) == {}
    # The graph of the way back: tasks that still get requests are not removed.
    waits = clone.waits_for(f"-var=image={THIRD}")
    assert waits(CANARY, TRIAL) and waits(WEIGHTS, TRIAL) and not waits(TRIAL, CANARY)
    assert clone.outputs()["canary"]["percent"] == 10 and clone.outputs()["image"] == SECOND


def test_a_promoted_canary_loses_its_requests_before_its_tasks(world, clone):
    calls = changing(world, lambda: clone.script("deploy", IMAGE=THIRD))
    # The stable service can change at any time: its old tasks serve until the new ones are healthy.
    assert sorted(calls) == ["ecs UpdateService"] * 2 + ["elasticloadbalancing ModifyRule"] * 2
    assert calls.index("elasticloadbalancing ModifyRule") < len(calls) - 1 - calls[::-1].index("ecs UpdateService")
    assert weights(world) == {"stable": 100, "canary": 0}
    assert running(world)["image"] == THIRD and running(world, "canary") is None
    assert_nothing_to_do(clone)
    assert "canary" not in clone.outputs()


def test_a_withdrawn_canary_gets_nothing_and_the_stable_service_never_changes(world, clone):
    revision = clone.outputs()["revision"]
    clone.terraform("apply", "-auto-approve", *with_canary(clone, FOURTH, 10))
    clone.terraform("apply", "-auto-approve", *with_canary(clone, FOURTH, 0))
    assert weights(world) == {"stable": 100, "canary": 0}
    done = clone.script("deploy")
    assert "this apply withdraws it" in done.stdout
    assert running(world, "canary") is None and running(world)["image"] == THIRD
    assert clone.outputs()["revision"] == revision
    assert_nothing_to_do(clone)


def test_a_rollback_is_a_deployment_of_the_first_image(world, clone):
    clone.script("deploy", IMAGE=FIRST)
    assert running(world)["image"] == FIRST
    assert_nothing_to_do(clone)


def test_an_image_that_fails_to_start_fails_the_apply_and_names_where_to_look(world, clone):
    done = clone.script("deploy", IMAGE=BROKEN, check=False)
    assert done.returncode == 1
    said = " ".join(done.stdout.replace("│", " ").split())
    assert "did not become healthy" in said and "Essential container in task exited (exit code 1)" in said
    assert "describe-services" in said
    assert running(world)["image"] == FIRST and clone.outputs()["image"] == FIRST
    clone.script("deploy")
    assert_nothing_to_do(clone)


def with_options(world, clone):
    """Turn the options on and off on a running stack, in a separate environment, within a boundary."""
    zone = world.aws("route53", "create-hosted-zone", "--name", "example.com", "--caller-reference",
        "rehearsal")["HostedZone"]["Id"]
    base = 'name = "meridian-options"\ncidr = "10.22.0.0/16"\nboundary = true\n'
    file = clone.stack / "options.tfvars"
    options = {"ENV": "options"}
    file.write_text(base)
    assert "Serves at http://" in clone.script("deploy", IMAGE=FIRST, **options).stdout
    for role in ("task", "execution", "flow-logs", "probe-schedule"):
        within = world.aws("iam", "get-role", "--role-name", f"meridian-options-{role}")["Role"]["PermissionsBoundary"]
        assert within["PermissionsBoundaryArn"] == "arn:aws:iam::123456789012:policy/meridian-options-boundary"
    file.write_text(
        base
        + f"""
        zones  = 3
        nat    = "zonal"
        waf    = true
        email  = "ops@example.com"
        domain = {{ name = "time.example.com", zone = "{zone.split("/")[-1]}" }}
        """
    )
    assert "Serves at https://time.example.com" in clone.script("deploy", **options).stdout
    assert_nothing_to_do(clone, **options)
    balancer = world.aws("elbv2", "describe-load-balancers", "--names", "meridian-options")["LoadBalancers"][0]
    listeners = world.aws("elbv2", "describe-listeners", "--load-balancer-arn",
        balancer["LoadBalancerArn"])["Listeners"]
    assert {(listener["Port"], listener["DefaultActions"][0]["Type"]) for listener in listeners} == {(80, "redirect"),
        (443, "forward")}
    gateways = world.aws("ec2", "describe-nat-gateways", "--filter", "Name=tag:Stack,Values=meridian-options")
    assert len(gateways["NatGateways"]) == len(balancer["AvailabilityZones"]) == 3
    found = clone.python(
        "from meridian.stack import Stack\nstack = Stack('aws', 'options')\n"
        "result = stack.cloud.leftovers(stack)")
    assert {"web ACL", "certificate"} <= {thing.rsplit(" ", 1)[0] for thing in found}
    # Turn all of them off in one apply, which also removes the way to the internet.
    file.write_text(base + 'nat = "none"\n')
    inside = FIRST.replace("example.com/meridian", "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian-options")
    assert "Serves at http://" in clone.script("deploy", IMAGE=inside, **options).stdout
    assert_nothing_to_do(clone, **options)
    clone.script("destroy", CONFIRM="meridian-options", **options)
    world.aws("route53", "delete-hosted-zone", "--id", zone)


def test_domain_firewall_email_zones_and_nat_can_be_turned_on_and_off(walled):
    walled.life.result()


class Built:
    """What the two clones of the interrupted deployment share."""


def test_an_apply_killed_between_push_and_digest_records_no_digest(world, with_base, tmp_path_factory):
    killed = Clone(tmp_path_factory.mktemp("killed"), world)
    # The real push, but its result becomes a pipe that nobody writes to: Terraform records the push, then
    # waits for the digest, and is killed there.
    push = killed.folder / "modules/image/push"
    push.rename(push.with_name("real"))
    push.write_text('#!/usr/bin/env bash\nset -e\n"$(dirname "$0")/real"\ncp "$DIGEST_FILE" "$APP/target/digest"\nrm '
        '"$DIGEST_FILE"\nmkfifo "$DIGEST_FILE"\n')
    push.chmod(0o755)
    killed.terraform("init", "-input=false")
    log = world.folder / "killed.log"
    with open(log, "w") as output:
        process = subprocess.Popen(
            ["terraform", f"-chdir={killed.stack}", "apply", "-input=false", "-auto-approve",
                "-var-file=staging.tfvars"],
            env=world.environment(TF_WORKSPACE="staging", **with_base),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    state = killed.stack / "terraform.tfstate.d/staging/terraform.tfstate"
    end = time.monotonic() + 1800
    while True:
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        begun = set(re.findall(r"^(\S+): Creating\.\.\.", log.read_text(), re.M))
        ended = set(re.findall(r"^(\S+): Creation complete", log.read_text(), re.M))
        # Let resources elsewhere in the graph finish and reach the state.
        if "module.image.terraform_data.push[0]" in ended and begun <= ended:
            break
        time.sleep(5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    push.with_name("real").rename(push)
    Built.killed = killed
    Built.pushed = (killed.folder / "app/target/digest").read_text().strip()
    Built.state = state.read_text()
    # Terraform may have begun to record the digest, without an instance.
    noted = [each["instances"] for each in json.loads(Built.state)["resources"] if each["name"] == "digest"]
    assert noted in ([], [[]])


def test_another_clone_resumes_the_killed_apply_without_building_again(world, tmp_path_factory):
    clone = Built.clone = Clone(tmp_path_factory.mktemp("resumed"), world, Built.killed.folder)
    state = clone.stack / "terraform.tfstate.d/staging/terraform.tfstate"
    state.parent.mkdir(parents=True)
    state.write_text(Built.state)
    # With this BASE Maven fails, so that a build cannot go unnoticed.
    broken = {"BASE": "tar:///nowhere", **STAGING}
    done = clone.script("deploy", check=False, **broken)
    said = " ".join(done.stdout.replace("│", " ").split())
    assert done.returncode == 1
    how = re.search(r"terraform apply (-replace='[^']*')", said)[1].replace("'", "")
    clone.script("deploy", how, **broken)
    assert running(world, name="meridian-staging")["image"] == f"{world.registry}/meridian-staging@{Built.pushed}"
    assert_nothing_to_do(clone, **STAGING)


def test_the_task_runs_what_the_build_pushed(world):
    image = running(world, name="meridian-staging")["image"]
    path, digest = image.split("@")
    manifest = urllib.request.Request(
        f"http://{world.registry}/v2/{path.split('/', 1)[1]}/manifests/{digest}",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json, "
            "application/vnd.docker.distribution.manifest.v2+json"},
    )
    with urllib.request.urlopen(manifest) as response:
        layers = json.load(response)["layers"]
    assert len(layers) > 1


def test_a_destroy_deletes_images_and_object_versions_too(world, clone):
    bucket = "meridian-documents-123456789012-us-east-1"
    for _ in range(3):
        world.aws("s3api", "put-object", "--bucket", bucket, "--key", "foo.json", "--content-type", "application/json")
    versions = world.aws("s3api", "list-object-versions", "--bucket", bucket)["Versions"]
    assert len([version for version in versions if version["Key"] == "foo.json"]) >= 4
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})
    world.aws("ecr", "put-image", "--repository-name", "meridian", "--image-tag", "kept", "--image-manifest", manifest)
    # What a destroy looks for afterwards must exist before.
    kinds, found = clone.python(
        "from meridian.stack import Stack\nstack = Stack('aws')\n"
        "result = [[kind for kind, *_ in stack.cloud.listings(stack.name)], stack.cloud.leftovers(stack)]"
    )
    # The others exist only with a domain or waf.
    assert set(kinds) - {thing.rsplit(" ", 1)[0] for thing in found} == {"web ACL", "certificate"}
    refused = clone.script("destroy", CONFIRM="meridian-staging", check=False)
    assert refused.returncode == 1 and "Nothing was removed" in refused.stdout
    done = clone.script("destroy", CONFIRM="meridian")
    assert "AWS no longer lists anything of meridian." in done.stdout


def test_the_other_environment_is_unchanged(world):
    assert_nothing_to_do(Built.clone, **STAGING)


def test_the_account_ends_with_what_it_had_before(world):
    during = world.listed()
    # Each list still has the other environment's resources, except those that only options create.
    untouched = {command for command, number in during.items() if number == world.before[command]}
    assert untouched == {"acm list-certificates", "sns list-subscriptions", "wafv2 list-web-acls --scope REGIONAL"}
    Built.clone.script("destroy", CONFIRM="meridian-staging", **STAGING)
    assert world.listed() == world.before


POLICY = rights.policy("network", "service")


@pytest.fixture(scope="module")
def asked(walled):
    """Needs of the stack with a boundary, which these policies require."""
    return rights.asked(walled.requests("rehearsal"))


def test_the_deployers_policies_allow_every_call_by_action_resource_and_condition(world, asked):
    assert {need for need in asked if not rights.allowed(POLICY, need)} == set()
    # These policies allow only roles within the boundary; the other stacks here are deployed without it.
    others = rights.asked(world.requests("rehearsal"))
    assert {need[0] for need in others if not rights.allowed(POLICY, need)} == {"iam:CreateRole", "iam:PutRolePolicy"}


def test_the_deployers_policies_allow_nothing_on_foreign_resources(asked):
    # A network's default group has no tag, nor has a scalable target before it is registered. AWS chooses the ARN of
    # both, and that of an endpoint's zone.
    assert rights.allowed_on_foreign(POLICY, asked) == {"ec2:CreateTags", "route53:AssociateVPCWithHostedZone",
        "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"}


# Statement and pattern, or None for all of it, that no call here needs, and why.
IDLE = {
    ("FirstOfTheAccount", None): "a new account's roles, which moto does not know",
    ("Firewall", "arn:aws:wafv2:*:*:regional/managedruleset/*"): "AWS's own rules, which the call names otherwise",
    ("LogsAndAlarms", "arn:aws:cloudwatch:*:*:alarm:TargetTracking-service/meridian*"): "made by autoscaling",
    ("EmptyTheGroupThatComesWithANetwork", "arn:aws:ec2:*:*:network-acl/*"): "no call names it",
}


def test_no_resource_or_condition_of_the_policies_is_redundant(asked):
    refused = [need for need in rights.altered(asked) if not rights.allowed(POLICY, need)]
    for at, statement in enumerate(POLICY):
        others = POLICY[:at] + POLICY[at + 1 :]
        for pattern in rights.several(statement["Resource"]):
            rest = [each for each in rights.several(statement["Resource"]) if each != pattern]
            less = [*others, {**statement, "Resource": rest}]
            missed = any(not rights.allowed(less, need) for need in asked if rights.matches(statement, *need))
            idle = {(statement["Sid"], pattern), (statement["Sid"], None)} & IDLE.keys()
            assert missed is not bool(idle), (statement["Sid"], pattern)
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                remaining = {each: wanted for each, wanted in keys.items() if each != key}
                wider = {**statement, "Condition": {**statement["Condition"], operator: remaining}}
                missed = any(rights.matches(wider, *need) for need in refused)
                assert missed is not ((statement["Sid"], None) in IDLE), (statement["Sid"], key)


# Actions in the policies that the rehearsal does not call, and why.
NOT_REHEARSED = {
    "the push, which goes to another registry here": (
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:CompleteLayerUpload ecr:GetAuthorizationToken"
        " ecr:GetDownloadUrlForLayer ecr:InitiateLayerUpload ecr:PutImage ecr:UploadLayerPart"
    ),
    "what another call asks for besides": (
        "elasticloadbalancing:GetLoadBalancerWebACL iam:CreateServiceLinkedRole"
        # DeleteObjects is one call, with or without versions; an object is put together with its tags.
        " s3:DeleteObjectVersion s3:PutObjectTagging"
    ),
    "roles that were made without the boundary": "iam:PutRolePermissionsBoundary",
    "a variable changed later": (
        "acm:RemoveTagsFromCertificate ec2:DeleteTags ec2:ModifySecurityGroupRules scheduler:UpdateSchedule"
    ),
    "a newer provider": "ecs:ListServiceDeployments",
}


def test_the_deployers_policies_allow_only_actions_that_were_called(world, asked):
    called = {need[0] for need in (*asked, *rights.asked(world.requests("rehearsal")))}
    allowed = {action for each in POLICY for action in rights.several(each["Action"])}
    idle = {action for action in allowed if not any(rights.like(action, call) for call in called)}
    assert idle <= set(" ".join(NOT_REHEARSED.values()).split()), idle
