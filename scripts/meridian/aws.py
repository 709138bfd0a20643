"""AWS, through the aws CLI, which signs in as Terraform does."""

import functools
import os
import re

from meridian import cost
from meridian.checks import Tool
from meridian.cloud import Cloud, query
from meridian.console import Problem

KEY = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# Errors of the CLI and STS: pattern, meaning, what to do.
# https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-troubleshooting.html
REFUSALS = {
    r"Unable to locate credentials|NoCredentials": (
        "There are no AWS credentials.",
        f"Sign in with `aws configure sso` or `aws login`, or name a profile in AWS_PROFILE, or set {KEY}.",
    ),
    r"ExpiredToken|token.*(expired|refresh failed)|session.*(expired|invalid)|Error loading SSO Token": (
        "The AWS credentials have expired.",
        "Sign in again: `aws sso login`, or get new credentials{profile} where the expired ones came from.",
    ),
    r"InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|AuthFailure": (
        "AWS does not know these credentials.",
        "The access key or its secret{profile} is wrong, or the key was deactivated. "
        "Temporary credentials need AWS_SESSION_TOKEN too.",
    ),
    r"config profile \(.*\) could not be found": (
        "The profile that AWS_PROFILE names does not exist.",
        "`aws configure list-profiles` lists those that exist.",
    ),
    r"Could not connect to the endpoint|EndpointConnectionError|Connection was closed|timed out": (
        "AWS cannot be reached.",
        "Is this machine online? Does HTTPS_PROXY name the proxy, if one is needed? Is region spelt right?",
    ),
}

# Command, and JMESPath query of its output.
CERTIFICATES = "acm list-certificates", "CertificateSummaryList[].CertificateArn"
REPOSITORIES = "ecr describe-repositories", "repositories[].repositoryName"
ROLES = "iam list-roles", "Roles[].RoleName"
TARGET_GROUPS = "elbv2 describe-target-groups", "TargetGroups[].TargetGroupName"
ALL = ".*"  # for commands that list only the stack's own resources


