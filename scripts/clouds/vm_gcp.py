"""The virtual machine on Google Cloud."""

import os

from clouds.gcp import (  # noqa: F401  a cloud has these names
    CLOSED,
    ENVIRONMENT,
    FORGED,
    TITLE,
    TOOLS,
    chosen,
    every,
    listed,
    login,
    one_of,
    project,
    region,
    rights,
)
from meridian.page import look

MINUTES = {
    "deploy": "6 to 9 minutes the first time (image 2, interfaces 2, machine until healthy 3), later some 5, for the new machine must answer first.",
    "destroy": "3 to 5 minutes.",
}
# What the stack does, a permission for each: https://cloud.google.com/iam/docs/permissions-reference
PERMISSIONS = (
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.setIamPolicy",
    "compute.firewalls.create",
    "compute.forwardingRules.create",
    "compute.instanceGroupManagers.create",
    "compute.networks.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "resourcemanager.projects.setIamPolicy",
    "serviceusage.services.enable",
)


def checks(stack):
    if not os.environ.get("IMAGE"):
        yield "login", login
    yield "project", lambda: project(stack)
    yield "rights", lambda: rights(stack, PERMISSIONS)
    yield "region", lambda: region(stack)


def verify(stack, outputs):
    return look(stack, outputs)


def before_destroy(stack):
    """Nothing: the repository is deleted with its images."""


def left(stack):
    """Asks each interface for what the stack makes there, by exact name: one that only begins alike
    belongs to another environment."""
    return listed(made(stack))


def made(stack):
    """Kind, address of its list, key of the list, and what names an item if it is the stack's."""
    name, place, region = stack.name, chosen(stack), stack.variable("region")
    compute = f"https://compute.googleapis.com/compute/v1/projects/{place}"

    def ours(item, labels):
        """A machine or a template has the name and what Google adds to it; its label says whose it is."""
        return item["name"] if labels.get("stack") == name else None

    for kind, collection, names in (
        ("forwarding rule", f"regions/{region}/forwardingRules", (name,)),
        ("backend service", f"regions/{region}/backendServices", (name,)),
        ("group", f"regions/{region}/instanceGroupManagers", (name,)),
        ("health check", f"regions/{region}/healthChecks", (f"{name}-serving",)),
        ("health check", "global/healthChecks", (f"{name}-healing",)),
        ("public address", f"regions/{region}/addresses", (name,)),
        (
            "firewall rule",
            "global/firewalls",
            tuple(f"{name}-{rule}" for rule in ("http", "https", "icmp", "ssh", "inside-tcp", "inside-udp", "everything-out")),
        ),
        ("subnet", f"regions/{region}/subnetworks", (name,)),
        ("network", "global/networks", (name,)),
    ):
        yield kind, f"{compute}/{collection}", "items", one_of(*names)
    labelled = f"filter=labels.stack%3D{name}"
    yield "template", f"{compute}/regions/{region}/instanceTemplates", "items", lambda item: ours(item, item.get("properties", {}).get("labels", {}))
    for zone in (each for each in every(f"{compute}/zones", "items") if each["name"].startswith(f"{region}-")):
        yield "machine", f"{compute}/zones/{zone['name']}/instances?{labelled}", "items", lambda item: ours(item, item.get("labels", {}))
    yield (
        "repository",
        f"https://artifactregistry.googleapis.com/v1/projects/{place}/locations/{region}/repositories",
        "repositories",
        one_of(name),
    )
    account = f"{name}-machine@{place}.iam.gserviceaccount.com"
    yield "service account", f"https://iam.googleapis.com/v1/projects/{place}/serviceAccounts", "accounts", one_of(account)
