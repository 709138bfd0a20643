"""The scripts on a machine or in a project that lacks something, against the double of Google's APIs."""

import os
import subprocess
import sys

import pytest
from doubles.fake_cloud import FakeCloud
from support.gcp_world import gcloud
from support.machine import ROOT, clean, copy

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import gcp
from meridian.bootstrap import shared
from meridian.gcp import refusal

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform", "jdk")]

PROJECT = "test-project"


class Machine:
    def __init__(self, folder):
        self.folder = folder
        self.fake = FakeCloud("Google", folder, ["*.googleapis.com"])
        copy(folder, "scripts", "stacks/gcp", "app/pom.xml")
        self.environment = {
            **self.fake.environment,
            "PATH": f"{gcloud(folder)}:{os.environ['PATH']}",
            "TF_VAR_project": PROJECT,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def doctor(self, **more):
        done = subprocess.run([sys.executable, self.folder / "scripts/meridian", "doctor", "gcp"], text=True,
            env=clean(**{**self.environment, **more}), capture_output=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.fake.stop()


@pytest.fixture(autouse=True)
def on(machine):
    machine.fake.order("enable", services=["compute"])
    machine.fake.order("deny", permissions=[])


def test_a_complete_machine_is_ready(machine):
    code, said = machine.doctor()
    assert code == 0, said
    for line in (
        "gcloud 548.0.0",
        "login for the registry",
        f"project {PROJECT}, number 123456789012",
        "rights to create what the stack consists of",
        "region us-central1 with 4 zones",
        "Ready: ./taskw deploy-gcp",
    ):
        assert line in said


def test_a_token_in_the_environment_is_enough(machine):
    code, said = machine.doctor(GOOGLE_OAUTH_ACCESS_TOKEN="x", GCLOUD_SAYS="nobody")
    assert code == 0, said


@pytest.mark.parametrize(
    "more, words",
    [
        ({"GCLOUD_SAYS": "ERROR: You do not currently have an active account selected."},
            ["Nobody is logged in", "gcloud auth login --update-adc"]),
        ({"GCLOUD_SAYS": "Reauthentication failed. cannot prompt during non-interactive execution."},
            ["has expired", "gcloud auth login --update-adc"]),
        ({"GCLOUD_VERSION": "400.0.0"}, ["gcloud is 400.0.0, but 450 or newer is needed"]),
        (
            {"GCLOUD_SAYS": "ERROR: File /nowhere/key.json was not found.",
                "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"},
            ["GOOGLE_APPLICATION_CREDENTIALS names /nowhere/key.json, which does not exist", "`unset` it",
                "was not found"],
        ),
        ({"GCLOUD_SAYS": "ERROR: invalid_grant", "GOOGLE_APPLICATION_CREDENTIALS": __file__},
            [f"names {__file__}.", "takes precedence over any login"]),
        ({"TF_VAR_project": None}, ["No project is chosen", "gcloud projects list"]),
        ({"TF_VAR_project": "no-such-project"}, ['There is no project "no-such-project"', "project is the id"]),
        ({"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
            ["Google Cloud cannot be reached", "HTTPS_PROXY"]),
    ],
)
def test_doctor_explains_what_is_wrong_and_what_to_do(machine, more, words):
    code, said = machine.doctor(**more)
    assert code == 1, said
    for each in words:
        assert each in said


def test_an_expired_token_in_the_environment_is_named(monkeypatch):
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN", raising=False)
    for empty in (False, True):
        if empty:
            monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "")
        assert "gcloud auth login" in refusal("https://run.googleapis.com", 401, "").how
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "old")
    assert "GOOGLE_OAUTH_ACCESS_TOKEN is set and takes precedence" in refusal("https://run.googleapis.com", 401, "").how


def test_an_empty_variable_for_the_storage_endpoint_is_ignored(monkeypatch):
    monkeypatch.setenv("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", "")
    asked = []
    monkeypatch.setattr(gcp, "existing", asked.append)
    assert gcp.Gcp().found(None, 'bucket = "a"\nprefix = "b"', None) is None
    assert asked == ["https://storage.googleapis.com/storage/v1/b/a"]


def test_a_warning_about_python_is_not_a_version(machine):
    code, said = machine.doctor(GCLOUD_WARNS="WARNING: Python 3.8 will no longer be supported, see 999.0")
    assert code == 0 and "gcloud 548.0.0" in said


def test_the_project_is_found_where_googles_tools_find_it(machine):
    code, said = machine.doctor(TF_VAR_project=None, GOOGLE_CLOUD_PROJECT="another-project")
    assert code == 0 and "project another-project" in said


def test_an_unknown_region_is_reported(machine):
    file = machine.folder / "stacks/gcp/terraform.tfvars"
    text = file.read_text()
    file.write_text(text.replace('"us-central1"', '"moon-east1"'))
    code, said = machine.doctor()
    file.write_text(text)
    assert code == 1 and 'has no region "moon-east1"' in said


def test_missing_rights_are_named(machine):
    machine.fake.order("deny", permissions=["run.services.create", "iam.serviceAccounts.actAs"])
    code, said = machine.doctor()
    assert code == 1 and "lacks iam.serviceAccounts.actAs, run.services.create" in said


def test_a_project_without_enabled_apis_is_fine(tmp_path):
    machine = Machine(tmp_path)
    try:
        code, said = machine.doctor()
        assert code == 0 and "the Compute Engine API is off, and the deployment enables it" in said
    finally:
        machine.fake.stop()


ACCOUNT = "meridian-machine@test-project.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "stack, outputs, reported",
    [
        ("gcp", {"machine": ACCOUNT}, {"repository_url": '"r"'}),
        ("vm/gcp", {"machine": ACCOUNT}, {"repository_url": '"r"', "machine": f'"{ACCOUNT}"'}),
        ("azure", {}, {"repository_url": '"r"'}),
        ("vm/azure", {}, {"repository_url": '"r"'}),
        ("aws", {}, {"repository_url": '"r"', "boundary": "true"}),
        ("vm/aws", {}, {"repository_url": '"r"', "boundary": "true"}),
        ("bootstrap/gcp", {"machine": ACCOUNT}, {}),
    ],
)
def test_each_stack_gets_its_values_from_the_bootstrap(stack, outputs, reported):
    text = shared(ROOT / "stacks" / stack, "bootstrap", {"repository_url": "r", **outputs})
    assert dict(line.split(" = ") for line in text.splitlines() if not line.startswith("#")) == reported