class Aws(Cloud):
    title = "AWS"
    tool = Tool("aws", ("aws", "--version"), "aws-cli/", "1.27",
        "it signs in to the registry and shows what remains after a destroy",
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html")
    deploys = (
        "7 to 10 minutes the first time: 2 for the image, 3 for the load balancer and NAT gateway, 2 until tasks are "
        "healthy. Later deployments take about 4."
    )
    destroys = "8 to 12 minutes: tasks drain, and the load balancer and the NAT gateway release the network slowly."
    bootstraps = 2
    store = "module.state.aws_s3_bucket.this"
    absent = r'S3 bucket "[^"]+" does not exist|NoSuchBucket'

    def identity(self, stack):
        caller = aws(stack, "sts", "get-caller-identity")
        wanted = stack.variable("account")
        if wanted and caller["Account"] != wanted:
            raise Problem(
                f"The credentials are for the account {caller['Account']}, but the variable account says {wanted}.",
                "Choose another profile in AWS_PROFILE, or change account in the tfvars file.",
            )
        return f"account {caller['Account']} as {caller['Arn'].split(':', 5)[5]}"

    def checks(self, stack, builds):
        return [lambda: self.identity(stack), lambda: self.region(stack)]

    def region(self, stack):
        # Check the credentials first: a disabled region refuses valid ones too.
        self.identity(stack)
        name = stack.variable("region")
        try:
            zones = aws(stack, "ec2", "describe-availability-zones")["AvailabilityZones"]
        except Problem as problem:
            raise Problem(
                f'The account cannot use the region "{name}": {problem.what}',
                "Set another region in the tfvars file, or enable this one: "
                "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
            ) from problem
        return f"region {name} with {len(zones)} zones"

    def leftovers(self, stack):
        """Query each service by exact name or by the tag Stack: a name that only starts the same belongs to another
        environment."""
        found = [(kind, title) for kind, command, query, names in self.listings(stack.name)
            for title in listed(stack, command, query) if re.fullmatch(names, title)]
        # The tagging API still lists a deleted certificate; ACM itself does not.
        return [f"{kind} {title}" for kind, title in found
            if kind != "certificate" or title in listed(stack, *CERTIFICATES)]

    def expiring(self, stack):
        # The network is always the last to be deleted.
        networks = listed(stack, "ec2 describe-vpcs --filters Name=tag-key,Values=Expires", "Vpcs[].Tags")
        tagged = ({tag["Key"]: tag["Value"] for tag in tags} for tags in networks)
        return {tags["Stack"]: tags["Expires"] for tags in tagged if tags.get("Project") == "meridian"}

    def shared(self, name, tag):
        """Listings that a service and a machine have in common."""
        return (
            # Covers subnets, endpoints, security groups and interfaces: only an empty network can be deleted.
            ("network", f"ec2 describe-vpcs --filters {tag}", "Vpcs[].VpcId", ALL),
            ("public address", f"ec2 describe-addresses --filters {tag}", "Addresses[].AllocationId", ALL),
            ("load balancer", "elbv2 describe-load-balancers", "LoadBalancers[].LoadBalancerName", name),
            ("repository", *REPOSITORIES, name),
        )

    def listings(self, name):
        """Kind, listing command, JMESPath query of its response, and pattern that the stack's own match."""
        tag = f"Name=tag:Stack,Values={name}"
        alarms = "cloudwatch describe-alarms --alarm-name-prefix"
        signs = "errors|latency|cpu|memory|unhealthy-stable|unhealthy-canary|probe"
        scaling = "application-autoscaling describe-scalable-targets --service-namespace ecs"
        families = "ecs list-task-definitions --family-prefix"
        groups = f"logs describe-log-groups --log-group-name-prefix /meridian/{name}/"
        tagged = ("resourcegroupstaggingapi get-resources --resource-type-filters acm:certificate "
            f"--tag-filters Key=Stack,Values={name}")
        return (
            *self.shared(name, tag),
            # A deleted gateway stays listed for an hour.
            ("NAT gateway", f"ec2 describe-nat-gateways --filter {tag}",
                "NatGateways[?State!='deleted'].NatGatewayId", ALL),
            ("flow log", f"ec2 describe-flow-logs --filter {tag}", "FlowLogs[].FlowLogId", ALL),
            ("target group", *TARGET_GROUPS, f"{name}-(stable|canary)"),
            # A deleted cluster stays listed as INACTIVE, costs nothing, and its name can be reused.
            ("cluster", f"ecs describe-clusters --clusters {name}", "clusters[?status!='INACTIVE'].clusterName", ALL),
            *(("task definition", f"{families} {name}-{kind}", "taskDefinitionArns[]", ALL)
                for kind in ("stable", "canary", "probe")),
            ("scalable target", scaling, "ScalableTargets[].ResourceId", f"service/{name}/{name}-stable"),
            ("bucket", "s3api list-buckets", "Buckets[].Name", rf"{name}-documents-\d{{12}}-[a-z0-9-]+"),
            ("role", *ROLES, f"{name}-(task|execution|flow-logs|probe-schedule)"),
            ("log group", groups, "logGroups[].logGroupName", ALL),
            ("alarm", f"{alarms} {name}", "MetricAlarms[].AlarmName", f"{name}-({signs})"),
            ("alarm of autoscaling", f"{alarms} TargetTracking-service/{name}/", "MetricAlarms[].AlarmName", ALL),
            ("dashboard", "cloudwatch list-dashboards", "DashboardEntries[].DashboardName", name),
            ("topic", "sns list-topics", "Topics[].TopicArn", f".*:{name}-alarms"),
            ("schedule", f"scheduler list-schedules --name-prefix {name}-probe", "Schedules[].Name", f"{name}-probe"),
            ("web ACL", "wafv2 list-web-acls --scope REGIONAL", "WebACLs[].Name", name),
            ("certificate", tagged, "ResourceTagMappingList[].ResourceARN", ALL),
        )

    def conflict(self, stack, kind, values):
        name = values.get("name")
        if kind == "aws_ecr_repository" and name in listed_once(stack, *REPOSITORIES):
            return f"repository {name}", name
        if kind == "aws_iam_role" and name in listed_once(stack, *ROLES):
            return f"role {name}", name
        if kind == "aws_iam_openid_connect_provider":
            host = values["url"].removeprefix("https://")
            for arn in listed(stack, "iam list-open-id-connect-providers", "OpenIDConnectProviderList[].Arn"):
                if arn.endswith(f"oidc-provider/{host}"):
                    # Others in the account trust it too, so destroying this bootstrap must not delete it.
                    return (f"identity provider {host} (an account can have only one)",
                        f'set github = {{ …, provider = "{arn}" }} in terraform.tfvars')
        return None

    def costs(self, use, own=True, shared=True):
        hours = cost.HOURS
        capacity = max(use.rate / cost.PER_CONNECTION / 25, use.gb(cost.EXCHANGE) / hours)
        logs = 0.1 + use.gb(use.line) if own else 0
        nats = {"single": 1, "zonal": use.zones, "none": 0}[use.nat]
        if own:
            yield (f"Tasks of {use.cpu:g} vCPU and {use.gib:g} GiB",
                {"fargate_vcpu": use.running * hours * use.cpu, "fargate_memory": use.running * hours * use.gib})
        if shared:
            yield "Load balancer", {"balancer": hours, "balancer_capacity": hours * capacity}
        if shared and nats:
            yield f"NAT gateways: {nats}", {"nat": nats * hours, "nat_data": logs}
        elif shared:
            yield f"Endpoints: 3 in {use.zones} zones", {"endpoint": 3 * use.zones * hours}
        if shared:
            yield f"Public addresses: {use.zones + nats}", {"address": (use.zones + nats) * hours}
        else:
            yield ("The service's share of the load balancer and NAT gateway",
                {"balancer_capacity": hours * capacity, "nat_data": logs if nats else 0})
        if own and use.probe and nats:
            yield (f"Probe, a minute every {use.probe['every_minutes']} minutes",
                {"fargate_vcpu": use.runs / 60 * 0.25, "fargate_memory": use.runs / 60 * 0.5})
            yield "Metric of the probe", {"metric": 1}
        if own:
            yield "Logs: 0.1 GB and the access log", {"logs": logs, "logs_kept": use.kept(logs, 0)}
        if shared:
            yield "Flow logs", {"logs": 0.1 + use.gb(cost.FLOW)}
        # On a shared load balancer the metrics are those of each target group.
        metrics = (13 if shared else 14) if own else 1
        yield f"Alarms, {metrics} metric{'s' * (metrics > 1)}", {"alarm": metrics}
        if own:
            yield "Dashboard, free as one of the account's first three", {"dashboard": 0}
        if shared and use.waf:
            yield "WAF, 4 rules", {"waf": 1, "waf_rule": 4, "waf_requests": use.millions}
        yield from cost.stored(use, own, shared)
        if own:
            yield "Traffic out", {"traffic": max(0, use.gb(cost.RESPONSE) - 100)}


class AwsPlatform(Aws):
    deploys = "4 to 6 minutes the first time, for the load balancer, NAT gateway and certificate. Later about 1."
    destroys = "5 to 8 minutes: the load balancer and the NAT gateway release the network slowly."


class AwsMachine(Aws):
    deploys = (
        "8 to 12 minutes the first time (image 2, load balancer 3, machine until healthy 4); later 1, "
        "and about 5 more until the new machine has taken over."
    )
    destroys = "5 to 8 minutes: the machine and the load balancer release the network slowly."
    machine = True

    def listings(self, name):
        tag, group = f"Name=tag:Stack,Values={name}", f"/meridian/{name}/machine"
        groups = f"logs describe-log-groups --log-group-name-prefix {group}"
        return (
            *self.shared(name, tag),
            ("group", "autoscaling describe-auto-scaling-groups", "AutoScalingGroups[].AutoScalingGroupName", name),
            ("machine", f"ec2 describe-instances --filters {tag}",
                "Reservations[].Instances[?State.Name!='terminated'].InstanceId[]", ALL),
            ("disk", f"ec2 describe-volumes --filters {tag}", "Volumes[].VolumeId", ALL),
            ("launch template", "ec2 describe-launch-templates", "LaunchTemplates[].LaunchTemplateName", name),
            ("target group", *TARGET_GROUPS, f"{name}-(80|443)"),
            ("role", *ROLES, f"{name}-machine"),
            ("instance profile", "iam list-instance-profiles", "InstanceProfiles[].InstanceProfileName",
                f"{name}-machine"),
            ("log group", groups, "logGroups[].logGroupName", group),
        )

    def costs(self, use):
        # Public addresses: the load balancer's in each of two zones, and one per machine.
        return cost.machine(use, "network_balancer_capacity", 2 + use.machines, 16,
            ("Images and logs", {"images": 0.1, "logs": 0.1}))


def aws(stack, *arguments):
    profile = f" (profile {os.environ['AWS_PROFILE']})" if os.environ.get("AWS_PROFILE") else ""
    return query(REFUSALS, "aws", *arguments, "--region", stack.variable("region"), profile=profile) or {}


def listed(stack, command, query):
    """Result of a JMESPath query: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-filter.html"""
    return aws(stack, *command.split(), "--query", query) or []


listed_once = functools.cache(listed)  # although a bootstrap creates several roles
