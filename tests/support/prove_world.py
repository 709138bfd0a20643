"""A miniature cloud for ./taskw prove-aws, -azure and -gcp with a clock of its own. It behaves as the guide says, or
differs in one point, its lie. It remembers everything when a run is killed.

Usage: prove_world.py FOLDER KILL, where KILL is the number of the moment at which the run on AWS is killed; 0 for none.
"""

import json
import os
import pathlib
import sys
import threading
import time
import types

if __name__ == "__main__":
    sys.path[:0] = [str(pathlib.Path(__file__).parents[1]), str(pathlib.Path(__file__).parents[2] / "scripts")]

from meridian import prove, trial
from meridian.claims import load
from meridian.console import Problem
from meridian.stack import CLOUDS
from support.fronts import Front, reply

# The alarms that an outage fires, with the minutes until then, and one that it does not.
OUTAGE = {
    "aws": ({"errors": 5, "unhealthy-stable": 3, "probe": 10}, "unhealthy-canary"),
    "azure": ({"errors": 6, "unhealthy": 5, "replicas": 7, "probe": 15}, "latency"),
    "gcp": ({"unreachable": 9, "probe": 22}, "cpu"),
}
REGIONS = {"aws": "eu-west-1", "azure": "westeurope", "gcp": "us-central1"}
FIRST, OTHER = (f"ghcr.io/someone/meridian@sha256:{digit * 64}" for digit in "12")
DAYS = 86400
LATENCY = {"AlarmName": "meridian-prove-latency", "AlarmArn": "arn:meridian-prove-latency", "StateValue": "OK",
    "Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime", "Dimensions": [], "Period": 60,
    "ExtendedStatistic": "p99", "EvaluationPeriods": 3, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1,
    "TreatMissingData": "notBreaching", "EvaluateLowSampleCountPercentile": "ignore"}
BEGAN = 1_800_000_000.0
# Foreign resources, which must be unchanged at the end.
FOREIGN = {"network vpc-1": "meridian", "load balancer meridian": "meridian", "network vpc-9": "meridian-prove2"}


class World:
    """The cloud's state, in a file; `lie` is the one point that is not as the guide says."""

    def __init__(self, folder, lie="", kill=0, cloud="aws"):
        self.file, self.lie, self.kill, self.moments = folder / "world.json", lie, kill, 0
        self.cloud = cloud
        self.lock = threading.Lock()
        self.seen = self.lied = 0  # requests in all, and the first three of the current change
        self.changing = None
        self.data = json.loads(self.file.read_text()) if self.file.exists() else {
            "now": BEGAN, "things": dict(FOREIGN), "image": None, "shut": False, "canary": False, "busy": False,
            "limit": True, "runs": {}}

    def moment(self):
        """Save the state at a moment at which a run may be killed, and kill it there if so ordered."""
        self.file.write_text(json.dumps(self.data))
        self.moments += 1
        if self.moments == self.kill:
            os._exit(9)

    def passes(self, minutes):
        self.data["now"] += 60 * minutes

    def respond(self, request):
        with self.lock:
            self.seen += 1
            early = self.changing and self.lied < 3
            self.lied += bool(early)
        if early and self.lie == f"{self.changing} loses requests":
            return reply(b"", 502)
        forged = ("X-Forwarded-For",) if self.lie == "believes the old header" else ()
        ip = next((request.headers[name] for name in forged if request.headers[name]), "127.0.0.1")
        if self.lie == "believes a quoted address" and '"[' in (request.headers["Forwarded"] or ""):
            ip = "2001:db8::66"
        return reply({"timestamp": "2027-01-15T08:00:00.000000Z", "ip": ip}, Service_Version=FIRST.split("@")[1])

    def under_load(self, what):
        """Let a change last until a dozen more requests have arrived."""
        with self.lock:
            self.changing, self.lied, until = what, 0, self.seen + 12
        while self.seen < until:
            time.sleep(0.002)
        with self.lock:
            self.changing = None

    def ringing(self):
        data, lie = self.data, self.lie
        after, other = OUTAGE[self.cloud]
        first = next(iter(after))
        ringing = {first} if lie == "rings at first" and data["now"] < BEGAN + 40 * 60 else set()
        if data["shut"]:
            minutes = (data["now"] - data["shut"]) / 60
            ringing = {name for name, late in after.items() if minutes >= late}
            ringing -= {first} if lie == f"never rings for {first}" else set()
            ringing |= {other} if lie == "rings for all services" else set()
        if data["canary"] and data["now"] - data["canary"] >= 240:
            ringing |= {"unhealthy-stable"} if lie == "rings for the stable one" else {"unhealthy-canary"}
        if data["busy"] and data["now"] - data["busy"] >= 600 and lie != "never rings for load":
            ringing |= {"cpu"}
        if data["limit"] is not True and data["now"] - data["limit"] >= 240 and lie != "never rings for latency":
            ringing |= {"latency"}
        return ringing

    def usd(self, later):
        """Amount billed for the days of the stack, or for later ones."""
        if later:
            return 0.1 if self.lie == "bills for what was destroyed" else 0
        return (self.data["ended"] - BEGAN) / 3600 * 0.2 * (2 if self.lie == "bills twice" else 1)

    def after(self, moment):
        return moment.startswith(trial.day(self.data["ended"] + DAYS))


