"""doctor and destroy for Azure, on logins and subscriptions that lack something."""

import json
import os
import subprocess
import sys

import pytest
from support.machine import ROOT, ran

sys.path.insert(0, str(ROOT / "scripts"))
from meridian import azure, cloud
from meridian.console import Problem

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
GRANTER = {"actions": ["Microsoft.Authorization/roleAssignments/write", "*/read"], "notActions": []}
NAMESPACES = (
    *("Microsoft.App", "Microsoft.ContainerRegistry", "Microsoft.ContainerService", "microsoft.insights"),
    *("Microsoft.ManagedIdentity", "Microsoft.Network", "Microsoft.OperationalInsights", "Microsoft.Portal",
        "Microsoft.Storage"),
)
ZONES = [{"logicalZone": zone} for zone in "123"]


class Stack:
    name = "meridian"
    folder = ROOT / "stacks/azure"

    def __init__(self, **variables):
        self.variables = {"region": "westeurope", **variables}

    def variable(self, name):
        return self.variables.get(name)


@pytest.fixture
def az(tmp_path, monkeypatch):
    """Map words of an az command to its JSON response, or to the message with which it fails."""
    responses = {
        "account show": {"id": SUBSCRIPTION, "user": {"name": "ops@example.com"}},
        "account list": [{"id": SUBSCRIPTION}],
        "/permissions": {"value": [OWNER]},
        "/locations": {"value": [{"name": "westeurope", "availabilityZoneMappings": ZONES}, {"name": "westus"}]},
        "/resources": {"value": []},
        "/providers?": {"value": [{"namespace": namespace, "registrationState": "Registered"}
            for namespace in NAMESPACES]},
        f"/subscriptions/{SUBSCRIPTION}?": {"subscriptionPolicies": {"quotaId": "PayAsYouGo_2014-09-01"}},
    }

    def run(*command, **_):
        line = " ".join(command)
        response = next(response for words, response in responses.items() if words in line)
        if isinstance(response, str):
            return subprocess.CompletedProcess(command, 1, "", response)
        return subprocess.CompletedProcess(command, 0, json.dumps(response), "")

    monkeypatch.setattr(cloud, "run", run)
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    return responses


AZURE = azure.Azure()


def checked(stack):
    return [check() for check in AZURE.checks(stack, builds=True)]


def test_doctor_passes_a_ready_subscription(az):
    assert checked(Stack()) == [
        f"subscription {SUBSCRIPTION} as ops@example.com",
        "rights to create resources and to assign roles",
        "9 resource providers, of which the first deployment registers 0",
        "region westeurope with 3 zones",
    ]


def test_doctor_names_missing_namespaces_if_the_login_may_not_register_them(az):
    az["/providers?"]["value"] = [each for each in az["/providers?"]["value"] if "Container" not in each["namespace"]]
    assert "9 resource providers, of which the first deployment registers 2" in AZURE.namespaces(Stack())
    az["/permissions"] = {"value": [GRANTER]}
    with pytest.raises(Problem) as problem:
        AZURE.namespaces(Stack())
    assert "Microsoft.ContainerRegistry, Microsoft.ContainerService" in problem.value.what
    assert "`az provider register --namespace Microsoft.ContainerService`" in problem.value.how


def test_doctor_reports_what_a_free_trial_lacks(az):
    az[f"/subscriptions/{SUBSCRIPTION}?"]["subscriptionPolicies"]["quotaId"] = "FreeTrial_2014-09-01"
    assert "runs no registry tasks" in AZURE.namespaces(Stack())


@pytest.mark.parametrize(
    "message, what, how",
    [
        ("ERROR: Please run 'az login' to setup account.", "Nobody is logged in", "az login"),
        ("ERROR: AADSTS700082: The refresh token has expired due to inactivity.", "has expired", "az login"),
        ("ERROR: AADSTS700213: No matching federated identity record found", "does not accept the login",
            "federated credential"),
        ("ERROR: HTTPSConnectionPool: Max retries exceeded with url", "cannot be reached", "HTTPS_PROXY"),
        ("ERROR: something new", "was refused", "something new"),
    ],
)
def test_doctor_explains_what_to_do_when_az_refuses(az, message, what, how):
    az["account show"] = message
    with pytest.raises(Problem) as refused:
        AZURE.identity(Stack())
    assert what in refused.value.what and how in refused.value.how


