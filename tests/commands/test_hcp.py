"""States in HCP Terraform: the scripts with Terraform's own cloud backend, on a double of as much of its interface as
local execution asks for. https://developer.hashicorp.com/terraform/cloud-docs/api-docs"""

import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading

import pytest
from support.emulators import certificate
from support.machine import ROOT
from support.state_story import STACK

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]

TOKEN = "nothing-secret"


def workspace(mode):
    return {"mode": mode, "lock": None, "state": None, "serial": 0}


class Hcp(http.server.BaseHTTPRequestHandler):
    """Workspaces of one organization, with the newest state of each."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/vnd.api+json", "Content-Length": str(len(text)), "TFP-API-Version": "2.6", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def refuse(self, status):
        self.answer(status, {"errors": [{"status": str(status), "title": "refused"}]})

    def handle_any(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        path = self.path.split("?")[0]
        if path == "/.well-known/terraform.json":
            return self.answer(200, {"tfe.v2": "/api/v2/", "tfe.v2.1": "/api/v2/", "tfe.v2.2": "/api/v2/"}, **{"Content-Type": "application/json"})
        workspaces = self.server.workspaces
        if path.startswith("/state/"):
            kept = workspaces[path.split("/")[2]]
            if self.command == "PUT" and not path.endswith("/json"):
                kept["state"] = body
            return self.answer(200, kept["state"])
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.refuse(401)
        if path == "/api/v2/ping":
            return self.answer(204)
        if path == "/api/v2/organizations/someone/entitlement-set":
            return self.answer(200, {"data": {"id": "org", "type": "entitlement-sets", "attributes": {"operations": True, "state-storage": True}}})
        if path == "/api/v2/organizations/someone/workspaces":
            wanted = json.loads(body)["data"]["attributes"]
            workspaces[wanted["name"]] = workspace(wanted.get("execution-mode", "remote"))
            return self.answer(201, self.shown(wanted["name"]))
        if named := re.fullmatch(r"/api/v2/organizations/someone/workspaces/(.*)", path):
            return self.answer(200, self.shown(named[1])) if named[1] in workspaces else self.refuse(404)
        if path.endswith("outputs"):
            name = path.removesuffix("/current-state-version-outputs").removesuffix("/outputs").split("/")[-1].removeprefix("ws-")
            return self.answer(200, self.outputs(name))
        if version := re.fullmatch(r"/api/v2/state-versions/(.*)", path):
            return self.answer(200, self.version(version[1]))
        name, verb = re.fullmatch(r"/api/v2/workspaces/ws-([^/]*)/?(.*)", path).groups()
        asked = workspaces[name]
        if verb == "actions/lock":
            if asked["lock"]:
                return self.refuse(409)
            asked["lock"] = json.loads(body or b"{}").get("reason") or "locked"
        elif verb.startswith("actions/"):
            asked["lock"] = None
        elif verb == "current-state-version":
            return self.answer(200, self.version(name)) if asked["state"] else self.refuse(404)
        elif verb == "state-versions":
            asked["serial"] = json.loads(body)["data"]["attributes"]["serial"]
            return self.answer(201, self.version(name))
        return self.answer(200, self.shown(name))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

    def shown(self, name):
        shown = self.server.workspaces[name]
        may = {f"can-{verb}": True for verb in ("lock", "unlock", "force-unlock", "queue-run", "queue-apply", "read-settings", "update")}
        attributes = {"name": name, "execution-mode": shown["mode"], "operations": shown["mode"] == "remote", "locked": bool(shown["lock"])}
        attributes |= {"permissions": may, "terraform-version": self.server.version, "source": "terraform"}
        return {"data": {"id": f"ws-{name}", "type": "workspaces", "attributes": attributes, "relationships": {}}}

    def outputs(self, name):
        found = json.loads(self.server.workspaces[name]["state"] or "{}").get("outputs", {})
        shown = {}
        for key, each in found.items():
            shown[key] = {"name": key, "value": each["value"], "sensitive": False, "type": each["type"], "detailed-type": each["type"]}
        page = {"current-page": 1, "total-pages": 1, "total-count": len(shown)}
        return {"data": [{"id": key, "type": "state-version-outputs", "attributes": each} for key, each in shown.items()], "meta": {"pagination": page}}

    def version(self, name):
        url = f"https://{self.headers['Host']}/state/{name}"
        attributes = {"hosted-state-download-url": url, "hosted-state-upload-url": url, "hosted-json-state-upload-url": f"{url}/json"}
        attributes |= {"serial": self.server.workspaces[name]["serial"], "status": "finalized", "resources-processed": True}
        return {"data": {"id": name, "type": "state-versions", "attributes": attributes}}


@pytest.fixture
def hcp(tmp_path):
    key, trust = certificate(tmp_path, "DNS:localhost")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hcp)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trust, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.workspaces = {}
    server.version = json.loads(subprocess.run(["terraform", "version", "-json"], check=True, capture_output=True).stdout)["terraform_version"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"localhost:{server.server_address[1]}"
    (tmp_path / ".terraformrc").write_text(f'credentials "{host}" {{\n  token = "{TOKEN}"\n}}\n')
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", clone / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    stack = clone / "stacks/aws"
    stack.mkdir(parents=True)
    (stack / "main.tf").write_text(STACK.replace("variable", 'variable "name" {}\nvariable', 1))
    (stack / "terraform.tfvars").write_text('name = "meridian"\n')
    (stack / "staging.tfvars").write_text('name = "meridian-staging"\n')
    (stack / "backend.tf").write_text("terraform {\n  cloud {}\n}\n")
    server.stack = stack
    server.environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TF_") and "PROXY" not in name.upper()},
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
    yield server
    server.shutdown()
    server.server_close()


def stack(hcp, code, **environment):
    """What the scripts' own class does with the stack, as JSON on its last line."""
    program = f"""if True:
        import json, os
        from meridian.console import main
        from meridian.stack import Stack
        def program():
            stack = Stack("aws", os.environ.get("ENV"))
            {code}
        main(program)"""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**hcp.environment, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


