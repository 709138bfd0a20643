"""States in HCP Terraform, if backend.tf has a cloud block instead of the bootstrap's store.

The block names no workspace. The scripts select one for each environment, named after the stack and its cloud, such as
meridian-aws, and create it if it is missing. Terraform runs locally, as with any other store, so that it has the
caller's login to the cloud: https://developer.hashicorp.com/terraform/cloud-docs/workspaces/settings#execution-mode
"""

import json
import os
import pathlib
import re
import urllib.error

from meridian import rest
from meridian.console import Problem

HOST = "app.terraform.io"


def block(folder):
    """Text of the cloud block of a folder, or None."""
    file = folder / "backend.tf"
    text = uncommented(file.read_text()) if file.exists() else ""
    found = re.search(r"^\s*cloud\s*\{.*", text, re.M | re.S)
    return found and found[0]


def uncommented(text):
    return re.sub(r'("(?:\\.|[^"\\])*")|(?:#|//)[^\n]*|/\*.*?\*/', lambda found: found[1] or "", text, flags=re.S)


def named(text, key, variable, default=None):
    """Value of a key in a cloud block, else of the environment variable, else the default."""
    found = re.search(rf'\b{key}\s*=\s*"([^"]*)"', text)
    return found[1] if found else os.environ.get(variable) or default


def organization(text):
    return named(text, "organization", "TF_CLOUD_ORGANIZATION")


def workspace(stack):
    """Name of the workspace with a stack's state, for TF_WORKSPACE; None without a cloud block."""
    text = block(stack.folder)
    if not text:
        return None
    where = f"stacks/{stack.place}/backend.tf"
    if re.search(r"workspaces\s*(\{|=)", text):
        raise Problem(
            f"{where} names workspaces of HCP Terraform, but the scripts choose one for each environment.",
            f"Remove workspaces from that file: cloud {{}} is enough. The state of this environment is kept in "
            f"{stack.name}-{stack.task}.",
        )
    if not organization(text):
        raise Problem(
            f"{where} keeps the state in HCP Terraform, but no organization is named.",
            "Set TF_CLOUD_ORGANIZATION; in a pipeline, set it beside TF_TOKEN_app_terraform_io in its variables.",
        )
    return f"{stack.name}-{stack.task}"


def prepare(stack):
    """Create the workspace if it is missing. Stop if HCP Terraform would run Terraform itself, where it has no login to
    the cloud."""
    text, name = block(stack.folder), workspace(stack)
    place = named(text, "hostname", "TF_CLOUD_HOSTNAME", HOST)
    if not token(place):
        raise Problem(f"Nobody is signed in to {place}.", f"`terraform login {place}`, or set {variable(place)}.")
    workspaces = f"https://{place}/api/v2/organizations/{organization(text)}/workspaces"
    found = ask(place, f"{workspaces}/{name}")
    if not found:
        attributes = {"name": name, "execution-mode": "local", "setting-overwrites": {"execution-mode": True}}
        found = ask(place, workspaces, {"data": {"type": "workspaces", "attributes": attributes}})
    if not found:
        raise Problem(
            f"{place} has no organization {organization(text)}, or the owner of the token may not create a workspace "
            "in it.",
            "Correct TF_CLOUD_ORGANIZATION, or use the token of somebody who may manage workspaces.",
        )
    mode = found["data"]["attributes"]["execution-mode"]
    if mode != "local":
        raise Problem(
            f"The workspace {name} of HCP Terraform has execution mode {mode}. In that mode HCP "
            "Terraform runs Terraform itself, without your sign-in to the cloud and without the image's sources.",
            "In its Settings, General, choose Local, then repeat the command.",
        )


def ask(place, url, body=None):
    """Parsed response of HCP Terraform; None for what does not exist or the token may not see."""
    try:
        return rest.ask(url, token(place), body, **{"Content-Type": "application/vnd.api+json"})
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise Problem(
            f"{place} answered {error.code}.",
            f"Sign in again: `terraform login {place}`, or set {variable(place)}. {error.reason}"
        ) from None
    except OSError as error:
        raise Problem(f"{place} cannot be reached.", f"Is this machine online? {error}") from None


def variable(place):
    """https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials"""
    return f"TF_TOKEN_{place.replace('-', '__').replace('.', '_')}"


def token(place):
    for name, value in os.environ.items():
        if name.startswith("TF_TOKEN_") and name[9:].replace("__", "-").replace("_", ".").lower() == place.lower():
            return value  # as Terraform does, even if it is empty
    home = pathlib.Path(os.path.expanduser("~"))  # unlike Path.home(), never fails
    named = os.environ.get("TF_CLI_CONFIG_FILE")
    for config in [pathlib.Path(named)] if named else [home / ".terraformrc", *home.glob(".terraform.d/*.tfrc")]:
        block = re.search(rf'\bcredentials\s+"{re.escape(place)}"\s*\{{[^}}]*\btoken\s*=\s*"([^"]*)"',
            uncommented(config.read_text()) if config.is_file() else "")
        if block:
            return block[1]
    file = home / ".terraform.d/credentials.tfrc.json"
    return json.loads(file.read_text()).get("credentials", {}).get(place, {}).get("token") if file.exists() else None
