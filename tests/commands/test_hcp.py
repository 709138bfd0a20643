"""States in HCP Terraform: the scripts with Terraform's cloud backend, on a double of the API calls that local
execution needs. https://developer.hashicorp.com/terraform/cloud-docs/api-docs"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from support.certificates import issued
from support.fronts import Front, reply
from support.machine import ROOT, ran
from support.state_scenario import STACK

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]

TOKEN = "nothing-secret"


def workspace(mode):
    return {"mode": mode, "lock": None, "state": None, "serial": 0}


def refuse(status):
    return respond({"errors": [{"status": str(status), "title": "refused"}]}, status)


def respond(body=b"", status=200, **headers):
    return reply(body, status, **{"Content_Type": "application/vnd.api+json", "TFP_API_Version": "2.6", **headers})


class Hcp(Front):
    """Workspaces of one organization, with the newest state of each."""

    def __init__(self, certificate):
        self.workspaces = {}
        self.terraform = json.loads(subprocess.run(["terraform", "version", "-json"], check=True,
            capture_output=True).stdout)["terraform_version"]
        super().__init__(self.respond, certificate)

    def respond(self, request):
        body = request.body
        path = request.path.split("?")[0]
        if path == "/.well-known/terraform.json":
            return respond({"tfe.v2": "/api/v2/", "tfe.v2.1": "/api/v2/", "tfe.v2.2": "/api/v2/"},
                Content_Type="application/json")
        workspaces = self.workspaces
        if path.startswith("/state/"):
            kept = workspaces[path.split("/")[2]]
            if request.method == "PUT" and not path.endswith("/json"):
                kept["state"] = body
            return respond(kept["state"] or b"")
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return refuse(401)
        if path == "/api/v2/ping":
            return respond(status=204)
        if path == "/api/v2/organizations/someone/entitlement-set":
            return respond({"data": {"id": "org", "type": "entitlement-sets",
                "attributes": {"operations": True, "state-storage": True}}})
        if path == "/api/v2/organizations/someone/workspaces":
            wanted = json.loads(body)["data"]["attributes"]
            workspaces[wanted["name"]] = workspace(wanted.get("execution-mode", "remote"))
            return respond(self.shown(wanted["name"]), 201)
        if named := re.fullmatch(r"/api/v2/organizations/someone/workspaces/(.*)", path):
            return respond(self.shown(named[1])) if named[1] in workspaces else refuse(404)
        if path.endswith("outputs"):
            name = path.removesuffix("/current-state-version-outputs").removesuffix("/outputs").split(
                "/")[-1].removeprefix("ws-")
            return respond(self.outputs(name))
        if version := re.fullmatch(r"/api/v2/state-versions/(.*)", path):
            return respond(self.version(version[1]))
        name, verb = re.fullmatch(r"/api/v2/workspaces/ws-([^/]*)/?(.*)", path).groups()
        asked = workspaces[name]
        if verb == "actions/lock":
            if asked["lock"]:
                return refuse(409)
            asked["lock"] = json.loads(body or b"{}").get("reason") or "locked"
        elif verb.startswith("actions/"):
            asked["lock"] = None
        elif verb == "current-state-version":
            return respond(self.version(name)) if asked["state"] else refuse(404)
        elif verb == "state-versions":
            asked["serial"] = json.loads(body)["data"]["attributes"]["serial"]
            return respond(self.version(name), 201)
        return respond(self.shown(name))

    def shown(self, name):
        shown = self.workspaces[name]
        may = {f"can-{verb}": True
            for verb in ("lock", "unlock", "force-unlock", "queue-run", "queue-apply", "read-settings", "update")}
        attributes = {"name": name, "execution-mode": shown["mode"], "operations": shown["mode"] == "remote",
            "locked": bool(shown["lock"])}
        attributes |= {"permissions": may, "terraform-version": self.terraform, "source": "terraform"}
        return {"data": {"id": f"ws-{name}", "type": "workspaces", "attributes": attributes, "relationships": {}}}

    def outputs(self, name):
        found = json.loads(self.workspaces[name]["state"] or "{}").get("outputs", {})
        shown = {}
        for key, each in found.items():
            shown[key] = {"name": key, "value": each["value"], "sensitive": False, "type": each["type"],
                "detailed-type": each["type"]}
        page = {"current-page": 1, "total-pages": 1, "total-count": len(shown)}
        return {"data": [{"id": key, "type": "state-version-outputs", "attributes": each}
            for key, each in shown.items()], "meta": {"pagination": page}}

    def version(self, name):
        url = f"https://localhost:{self.port}/state/{name}"
        attributes = {"hosted-state-download-url": url, "hosted-state-upload-url": url,
            "hosted-json-state-upload-url": f"{url}/json"}
        attributes |= {"serial": self.workspaces[name]["serial"], "status": "finalized", "resources-processed": True}
        return {"data": {"id": name, "type": "state-versions", "attributes": attributes}}


@pytest.fixture
def hcp(tmp_path):
    trust, *files = issued(tmp_path, "localhost")
    server = Hcp(files)
    host = f"localhost:{server.port}"
    (tmp_path / ".terraformrc").write_text(f'credentials "{host}" {{\n  token = "{TOKEN}"\n}}\n')
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", clone / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    stack = clone / "stacks/aws"
    stack.mkdir(parents=True)
    (stack / "main.tf").write_text(STACK)
    (stack / "variables.tf").write_text('variable "name" {}\n')
    (stack / "terraform.tfvars").write_text('name = "meridian"\n')
    (stack / "staging.tfvars").write_text('name = "meridian-staging"\n')
    (stack / "backend.tf").write_text("terraform {\n  cloud {}\n}\n")
    server.stack = stack
    server.environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TF_")
            and "PROXY" not in name.upper()},
        "SSL_CERT_FILE": str(trust),
        "TF_CLI_CONFIG_FILE": str(tmp_path / ".terraformrc"),
        "TF_CLOUD_HOSTNAME": host,
        "TF_CLOUD_ORGANIZATION": "someone",
        f"TF_TOKEN_{host.replace('.', '_')}": TOKEN,
        "TF_CLI_ARGS": "-no-color",
        "CHECKPOINT_DISABLE": "1",
        "PYTHONPATH": str(clone / "scripts"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with server:
        yield server


def stack(hcp, code, **environment):
    """Run code with the scripts' own Stack class, in a process of its own."""
    program = f"""if True:
        import json, os, sys
        from meridian.console import Problem
        from meridian.stack import Stack
        try:
            stack = Stack("aws", os.environ.get("ENV"))
            {code}
        except Problem as problem:
            sys.exit(f"{{problem.what}} {{problem.how}}")"""
    return ran(sys.executable, "-c", program, env={**hcp.environment, **environment}, codes=None)


