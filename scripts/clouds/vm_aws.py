"""The virtual machine on AWS."""

from operator import itemgetter

from clouds.aws import CLOSED, FORGED, TITLE, TOOLS, account, listed, one_of, region  # noqa: F401  a cloud has these names
from meridian.page import look

MINUTES = {
    "deploy": "8 to 12 minutes the first time (image 2, load balancer 3, machine until healthy 4), later 1, and some 5 until the new machine has taken over.",
    "destroy": "5 to 8 minutes, for the machine and the load balancer let go of the network slowly.",
}


def checks(stack):
    yield "account", lambda: account(stack)
    yield "region", lambda: region(stack)


def verify(stack, outputs):
    return look(stack, outputs)


def before_destroy(stack):
    """Nothing: the repository is deleted with its images."""


def left(stack):
    return listed(stack, made(stack))


def made(stack):
    """Kind, command that lists it, key of the list, and what names an item if it is the stack's."""
    name = stack.name
    tag = f"Name=tag:Stack,Values={name}"

    def machine(reservation):
        alive = [each["InstanceId"] for each in reservation["Instances"] if each["State"]["Name"] != "terminated"]
        return ", ".join(alive)

    return (
        ("group", ("autoscaling", "describe-auto-scaling-groups"), "AutoScalingGroups", one_of("AutoScalingGroupName", name)),
        ("machine", ("ec2", "describe-instances", "--filters", tag), "Reservations", machine),
        ("disk", ("ec2", "describe-volumes", "--filters", tag), "Volumes", itemgetter("VolumeId")),
        ("launch template", ("ec2", "describe-launch-templates"), "LaunchTemplates", one_of("LaunchTemplateName", name)),
        ("network", ("ec2", "describe-vpcs", "--filters", tag), "Vpcs", itemgetter("VpcId")),
        ("public address", ("ec2", "describe-addresses", "--filters", tag), "Addresses", itemgetter("AllocationId")),
        ("load balancer", ("elbv2", "describe-load-balancers"), "LoadBalancers", one_of("LoadBalancerName", name)),
        (
            "target group",
            ("elbv2", "describe-target-groups"),
            "TargetGroups",
            one_of("TargetGroupName", f"{name}-80", f"{name}-443"),
        ),
        ("repository", ("ecr", "describe-repositories"), "repositories", one_of("repositoryName", name)),
        ("role", ("iam", "list-roles"), "Roles", one_of("RoleName", f"{name}-machine")),
        ("instance profile", ("iam", "list-instance-profiles"), "InstanceProfiles", one_of("InstanceProfileName", f"{name}-machine")),
        (
            "log group",
            ("logs", "describe-log-groups", "--log-group-name-prefix", f"/meridian/{name}/machine"),
            "logGroups",
            one_of("logGroupName", f"/meridian/{name}/machine"),
        ),
    )