def test_doctor_finds_the_wrong_subscription(az):
    with pytest.raises(Problem, match="does not see the subscription 99999999"):
        AZURE.identity(Stack(account="99999999-1111-2222-3333-444444444444"))


@pytest.mark.parametrize("roles, lacks",
    [([CONTRIBUTOR], "roleAssignments/write"), ([GRANTER], "containerApps/write"), ([], "containerApps/write")])
def test_doctor_finds_missing_rights(az, roles, lacks):
    az["/permissions"] = {"value": roles}
    with pytest.raises(Problem, match=lacks):
        AZURE.rights(Stack())


def test_two_roles_together_are_enough(az):
    az["/permissions"] = {"value": [CONTRIBUTOR, GRANTER]}
    assert AZURE.rights(Stack())


@pytest.mark.parametrize("region, what", [
    ("westus", "has fewer than three availability zones"), ("atlantis", "does not offer")])
def test_doctor_finds_an_unsuitable_region(az, region, what):
    with pytest.raises(Problem, match=what):
        AZURE.region(Stack(region=region))


def test_nothing_remains_when_the_group_does_not_exist(az):
    az["/resources"] = 'ERROR: Not Found({"error":{"code":"ResourceGroupNotFound"}})'
    assert AZURE.leftovers(Stack()) == []


def test_leftovers_are_reported(az):
    az["/resources"] = {"value": [{"type": "Microsoft.Network/virtualNetworks", "name": "mine"}]}
    assert AZURE.leftovers(Stack()) == ["Microsoft.Network/virtualNetworks mine", "resource group meridian"]


def test_a_failed_query_does_not_mean_that_nothing_remains(az):
    az["/resources"] = "ERROR: AADSTS700082: The refresh token has expired"
    with pytest.raises(Problem, match="has expired"):
        AZURE.leftovers(Stack())


def test_an_existing_provider_is_not_built_again(tmp_path):
    plugins = tmp_path / ".terraform.d/plugins/registry.terraform.io/hashicorp"
    provider = plugins / "azurerm/5.2.0/linux_amd64/terraform-provider-azurerm_v5.2.0_x5"
    provider.parent.mkdir(parents=True)
    provider.touch(0o755)
    done = subprocess.run(
        [ROOT / "tests/provider-azurerm"], env={**os.environ, "HOME": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, check=True
    )
    assert done.stdout == f"Nothing to do: {provider} is there.\n"


def await_blobs(folder, statuses, **environment):
    """Run the wait for rights with a curl that returns these statuses in turn, and then the last one forever."""
    for name, text in {
        "az": "#!/bin/sh\necho token\n",
        "sleep": "#!/bin/sh\n:\n",
        "curl": f"#!/bin/sh\ncat >>{folder}/asked\nset -- {' '.join(statuses)}\nshift $(cat {folder}/count)\n"
        f"[ $# -gt 1 ] && echo $(($(cat {folder}/count) + 1)) >{folder}/count\nprintf %s $1\n",
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "count").write_text("0")
    return ran(ROOT / "modules/azure/documents/await", timeout=60, codes=None, env={
        "PATH": f"{folder}:{os.environ['PATH']}", "CONTAINER": "https://example.blob.core.windows.net/documents",
        **environment})


def test_the_upload_waits_until_the_right_works_three_times_in_a_row(tmp_path):
    done = await_blobs(tmp_path, ["403", "403", "200", "200", "403", "200"])
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "asked").read_text().count("comp=list") == 8


def test_the_token_is_on_no_command_line(tmp_path):
    await_blobs(tmp_path, ["200"])
    assert 'header = "Authorization: Bearer token"' in (tmp_path / "asked").read_text()
    assert "--config -" in (ROOT / "modules/azure/documents/await").read_text()


def test_a_wait_that_times_out_names_the_missing_right(tmp_path):
    done = await_blobs(tmp_path, ["403"], LIMIT="0")
    assert done.returncode == 1
    assert "still answers 403" in done.stdout and "Storage Blob Data Contributor" in done.stdout