LIFE = (
    "stack.init(); on = stack.terraform; on.apply();"
    " print('outputs', json.dumps(on.outputs())); print('resources', *on.resources())"
)


def test_each_environment_has_a_workspace(hcp):
    for environment, note in (("production", "first"), ("staging", "of staging")):
        done = stack(hcp, LIFE, ENV=environment, TF_VAR_note=note)
        assert done.returncode == 0 and json.dumps({"note": note}) in done.stdout, done.stdout
        assert "terraform_data.this" in done.stdout, done.stdout
    assert {name: each["lock"] for name, each in hcp.workspaces.items()} == {"meridian-aws": None,
        "meridian-staging-aws": None}
    assert not list(hcp.stack.glob("terraform.tfstate*"))


def test_a_second_writer_is_refused(hcp):
    assert stack(hcp, LIFE).returncode == 0
    hcp.workspaces["meridian-aws"]["lock"] = "somebody"
    done = stack(hcp, "stack.init(); stack.terraform.apply('-lock-timeout=0s')", TF_VAR_note="second")
    assert done.returncode == 1 and "Error acquiring the state lock" in done.stdout, done.stdout


def test_a_workspace_with_remote_execution_is_refused(hcp):
    hcp.workspaces["meridian-aws"] = workspace("remote")
    done = stack(hcp, LIFE)
    assert done.returncode == 1 and "execution mode remote" in done.stdout, done.stdout
    assert "choose Local" in done.stdout, done.stdout
    assert hcp.workspaces["meridian-aws"]["state"] is None