class Hands(prove.Hands):
    """Do to the world what the real Hands do to the cloud."""

    rate = 200
    emulated = False  # the world passes for the real cloud

    def __init__(self, world, url):
        stack = types.SimpleNamespace(kind=world.cloud, name=prove.NAME, cloud=CLOUDS[world.cloud],
            variable=lambda name: REGIONS[world.cloud])
        options = types.SimpleNamespace(**{**dict.fromkeys(prove.GIVEN), "image": FIRST, "other": OTHER}, hours=None,
            yes="1")
        super().__init__(stack, options)
        self.world, self.address = world, url

    def now(self):
        return self.world.data["now"]

    clock = now

    def sleep(self, seconds):
        self.world.passes(seconds / 60)

    url = property(lambda self: self.address)

    def ready(self):
        pass

    init = ready

    @property
    def full(self):
        """Mark the world busy: this is read only before sending more than that."""
        self.world.data["busy"] = self.now()
        return 0

    def responds(self):
        self.world.passes(8 if self.world.lie == "responds late" else 4)

    def price(self):
        return 0.2

    def providers(self):
        return {"azurerm": "5.2.0"} if self.world.cloud == "azure" else {"aws": "5.100.0"}

    def open_ports(self):
        return [8081] if self.world.lie == "leaves a port open" else []

    def apply(self, image=None):
        world = self.world
        world.moment()
        if image and trial.MISSING in image:
            world.under_load("a broken image")
            world.passes(20 if world.lie == "takes long to give a broken image up" else 4)
            if world.lie == "runs a broken image":
                world.data["image"] = image
                return
            raise Problem("meridian-stable did not become healthy", "")
        first = world.data["image"] is None
        world.passes((30 if world.lie == "deploys slowly" else 8) if first else 2)
        for thing in ("network vpc-7", "NAT gateway nat-7", "load balancer meridian-prove"):
            world.data["things"][thing] = prove.NAME
        world.moment()
        world.data.update(image=FIRST, shut=False, canary=False, busy=False, limit=True)
        world.moment()

    def outputs(self):
        self.world.moment()
        image = self.world.data["image"]
        return {"url": self.url, "image": image, "firewall_source": "sg-7"} if image else {}

    def changes(self):
        self.world.moment()
        return ["module.service"] if self.world.lie == "has something to do again" else []

    def canary(self, image):
        self.world.moment()
        self.world.under_load("a canary")
        self.world.data["image"] = image
        self.world.moment()
        return 1 if self.world.lie == "withdraws a good canary" else 0

    def begin_canary(self, image):
        self.world.moment()
        assert image == OTHER

    def destroy(self):
        world = self.world
        world.moment()
        for thing, owner in list(world.data["things"].items()):
            if owner == prove.NAME and not (thing.startswith("NAT") and world.lie == "leaves a NAT gateway"):
                world.passes(60 if world.lie == "destroys slowly" else 3)
                del world.data["things"][thing]
                world.moment()
        world.data["image"] = None

    def leftovers(self):
        self.world.moment()
        return [thing for thing, owner in self.world.data["things"].items() if owner == prove.NAME]

    def as_deployer(self):
        return True

    def aws(self, service, operation, *arguments):
        self.world.moment()
        given = dict(zip(arguments[::2], arguments[1::2]))
        response = getattr(self, operation.replace("-", "_"))(given)
        self.world.moment()
        return response

    def describe_alarms(self, given):
        if "--alarm-names" in given:
            return {"MetricAlarms": [LATENCY]}
        assert given["--alarm-name-prefix"] == "meridian-prove-"
        ringing = self.world.ringing()
        return {"MetricAlarms": [{"AlarmName": f"meridian-prove-{name}", "StateValue": "ALARM" if name in ringing
            else "OK"} for name in (*OUTAGE["aws"][0], "cpu", "latency", "unhealthy-canary")]}

    def put_metric_alarm(self, given):
        new = json.loads(given["--cli-input-json"])
        assert new == {**{name: value for name, value in LATENCY.items() if name not in ("AlarmArn", "StateValue")},
            "Threshold": 0}
        self.world.data["limit"] = self.now()
        return {}

    def describe_target_groups(self, given):
        assert given["--names"] == "meridian-prove-canary"
        return {"TargetGroups": [{"TargetGroupArn": "arn:meridian-prove-canary"}]}

    def modify_target_group(self, given):
        assert given == {"--target-group-arn": "arn:meridian-prove-canary", "--matcher": "HttpCode=499"}
        self.world.data["canary"] = self.now()
        return {}

    def get_caller_identity(self, given):
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/meridian-deployer/someone"}

    def get_role(self, given):
        return {"Role": {"Arn": f"arn:aws:iam::123456789012:role/delivery/{given['--role-name']}"}}

    def simulate(self, arguments):
        """Allow calls that name the stack's resources, as IAM would with the guide's policies."""
        lists = {}
        for each in arguments:
            if each.startswith("--"):
                lists[each] = values = []
            else:
                values.append(each)
        assert lists["--policy-source-arn"] == ["arn:aws:iam::123456789012:role/delivery/meridian-deployer"]
        assert not any("*" in each for each in lists["--action-names"]) and "meridian*" not in str(arguments)
        own = any("meridian-prove" in each for each in (*lists["--resource-arns"], *lists["--context-entries"]))
        lies = {"simulates a right away": "ecs:UpdateService", "simulates rights over others": "s3:DeleteObject"}
        return {"EvaluationResults": [{"EvalDecision": "allowed" if own != (action == lies.get(self.world.lie)
            and own == (self.world.lie == "simulates a right away")) else "implicitDeny"}
            for action in lists["--action-names"]]}

    def create_vpc(self, given):
        raise AssertionError("a network was created")

    def describe_services(self, given):
        assert given["--cluster"] == "meridian-prove"
        self.world.passes(1)
        asked = self.world.data["runs"]["asked"] = self.world.data["runs"].get("asked", 0) + 1
        return {"services": [{"desiredCount": 3 if asked > 3 and self.world.lie != "never adds an instance" else 2}]}

    def filter_log_events(self, given):
        assert given["--log-group-name"] == "/meridian/meridian-prove/probe"
        return {"events": [] if self.world.lie == "never runs the probe" else [{"message": "OK"}]}

    def get_schedule(self, given):
        assert given["--name"] == "meridian-prove-probe"
        place = {"Subnets": ["subnet-7"], "SecurityGroups": ["sg-8"], "AssignPublicIp": "DISABLED"}
        return {"Target": {"EcsParameters": {"TaskDefinitionArn": "arn:meridian-prove-probe:1",
            "NetworkConfiguration": {"awsvpcConfiguration": place}}}}

    def run_task(self, given):
        assert json.loads(given["--network-configuration"])["awsvpcConfiguration"]["subnets"] == ["subnet-7"]
        self.world.data["runs"]["began"] = self.now()
        return {"tasks": [{"taskArn": "arn:task/7"}]}

    def describe_tasks(self, given):
        ran = self.now() - self.world.data["runs"]["began"]
        ends = 600 if self.world.lie == "lets the probe run on" else 95
        task = {"lastStatus": "STOPPED" if ran > ends else "RUNNING", **({"pullStoppedAt": 1} if ran > 20 else {})}
        return {"tasks": [task]}

    def stop_task(self, given):
        return {}

    def describe_security_group_rules(self, given):
        assert given["--filters"] == "Name=group-id,Values=sg-7"
        ways = [] if self.world.data["shut"] else [{"SecurityGroupRuleId": "sgr-in", "IsEgress": False}]
        return {"SecurityGroupRules": [*ways, {"SecurityGroupRuleId": "sgr-out", "IsEgress": True}]}

    def revoke_security_group_ingress(self, given):
        assert (given["--group-id"], given["--security-group-rule-ids"]) == ("sg-7", "sgr-in")
        self.world.data["shut"] = self.now()
        return {}

    def get_cost_and_usage(self, given):
        asked = json.loads(given["--filter"])["Tags"]
        assert asked == {"Key": "Stack", "Values": ["meridian-prove"]}
        usd = self.world.usd(later=self.world.after(given["--time-period"].removeprefix("Start=")))
        return {"ResultsByTime": [{"Total": {"UnblendedCost": {"Amount": str(usd)}}}]}

    def azure(self, method, path, version, body=None, **query):
        self.world.moment()
        app = "resourceGroups/meridian-prove/providers/Microsoft.App/containerApps/meridian-prove"
        if path.endswith("/alerts"):
            assert (method, query["targetResourceGroup"]) == ("get", "meridian-prove")
            return {"value": [{"properties": {"essentials": {"alertRule": f"/someone/meridian-prove-{name}"}}}
                for name in self.world.ringing()]}
        if path.endswith("/metricAlerts/meridian-prove-latency"):
            if method == "put":
                assert body == {"properties": {"criteria": {"allOf": [{"threshold": 0}]}}}
                self.world.data["limit"] = self.now()
            return {"properties": {"criteria": {"allOf": [{"threshold": 1000}]}}}
        assert method == "post"
        if path == f"{app}/stop":
            self.world.data["shut"] = self.now()
        elif path == f"{app}/start":
            self.world.data["shut"] = False
        else:
            assert path == "providers/Microsoft.CostManagement/query"
            assert body["dataset"]["filter"]["dimensions"]["values"] == ["meridian-prove"]
            usd = self.world.usd(later=self.world.after(body["timePeriod"]["from"]))
            return {"properties": {"columns": [{"name": "CostUSD"}, {"name": "Currency"}], "rows": [[usd, "USD"]]}}

    def monitored(self, collection):
        self.world.moment()
        if collection == "alertPolicies":
            return [{"name": f"projects/p/alertPolicies/{number}", "displayName": f"{name} latency", "conditions": [
                {"conditionPrometheusQueryLanguage": {"query": "quantile > 1000"}}]}
                for number, name in enumerate(("meridian", "meridian-prove"))]
        assert collection == "alerts"
        others = [{"state": "OPEN", "policy": {"displayName": "meridian errors"}},
            {"state": "CLOSED", "policy": {"displayName": "meridian-prove latency"}}]
        return [*others, *({"state": "OPEN", "policy": {"displayName": f"meridian-prove {name}"}}
            for name in self.world.ringing())]

    def patch(self, url, body):
        self.world.moment()
        assert url.endswith("/v3/projects/p/alertPolicies/1?updateMask=conditions")
        assert body == {"conditions": [{"conditionPrometheusQueryLanguage": {"query": "quantile > 0"}}]}
        self.world.data["limit"] = self.now()

    def gcloud(self, *arguments):
        assert arguments == ("run", "services", "update", "meridian-prove", "--ingress", "internal")
        self.world.data["shut"] = self.now()


