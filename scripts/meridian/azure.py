"""Azure, through the az CLI, with which Terraform signs in too."""

import json
import os
import re
import urllib.parse

from meridian import cost
from meridian.checks import Tool
from meridian.cloud import Cloud, query
from meridian.console import Problem

# Creating resources is not enough: the stack also grants its identity rights.
GRANTS = "Microsoft.Authorization/roleAssignments/write"

# Errors of az: pattern, meaning, what to do. https://learn.microsoft.com/cli/azure/authenticate-azure-cli
REFUSALS = {
    r"az login.* to setup account|No subscription found|az login.*access an account": (
        "Nobody is logged in to az.",
        "`az login`, then `az account set --subscription NAME` if you have several.",
    ),
    r"AADSTS(50078|50076|50079|70043|700082|50173|50132)|refresh token has expired|interactively authenticate": (
        "The login to az has expired.",
        "Log in again: `az login`. In a pipeline, put the login step before this one.",
    ),
    r"AADSTS|invalid_client": (
        "Azure does not accept the login.",
        "Log in again: `az login --tenant TENANT`. In a pipeline: does the federated credential name this repository "
        "and environment?",
    ),
    r"SubscriptionNotFound|InvalidSubscriptionId|doesn't exist in cloud|subscription of .* doesn't exist": (
        "The login does not see the subscription.",
        "`az account list --output table` lists those that the login sees; change account in the tfvars file.",
    ),
    r"Failed to establish a new connection|Max retries exceeded|Name or service not known|timed out": (
        "Azure cannot be reached.",
        "Is this machine online? Does HTTPS_PROXY name the proxy, if one is needed?",
    ),
}