@pytest.mark.parametrize(
    "block, environment, said",
    [
        ('cloud {\n    workspaces { name = "mine" }\n  }', {}, "Remove workspaces from that file"),
        ("cloud {}", {"TF_CLOUD_ORGANIZATION": ""}, "Set TF_CLOUD_ORGANIZATION"),
    ],
)
def test_what_the_scripts_cannot_work_with_is_reported(hcp, block, environment, said):
    (hcp.stack / "backend.tf").write_text(f"terraform {{\n  {block}\n}}\n")
    done = stack(hcp, LIFE, **environment)
    assert done.returncode == 1 and said in done.stdout, done.stdout
    assert hcp.workspaces == {}


@pytest.mark.parametrize("block", [
    'cloud { organization = "someone" }',
    'cloud { # workspaces { name = "mine" }\n    /* organization = "other"\n    */ organization = "someone"\n  }',
])
def test_a_block_may_be_spelt_as_terraform_accepts_it(hcp, block):
    (hcp.stack / "backend.tf").write_text(f"terraform {{\n  {block}\n}}\n")
    done = stack(hcp, LIFE, TF_CLOUD_ORGANIZATION="")
    assert done.returncode == 0 and set(hcp.workspaces) == {"meridian-aws"}, done.stdout


def test_a_block_in_a_comment_is_ignored(hcp):
    (hcp.stack / "backend.tf").write_text("terraform {\n  /*\n  cloud {}\n  */\n}\n")
    done = stack(hcp, LIFE)
    assert done.returncode == 0 and not hcp.workspaces and (hcp.stack / "terraform.tfstate").exists(), done.stdout


def test_a_token_may_be_in_terraforms_settings(hcp):
    hcp.environment = {name: value for name, value in hcp.environment.items() if not name.startswith("TF_TOKEN_")}
    done = stack(hcp, LIFE)
    assert done.returncode == 0 and set(hcp.workspaces) == {"meridian-aws"}, done.stdout


@pytest.mark.parametrize("spelling", ["upper case", "a file of one's own"])
def test_a_token_may_be_spelt_as_terraform_accepts_it(hcp, tmp_path, spelling):
    environment = {name: value for name, value in hcp.environment.items() if not name.startswith("TF_TOKEN_")
        and name != "TF_CLI_CONFIG_FILE"}
    if spelling == "upper case":
        environment[f"TF_TOKEN_LOCALHOST:{hcp.port}"] = TOKEN
    else:
        (tmp_path / ".terraform.d").mkdir()
        (tmp_path / ".terraformrc").replace(tmp_path / ".terraform.d/own.tfrc")
    hcp.environment = {**environment, "HOME": str(tmp_path / "nowhere" if spelling == "upper case" else tmp_path)}
    done = stack(hcp, LIFE)
    assert done.returncode == 0 and set(hcp.workspaces) == {"meridian-aws"}, done.stdout


def test_without_a_token_it_explains_how_to_sign_in(hcp, tmp_path):
    assert stack(hcp, LIFE).returncode == 0
    without = {name: "" for name in hcp.environment if name.startswith("TF_TOKEN_")}
    done = stack(hcp, LIFE, HOME=str(tmp_path), **without)
    assert done.returncode == 1 and "terraform login localhost" in done.stdout, done.stdout
