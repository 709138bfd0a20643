"""Whether names that a bootstrap is about to give away belong to something already."""

import functools
import json
import urllib.parse

from meridian.console import Problem


def taken(bootstrap, creates):
    """Of each that is there already: what has the name, and what to do if it is one's own.

    creates: address to type and planned values, of what the plan makes. The clouds would refuse these too, one by one
    and in the middle of an apply.
    """
    ask = {"aws": of_aws, "azure": of_azure, "gcp": of_gcp}[bootstrap.cloud]
    for address, (kind, values) in creates.items():
        found = ask(bootstrap, kind, values)
        if found:
            what, name = found
            yield what, name if name.startswith("github") else f"terraform -chdir={bootstrap.own_folder} import '{address}' {name}"


# Each answers with what is there and its id for an import.


def of_aws(bootstrap, kind, values):
    name = values.get("name")
    if kind == "aws_ecr_repository":
        if name in [each["repositoryName"] for each in listed(bootstrap, "ecr", "describe-repositories")["repositories"]]:
            return f"repository {name}", name
    elif kind == "aws_iam_role":
        if name in [each["RoleName"] for each in listed(bootstrap, "iam", "list-roles")["Roles"]]:
            return f"role {name}", name
    elif kind == "aws_iam_openid_connect_provider":
        host = values["url"].removeprefix("https://")
        for each in listed(bootstrap, "iam", "list-open-id-connect-providers")["OpenIDConnectProviderList"]:
            if each["Arn"].endswith(f"oidc-provider/{host}"):
                # Others in the account trust it too, so it must not go with this bootstrap.
                return f"identity provider {host}, which an account has once", f'github or circleci with provider = "{each["Arn"]}"'
    return None


@functools.cache
def listed(bootstrap, *command):
    """A list of the account's, asked for once, though there are several roles to make."""
    return bootstrap.provider.aws(bootstrap, *command)


def of_azure(bootstrap, kind, values):
    subscription = f"/subscriptions/{bootstrap.provider.chosen(bootstrap)}"
    name = values.get("name")
    in_group = f"{subscription}/resourceGroups/{values.get('resource_group_name')}/providers"
    if kind == "azurerm_resource_group":
        path = f"{subscription}/resourceGroups/{name}"
        return (f"resource group {name}", path) if exists(bootstrap, path, "2021-04-01") else None
    for wanted, what, resource, version in (
        ("azurerm_storage_account", "storage account", "Microsoft.Storage/storageAccounts", "2023-05-01"),
        ("azurerm_container_registry", "registry", "Microsoft.ContainerRegistry/registries", "2023-07-01"),
    ):
        if kind == wanted and not free(bootstrap, resource, version, name):
            return f"{what} {name}", f"{in_group}/{resource}/{name}"
    return None


def exists(bootstrap, path, version):
    try:
        bootstrap.provider.resource_manager(path, version)
        return True
    except Problem as problem:
        if "NotFound" in problem.how:
            return False
        raise


def free(bootstrap, kind, version, name):
    """Whether nobody in the world has this name: https://learn.microsoft.com/rest/api/storagerp/storage-accounts/check-name-availability"""
    azure = bootstrap.provider
    url = f"https://management.azure.com/subscriptions/{azure.chosen(bootstrap)}/providers/{kind.split('/')[0]}/checkNameAvailability?api-version={version}"
    answer = azure.az("rest", "--method", "post", "--url", url, "--body", json.dumps({"name": name, "type": kind}))
    return answer["nameAvailable"]


def of_gcp(bootstrap, kind, values):
    project = bootstrap.provider.chosen(bootstrap)
    if kind == "google_artifact_registry_repository":
        path = f"projects/{project}/locations/{values['location']}/repositories/{values['repository_id']}"
        return (f"repository {values['repository_id']}", path) if there(bootstrap, f"https://artifactregistry.googleapis.com/v1/{path}") else None
    if kind == "google_service_account":
        email = f"{values['account_id']}@{project}.iam.gserviceaccount.com"
        path = f"projects/{project}/serviceAccounts/{email}"
        return (f"service account {email}", path) if there(bootstrap, f"https://iam.googleapis.com/v1/{urllib.parse.quote(path)}") else None
    return None


def there(bootstrap, url):
    try:
        bootstrap.provider.ask(url)
        return True
    except bootstrap.provider.Refused as refused:
        # An interface that is off has nothing yet; the apply turns it on.
        if refused.status == 404 or refused.reason == "SERVICE_DISABLED":
            return False
        raise