class Azure(Cloud):
    title = "Azure"
    tool = Tool("az", ("az", "version", "--output", "json"), '"azure-cli": *"', "2.50",
        "Terraform and the push of the image sign in with it",
        "https://learn.microsoft.com/cli/azure/install-azure-cli")
    deploys = (
        "15 to 25 minutes the first time: 5 to 10 for the Container Apps environment, 6 for the gateway. A service on "
        "a platform, with IMAGE, takes about 4. Later deployments take about 3."
    )
    destroys = "15 to 25 minutes: the gateway takes 6 and the environment up to 15."
    # Two of these minutes are the provider's wait for a new lock.
    bootstraps = 5
    forged = ("X-Original-Forwarded-For", "X-Azure-ClientIP")
    newest_ready = True
    requests_first = True
    store = "module.state.azurerm_storage_account.this"
    makes = "Microsoft.App/containerApps/write"

    def identity(self, stack):
        shown = az("account", "show")
        wanted = chosen(stack)
        if wanted != shown["id"] and wanted not in (each["id"] for each in az("account", "list")):
            raise Problem(
                f"The login to az does not see the subscription {wanted}.",
                "`az account list --output table` lists those that the login sees; change account in the tfvars file, "
                "or `az login` as somebody else.",
            )
        return f"subscription {wanted} as {shown['user']['name']}"

    def checks(self, stack, builds):
        return [lambda: self.identity(stack), lambda: self.rights(stack), lambda: self.namespaces(stack),
            lambda: self.region(stack)]

    def namespaces(self, stack):
        """Check the namespaces that a subscription must register; the stack registers them if the login may."""
        path = f"/subscriptions/{chosen(stack)}"
        wanted = re.findall(r'^ +"(\w+\.\w+)",', (stack.folder / "providers.tf").read_text(), re.M)
        states = {each["namespace"]: each["registrationState"]
            for each in resource_manager(f"{path}/providers", "2022-09-01")["value"]}
        missing = [namespace for namespace in wanted if states.get(namespace) != "Registered"]
        granted = permissions(stack)
        if any(not any(allows(role, f"{namespace}/register/action") for role in granted) for namespace in missing):
            raise Problem(
                f"The subscription is not registered for {', '.join(missing)}, and the login may not register it.",
                "Once, as the subscription's owner: "
                + " && ".join(f"`az provider register --namespace {namespace}`" for namespace in missing),
            )
        trial = resource_manager(path, "2022-12-01").get("subscriptionPolicies", {}).get("quotaId",
            "").startswith("FreeTrial")
        return (
            f"{len(wanted)} resource providers, of which the first deployment registers {len(missing)}"
            + ". The subscription is a free trial: it runs no registry tasks, so old images are not deleted" * trial
        )

    def rights(self, stack):
        granted = permissions(stack)
        lacking = [action for action in (self.makes, GRANTS) if not any(allows(role, action) for role in granted)]
        if lacking:
            raise Problem(
                f"The login has no right to {' or '.join(lacking)} in the subscription {chosen(stack)}.",
                "It needs the role Owner, or both Contributor and Role Based Access Control Administrator; the "
                "subscription's owner grants them.",
            )
        return "rights to create resources and to assign roles"

    def region(self, stack):
        name = stack.variable("region")
        offered = {each["name"]: each
            for each in resource_manager(f"/subscriptions/{chosen(stack)}/locations", "2022-12-01")["value"]}
        if name not in offered:
            raise Problem(
                f'The subscription does not offer the region "{name}".',
                "Set another region in the tfvars file; `az account list-locations --output table` lists what is "
                "offered.",
            )
        zones = len(offered[name].get("availabilityZoneMappings", []))
        if zones < 3:
            raise Problem(
                f'The region "{name}" has fewer than three availability zones for this subscription.',
                "Choose a region that has three: https://learn.microsoft.com/azure/reliability/regions-list",
            )
        return f"region {name} with {zones} zones"

    def leftovers(self, stack):
        """The stack's resource group and its contents. Only the domain's record is elsewhere, in a zone that belongs to
        somebody else."""
        group = f"/subscriptions/{chosen(stack)}/resourceGroups/{stack.name}"
        resources = existing(f"{group}/resources", "2021-04-01")
        if not resources:
            return []
        return [f"{each['type']} {each['name']}" for each in resources["value"]] + [f"resource group {stack.name}"]

    def expiring(self, stack):
        groups = resource_manager(f"/subscriptions/{chosen(stack)}/resourcegroups", "2021-04-01")["value"]
        return {each["name"]: each["tags"]["expires"] for each in groups if (each.get("tags") or {}).get("expires")}

    def conflict(self, stack, kind, values):
        subscription, name = f"/subscriptions/{chosen(stack)}", values.get("name")
        if kind == "azurerm_resource_group":
            path = f"{subscription}/resourceGroups/{name}"
            return (f"resource group {name}", path) if existing(path, "2021-04-01") else None
        for wanted, what, resource, version in (
            ("azurerm_storage_account", "storage account", "Microsoft.Storage/storageAccounts", "2023-05-01"),
            ("azurerm_container_registry", "registry", "Microsoft.ContainerRegistry/registries", "2023-07-01"),
        ):
            if kind == wanted and not free(stack, resource, version, name):
                return (
                    f"{what} {name}",
                    f"{subscription}/resourceGroups/{values['resource_group_name']}/providers/{resource}/{name}"
                )
        return None

    def found(self, stack, backend, planned):
        return super().found(stack, backend, planned) if self.conflict(stack, *planned) else None

    def costs(self, use, own=True, shared=True):
        hours, busy = cost.HOURS, own and use.running * cost.SECONDS
        # A capacity unit is 2,500 connections, 2.22 Mbit/s or 50 new connections a second.
        capacity = hours * max(use.rate / cost.PER_CONNECTION / 50, use.rate * cost.EXCHANGE * 8 / 2.22e6)
        active = use.rate > 0
        logs = 0.2 + use.gb(use.line and use.line + 340) if own else 0
        nat = use.nat == "single"
        if shared:
            yield "Gateway", {"gateway": hours, "gateway_capacity": capacity}
            if use.waf:
                yield ("WAF, added to the gateway's price", {"waf": hours, "waf_capacity": capacity,
                    "gateway": -hours, "gateway_capacity": -capacity})
        else:
            yield "The service's share of the gateway", {"gateway_capacity": capacity}
        if own:
            yield (f"Replicas of {use.cpu:g} vCPU and {use.gib:g} GiB", {"vcpu_active": busy * use.cpu * active,
                "vcpu_idle": busy * use.cpu * (not active), "memory": busy * use.gib})
            yield "Requests", {"requests": max(0, use.millions - 2)}
        if shared:
            if nat:
                yield "NAT gateway", {"nat": hours, "nat_data": use.gb(cost.FLOW)}
            yield f"Public addresses: {2 + nat}", {"address": (2 + nat) * hours}
            yield "The environment's load balancer", {"balancer": hours, "balancer_data": use.gb(cost.RESPONSE)}
        if own and use.probe:
            yield (f"Probe, 10 seconds every {use.probe['every_minutes']} minutes",
                {"vcpu_active": use.runs * 10 * 0.25, "memory": use.runs * 10 * 0.5})
        if own:
            yield ("Logs: 0.2 GB and the access log as Azure records it",
                {"logs": logs, "logs_kept": use.kept(logs, 31)})
            yield "Alerts: 6 on metrics, 1 on logs", {"alert": 6, "alert_log": 1}
        if shared and not use.repository_url:
            yield "Registry, Basic, and its daily clean-up", {"registry": hours / 24}
        if own and shared:
            yield "Documents and private DNS", {"documents": 2, "zone": 1}
        elif own:
            yield "Documents", {"documents": 2}
        else:
            yield "Private DNS", {"zone": 1}
        if own:
            yield "Traffic out", {"traffic": max(0, use.gb(cost.RESPONSE) - 100)}


