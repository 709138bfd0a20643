"""Trials of claims that are specific to AWS."""

import json
import re

from meridian.aws import aws
from meridian.console import ROOT, Problem
from meridian.trial import Different, Loaded, NotTried, Trial, day


class AwsTrial(Trial):
    def aws(self, *arguments):
        return aws(self.hands.stack, *arguments)

    def as_deployer(self):
        """Whether the credentials are the bootstrap deployer's, not an administrator's."""
        return ":assumed-role/meridian-deployer/" in self.aws("sts", "get-caller-identity")["Arn"]

    def ringing(self):
        """Names of the stack's alarms that are firing, without the stack's prefix."""
        prefix = f"{self.name}-"
        found = self.aws("cloudwatch", "describe-alarms", "--alarm-name-prefix", prefix)["MetricAlarms"]
        return {each["AlarmName"][len(prefix):] for each in found if each["StateValue"] == "ALARM"}

    def outage(self):
        group = self.hands.outputs()["firewall_source"]
        rules = self.aws("ec2", "describe-security-group-rules", "--filters",
            f"Name=group-id,Values={group}")["SecurityGroupRules"]
        self.aws("ec2", "revoke-security-group-ingress", "--group-id", group, "--security-group-rule-ids",
            *(rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]))

    def canary_alarm(self, claim):
        """Begin a canary whose health check expects a status that it never returns."""
        if not self.options.other:
            raise NotTried("other")
        self.hands.begin_canary(self.options.other)
        [group] = self.aws("elbv2", "describe-target-groups", "--names", f"{self.name}-canary")["TargetGroups"]
        self.aws("elbv2", "modify-target-group", "--target-group-arn", group["TargetGroupArn"], "--matcher",
            "HttpCode=499")
        return self.rings(claim)

    def no_limit(self):
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
        [alarm] = self.aws("cloudwatch", "describe-alarms", "--alarm-names", f"{self.name}-latency")["MetricAlarms"]
        kept = {name: alarm[name] for name in ("AlarmName", "Namespace", "MetricName", "Dimensions",
            "ExtendedStatistic", "Period", "EvaluationPeriods", "ComparisonOperator", "TreatMissingData",
            "EvaluateLowSampleCountPercentile")}
        self.aws("cloudwatch", "put-metric-alarm", "--cli-input-json", json.dumps({**kept, "Threshold": 0}))

    def load_alarm(self, claim):
        return self.rings(claim, rate=2 * self.hands.full)

    def billed(self, begin, end):
        """Cost in USD by the tag Stack, which the account's owner must have activated for bills."""
        found = self.aws("ce", "get-cost-and-usage", "--granularity", "DAILY", "--metrics", "UnblendedCost",
            "--time-period", f"Start={day(begin)},End={day(end)}", "--filter",
            json.dumps({"Tags": {"Key": "Stack", "Values": [self.name]}}))["ResultsByTime"]
        return sum(float(each["Total"]["UnblendedCost"]["Amount"]) for each in found)

    def rights(self, claim):
        """Test the rights with dry runs, which create nothing."""

        def may(name):
            tag = f"ResourceType=vpc,Tags=[{{Key=Stack,Value={name}}},{{Key=Project,Value=meridian}}]"
            try:
                self.aws("ec2", "create-vpc", "--dry-run", "--cidr-block", "10.29.0.0/16", "--tag-specifications",
                    tag)
            except Problem as problem:
                if "DryRunOperation" in problem.how:
                    return True
                if "UnauthorizedOperation" in problem.how:
                    return False
                raise
            return True

        if not may(self.name):
            raise Different("denied")
        # An administrator may create both, which proves nothing about the policies; the guide's deployer may not.
        if may("foreign"):
            if self.as_deployer():
                raise Different("reaches")
            raise NotTried("rights")
        return {}

    def desired(self):
        [service] = self.aws("ecs", "describe-services", "--cluster", self.name, "--services",
            f"{self.name}-stable")["services"]
        return service["desiredCount"]

    def scale(self, claim):
        before, begin = self.desired(), self.hands.now()
        with Loaded(self.hands, rate=100):
            for _ in self.waiting(claim.most):
                if (instances := self.desired()) > before:
                    return {"minutes": self.since(begin), "instances": instances}
        raise Different("grown", instances=before)

    def probe_runs(self, claim):
        for _ in self.waiting(15, 30):
            events = self.aws("logs", "filter-log-events", "--log-group-name", f"/meridian/{self.name}/probe",
                "--filter-pattern", "OK", "--limit", "10")["events"]
            if events:
                return {"runs": len(events)}
        raise Different("silent", runs=0)

    def probe_ends(self, claim):
        """Run a task of the probe that would never end by itself, and time how soon it is stopped."""
        target = self.aws("scheduler", "get-schedule", "--name", f"{self.name}-probe")["Target"]["EcsParameters"]
        place = target["NetworkConfiguration"]["awsvpcConfiguration"]
        network = {"awsvpcConfiguration": {name[0].lower() + name[1:]: value for name, value in place.items()}}
        overrides = {"containerOverrides": [{"name": "probe", "command": ["probe", "--every", "1s", self.hands.url]}]}
        [task] = self.aws("ecs", "run-task", "--cluster", self.name, "--launch-type", "FARGATE",
            "--task-definition", target["TaskDefinitionArn"], "--network-configuration", json.dumps(network),
            "--overrides", json.dumps(overrides))["tasks"]
        begin = None
        for _ in self.waiting(15, 10):
            [seen] = self.aws("ecs", "describe-tasks", "--cluster", self.name, "--tasks",
                task["taskArn"])["tasks"]
            begin = begin or seen.get("pullStoppedAt") and self.hands.now()
            if seen["lastStatus"] == "STOPPED":
                return self.within(claim, self.since(begin or self.hands.now()))
        self.aws("ecs", "stop-task", "--cluster", self.name, "--task", task["taskArn"])
        raise Different("slow", minutes=15)

    def simulated(self, claim):
        """Simulate in IAM each right of the guide's policies that depends on a name."""
        account, _, who = self.aws("sts", "get-caller-identity")["Arn"].split(":", 5)[3:]
        if who.startswith("assumed-role/"):
            principal = self.aws("iam", "get-role", "--role-name", who.split("/")[1])["Role"]["Arn"]
        elif who.startswith("user/"):
            principal = f"arn:aws:iam::{account}:{who}"
        else:
            raise NotTried("rights")
        count = 0
        for statement in statements():
            for name, wanted in ((self.name, True), ("foreign", False)):
                found = self.aws("iam", "simulate-principal-policy", "--policy-source-arn", principal,
                    *simulation(statement, name, account, self.hands.stack.variable("region")))
                allowed = [each["EvalDecision"] == "allowed" for each in found["EvaluationResults"]]
                count += len(allowed)
                if wanted and not all(allowed):
                    raise Different("denied", rights=count)
                if not wanted and any(allowed):
                    if self.as_deployer():
                        raise Different("reaches", rights=count)
                    raise NotTried("rights")
        return {"rights": count}


def statements():
    """Statements of the guide's policies that depend on a name, with only the resources that do."""
    for part in ("network", "service"):
        file = ROOT / f"modules/aws/delivery/policies/{part}.json"
        for each in json.loads(file.read_text())["Statement"] if file.exists() else ():
            by_condition = "meridian*" in json.dumps(each.get("Condition"))
            resources = [name for name in several(each["Resource"]) if by_condition or "meridian*" in name]
            if resources:
                yield {**each, "Resource": resources}


def simulation(statement, name, account, region):
    """Arguments that simulate a statement for resources with this name; the simulation supports no wildcards."""
    here = json.dumps(statement).replace("meridian*", name).replace(":*:*:", f":{region}:{account}:")
    here = json.loads(here.replace("::*:", f"::{account}:"))
    context = [{"ContextKeyName": key, "ContextKeyValues": several(value)[:1], "ContextKeyType": "string"}
        for values in here.get("Condition", {}).values() for key, value in values.items()]
    return ("--action-names", *(each for each in several(statement["Action"]) if "*" not in each), "--resource-arns",
        *(re.sub(r"(?<=.)\*", "x", each) for each in here["Resource"]), "--context-entries", json.dumps(context))


def several(value):
    return value if isinstance(value, list) else [value]