def dry(aws):
    """Wrap `aws` to simulate policies, and to refuse or allow a dry run of create-vpc by its tags as AWS does."""

    def called(self, service, operation, *arguments):
        if operation == "simulate-principal-policy":
            return self.simulate(arguments)
        if operation != "create-vpc":
            return aws(self, service, operation, *arguments)
        assert "--dry-run" in arguments
        own = "Value=meridian-prove}" in arguments[-1]
        allowed = self.world.lie != "denies a right" if own else self.world.lie == "gives rights over others"
        raise Problem("`aws ec2 create-vpc` was refused.", "An error occurred (DryRunOperation)" if allowed
            else "An error occurred (UnauthorizedOperation)")

    return called


Hands.aws = dry(Hands.aws)


def run(world, folder, front):
    """Do one run to its end; return its exit code."""
    hands = Hands(world, front.url)
    progress = prove.Progress(folder / "progress.json")
    write = progress.write

    def noted(**changes):
        if changes.keys() == {"elapsed"}:  # written every second of real time, so no reproducible moment
            return write(**changes)
        world.moment()
        if "destroyed" in changes:
            world.data["ended"] = changes["destroyed"]
        write(**changes)
        world.moment()

    progress.write = noted
    sitting = prove.Run(hands, hands.options, progress, root=folder)
    for name in ("aws", "as_deployer", "azure", "monitored", "gcloud", "patch"):
        setattr(sitting.trial, name, getattr(hands, name))
    return sitting.all(3)


def sitting(folder, front, lie="", kill=0, cloud="aws"):
    """Do a run and, on clouds with claims about the bill, another three days later; return the number of moments."""
    world = World(folder, lie, kill, cloud)
    front.respond = world.respond
    run(world, folder, front)
    if any(claim.cloud == cloud and claim.by == "bill" for claim in load().values()):
        world.passes(3 * 24 * 60)
        run(world, folder, front)
    return world.moments


def table(folder):
    """Claim to outcome, from the record."""
    [file] = (folder / "proof").glob("*.json")
    return {name: entry["outcome"] for name, entry in json.loads(file.read_text())["claims"].items()}


if __name__ == "__main__":
    with Front(None) as front:
        print(sitting(pathlib.Path(sys.argv[1]), front, kill=int(sys.argv[2])))