class AzureMachine(Azure):
    deploys = (
        "6 to 10 minutes the first time (image 2, registry and load balancer 1, machine until healthy 4); later 1, "
        "and about 5 more until the new machine serves."
    )
    destroys = "5 to 8 minutes, most of it for the machines."
    machine = True
    makes = "Microsoft.Compute/virtualMachineScaleSets/write"

    def costs(self, use):
        return cost.machine(use, "balancer_data", 1, 1, ("Registry, Basic", {"registry": cost.HOURS / 24}))


def az(*arguments):
    return query(REFUSALS, "az", *arguments)


def resource_manager(path, version, method="get", body=None, **query):
    parameters = urllib.parse.urlencode({"api-version": version, **query})
    return az("rest", "--method", method, "--url", f"https://management.azure.com{path}?{parameters}",
        *(["--body", json.dumps(body)] if body else []))


def permissions(stack):
    return resource_manager(f"/subscriptions/{chosen(stack)}/providers/Microsoft.Authorization/permissions",
        "2022-04-01")["value"]


def chosen(stack):
    """Id of the subscription, looked up as the provider does."""
    return stack.variable("account") or os.environ.get("ARM_SUBSCRIPTION_ID") or az("account", "show")["id"]


def allows(role, action):
    def covers(patterns):
        return any(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.I) for pattern in patterns)

    return covers(role.get("actions", [])) and not covers(role.get("notActions", []))


def existing(path, version):
    """Return the response, or None if nothing exists at this path."""
    try:
        return resource_manager(path, version)
    except Problem as problem:
        if "NotFound" in problem.how:
            return None
        raise


def free(stack, kind, version, name):
    """Whether this globally unique name is free:
    https://learn.microsoft.com/rest/api/storagerp/storage-accounts/check-name-availability"""
    provider = f"/subscriptions/{chosen(stack)}/providers/{kind.split('/')[0]}"
    response = resource_manager(f"{provider}/checkNameAvailability", version, "post", {"name": name, "type": kind})
    return response["nameAvailable"]
