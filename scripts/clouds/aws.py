"""AWS: the account by the aws CLI, which signs in as Terraform does."""

import json
import os
import re
from operator import itemgetter

from meridian.checks import Tool
from meridian.console import Problem, run

TITLE = "AWS"
TOOLS = (
    Tool(
        "aws",
        ("aws", "--version"),
        "1.27",
        "it signs in to the registry and shows what is left after a destroy",
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    ),
)
MINUTES = {
    "deploy": "7 to 10 minutes the first time (image 2, load balancer and NAT gateway 3, tasks until healthy 2), later some 4.",
    "destroy": "8 to 12 minutes, for tasks drain and load balancer and NAT gateway let go of the network slowly.",
}
CLOSED = (22, 8080, 8081)
FORGED = ()


def checks(stack):
    yield "account", lambda: account(stack)
    yield "region", lambda: region(stack)


# What the CLI or STS says, and how to go on. https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-troubleshooting.html
REFUSALS = (
    (
        r"Unable to locate credentials|NoCredentials",
        "There are no AWS credentials.",
        "Sign in with `aws configure sso` or `aws login`, or name a profile in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    (
        r"ExpiredToken|token.*(expired|refresh failed)|session.*(expired|invalid)|Error loading SSO Token",
        "The AWS credentials have expired.",
        "Sign in again: `aws sso login`, or whatever gave the credentials{profile}.",
    ),
    (
        r"InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|AuthFailure",
        "AWS does not know these credentials.",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY{profile} are wrong, or the key was switched off. Temporary ones need AWS_SESSION_TOKEN too.",
    ),
    (
        r"config profile \(.*\) could not be found",
        "The profile that AWS_PROFILE names does not exist.",
        "`aws configure list-profiles` lists those that do.",
    ),
    (
        r"Could not connect to the endpoint|EndpointConnectionError|Connection was closed|timed out",
        "AWS cannot be reached.",
        "Is this machine online, is a proxy set in HTTPS_PROXY where one is needed, and is region in the tfvars file spelt right?",
    ),
)


def aws(stack, *arguments):
    """Answer of the CLI, parsed; what it refuses becomes a Problem."""
    done = run("aws", *arguments, "--region", stack.variable("region"), "--output", "json", check=False)
    if done.returncode == 0:
        return json.loads(done.stdout or "{}")
    message = (done.stderr or done.stdout).strip()
    profile = f" (profile {os.environ['AWS_PROFILE']})" if os.environ.get("AWS_PROFILE") else ""
    for pattern, what, how in REFUSALS:
        if re.search(pattern, message, re.I | re.S):
            raise Problem(what, how.format(profile=profile))
    raise Problem(f"`aws {' '.join(arguments[:2])}` was refused.", message)


def account(stack):
    caller = aws(stack, "sts", "get-caller-identity")
    wanted = stack.variable("account")
    if wanted and caller["Account"] != wanted:
        raise Problem(
            f"The credentials are for the account {caller['Account']}, but the variable account says {wanted}.",
            "Choose another profile in AWS_PROFILE, or correct account in the tfvars file.",
        )
    return f"account {caller['Account']} as {caller['Arn'].split(':', 5)[5]}"


def region(stack):
    # What is wrong with the credentials is said as that: a region that is off refuses good ones too.
    account(stack)
    name = stack.variable("region")
    try:
        zones = aws(stack, "ec2", "describe-availability-zones")["AvailabilityZones"]
    except Problem as problem:
        raise Problem(
            f'The account does not use the region "{name}": {problem.what}',
            "Correct region in the tfvars file, or enable it: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
        ) from problem
    return f"region {name} with {len(zones)} zones"


def before_destroy(stack):
    """Nothing: the repository and the bucket are deleted with what they hold."""


def left(stack):
    """Asks each service for what the modules make there, by exact name or by the tag Stack: a name
    that only begins alike belongs to another environment."""
    return listed(stack, made(stack))


def listed(stack, things):
    """What the account has of such things, in words."""
    found = []
    for kind, command, key, title in things:
        found += [f"{kind} {title(item)}" for item in aws(stack, *command).get(key, []) if title(item)]
    return found


def one_of(key, *names):
    return lambda item: item[key] if item[key] in names else None


