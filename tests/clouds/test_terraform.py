"""Validity and tests of every module and stack, with the real providers and without an account: ./taskw
terraform-test."""

import base64
import hashlib
import os
import re
import shutil

import pytest
from support.machine import ROOT, need, ran
from support.providers import FOLDERS, Providers, provider

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Modules and stacks where init may leave its files; a shared place for the providers."""
    top = tmp_path_factory.mktemp("terraform")
    for folder in ("modules", "stacks"):
        shutil.copytree(ROOT / folder, top / folder,
            ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "backend.tf"))
    (top / "app").symlink_to(ROOT / "app")
    return top


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    with Providers(tmp_path_factory.mktemp("providers")) as running:
        yield running


def terraform(folder, *arguments, **environment):
    # No cloud is there to be waited for.
    given = {"CHECKPOINT_DISABLE": "1", "GOOGLE_APIS_WAIT": "0", "SPREAD": "0", **environment}
    return ran("terraform", f"-chdir={folder}", *arguments, env={**os.environ, **given}).stdout


@pytest.mark.parametrize("folder", FOLDERS)
def test_module_is_valid_and_keeps_its_promises(folder, copy, providers):
    """Its tests/*.tftest.hcl: a run for each set-up, an assert for each promise."""
    attached = {}
    if name := provider(folder):
        need(name)
        # One provider serves all: a start of its own for each run would take minutes.
        attached = {"TF_REATTACH_PROVIDERS": providers.attach(name, ROOT / folder)}
    # Not asked of a registry: the provider runs already. Its hashes are the lock file's business.
    (copy / folder / ".terraform.lock.hcl").unlink(missing_ok=True)
    terraform(copy / folder, "init", "-backend=false", "-input=false", **attached)
    terraform(copy / folder, "validate", **attached)
    runs = sum(len(re.findall(r"^run ", file.read_text(), re.M)) for file in (ROOT / folder).glob("tests/*.tftest.hcl"))
    assert runs, f"{folder} has no test"
    said = terraform(copy / folder, "test", "-no-color", **attached)
    assert f"{runs} passed, 0 failed" in said


def test_the_key_that_azure_asks_for_is_made_from_no_private_half():
    """A public key is a point of a curve. This one is the digest of a sentence, so nobody multiplied it up
    from a number that opens it; that the digest is on the curve was found by counting up from 1."""
    digest = hashlib.sha256(b"Nobody holds the private half of this key, 2").digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", digest))
    assert f'= "ssh-ed25519 {base64.b64encode(blob).decode()}"' in (ROOT / "stacks/vm/azure/machine.tf").read_text()