LIFE = "stack.init(); stack.apply(); print('outputs', json.dumps(stack.outputs())); print('resources', *stack.resources())"


def test_each_environment_has_a_workspace(hcp):
    for environment, note in (("production", "first"), ("staging", "of staging")):
        done = stack(hcp, LIFE, ENV=environment, TF_VAR_note=note)
        assert done.returncode == 0 and json.dumps({"note": note}) in done.stdout and "terraform_data.this" in done.stdout, done.stdout
    assert {name: each["lock"] for name, each in hcp.workspaces.items()} == {"meridian-aws": None, "meridian-staging-aws": None}
    assert not list(hcp.stack.glob("terraform.tfstate*"))


def test_a_second_writer_is_refused(hcp):
    assert stack(hcp, LIFE).returncode == 0
    hcp.workspaces["meridian-aws"]["lock"] = "somebody"
    done = stack(hcp, "stack.init(); stack.apply('-lock-timeout=0s')", TF_VAR_note="second")
    assert done.returncode == 1 and "Error acquiring the state lock" in done.stdout, done.stdout


def test_a_workspace_that_runs_elsewhere_is_refused(hcp):
    hcp.workspaces["meridian-aws"] = workspace("remote")
    done = stack(hcp, LIFE)
    assert done.returncode == 1 and "execution mode remote" in done.stdout and "choose Local" in done.stdout, done.stdout
    assert hcp.workspaces["meridian-aws"]["state"] is None


@pytest.mark.parametrize(
    "block, environment, said",
    [
        ('cloud {\n    workspaces { name = "mine" }\n  }', {}, "Leave out workspaces there"),
        ("cloud {}", {"TF_CLOUD_ORGANIZATION": ""}, "Set TF_CLOUD_ORGANIZATION"),
    ],
)
def test_what_the_scripts_cannot_work_with_is_said(hcp, block, environment, said):
    (hcp.stack / "backend.tf").write_text(f"terraform {{\n  {block}\n}}\n")
    done = stack(hcp, LIFE, **environment)
    assert done.returncode == 1 and said in done.stdout, done.stdout
    assert hcp.workspaces == {}


def test_without_a_token_it_says_how_to_sign_in(hcp, tmp_path):
    assert stack(hcp, LIFE).returncode == 0
    without = {name: "" for name in hcp.environment if name.startswith("TF_TOKEN_")}
    done = stack(hcp, LIFE, HOME=str(tmp_path), **without)
    assert done.returncode == 1 and "terraform login localhost" in done.stdout, done.stdout