def made(stack):
    """Kind, command that lists it, key of the list, and what names an item if it is the stack's."""
    name = stack.name
    tag = f"Name=tag:Stack,Values={name}"
    return (
        # A network goes only when nothing is in it: subnets, endpoints, security groups, interfaces.
        ("network", ("ec2", "describe-vpcs", "--filters", tag), "Vpcs", itemgetter("VpcId")),
        (
            "NAT gateway",
            ("ec2", "describe-nat-gateways", "--filter", tag),
            "NatGateways",
            # A deleted one is listed for an hour.
            lambda item: None if item["State"] == "deleted" else item["NatGatewayId"],
        ),
        ("public address", ("ec2", "describe-addresses", "--filters", tag), "Addresses", itemgetter("AllocationId")),
        ("flow log", ("ec2", "describe-flow-logs", "--filter", tag), "FlowLogs", itemgetter("FlowLogId")),
        ("load balancer", ("elbv2", "describe-load-balancers"), "LoadBalancers", one_of("LoadBalancerName", name)),
        (
            "target group",
            ("elbv2", "describe-target-groups"),
            "TargetGroups",
            one_of("TargetGroupName", f"{name}-stable", f"{name}-canary"),
        ),
        (
            "cluster",
            ("ecs", "describe-clusters", "--clusters", name),
            "clusters",
            # A deleted one stays INACTIVE, costs nothing, and its name can be used again.
            lambda item: None if item["status"] == "INACTIVE" else item["clusterName"],
        ),
        *(
            ("task definition", ("ecs", "list-task-definitions", "--family-prefix", f"{name}-{kind}"), "taskDefinitionArns", str)
            for kind in ("stable", "canary", "probe")
        ),
        (
            "scalable target",
            ("application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs"),
            "ScalableTargets",
            one_of("ResourceId", f"service/{name}/{name}-stable"),
        ),
        ("repository", ("ecr", "describe-repositories"), "repositories", one_of("repositoryName", name)),
        (
            "bucket",
            ("s3api", "list-buckets"),
            "Buckets",
            lambda item: item["Name"] if re.fullmatch(rf"{name}-documents-\d{{12}}-[a-z0-9-]+", item["Name"]) else None,
        ),
        (
            "role",
            ("iam", "list-roles"),
            "Roles",
            one_of("RoleName", *(f"{name}-{role}" for role in ("task", "execution", "flow-logs", "probe-schedule"))),
        ),
        (
            "log group",
            ("logs", "describe-log-groups", "--log-group-name-prefix", f"/meridian/{name}/"),
            "logGroups",
            itemgetter("logGroupName"),
        ),
        (
            "alarm",
            ("cloudwatch", "describe-alarms", "--alarm-name-prefix", name),
            "MetricAlarms",
            one_of(
                "AlarmName",
                *(
                    f"{name}-{alarm}"
                    for alarm in ("errors", "latency", "cpu", "memory", "unhealthy-stable", "unhealthy-canary", "probe")
                ),
            ),
        ),
        (
            "alarm of autoscaling",
            ("cloudwatch", "describe-alarms", "--alarm-name-prefix", f"TargetTracking-service/{name}/"),
            "MetricAlarms",
            itemgetter("AlarmName"),
        ),
        ("dashboard", ("cloudwatch", "list-dashboards"), "DashboardEntries", one_of("DashboardName", name)),
        (
            "topic",
            ("sns", "list-topics"),
            "Topics",
            lambda item: item["TopicArn"] if item["TopicArn"].endswith(f":{name}-alarms") else None,
        ),
        ("schedule", ("scheduler", "list-schedules", "--name-prefix", f"{name}-probe"), "Schedules", one_of("Name", f"{name}-probe")),
        ("web ACL", ("wafv2", "list-web-acls", "--scope", "REGIONAL"), "WebACLs", one_of("Name", name)),
        (
            "certificate",
            (
                *("resourcegroupstaggingapi", "get-resources", "--resource-type-filters", "acm:certificate"),
                *("--tag-filters", f"Key=Stack,Values={name}"),
            ),
            "ResourceTagMappingList",
            itemgetter("ResourceARN"),
        ),
    )
