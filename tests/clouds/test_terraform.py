"""Validity and tests of every module and stack, with the real providers and without an account: ./taskw
terraform-test."""

import base64
import hashlib
import re

import pytest
from support import refusals
from support.machine import ROOT
from support.providers import FOLDERS, Providers

pytestmark = [pytest.mark.check, pytest.mark.needs("terraform")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    top = tmp_path_factory.mktemp("terraform")
    refusals.copy(top)
    return top


@pytest.fixture(scope="module")
def providers(tmp_path_factory):
    with Providers(tmp_path_factory.mktemp("providers")) as running:
        yield running


@pytest.mark.parametrize("folder", FOLDERS)
def test_module_is_valid_and_keeps_its_promises(folder, copy, providers):
    """Its tests/*.tftest.hcl: a run for each set-up, an assert for each promise; and a run for each refusal."""
    providers.terraform(copy, folder, "init", "-backend=false", "-input=false")
    providers.terraform(copy, folder, "validate")
    runs = sum(len(re.findall(r"^run ", file.read_text(), re.M)) for file in (copy / folder).glob("tests/*.tftest.hcl"))
    assert runs, f"{folder} has no test"
    assert f"{runs} passed, 0 failed" in providers.terraform(copy, folder, "test", "-no-color").stdout


def test_the_key_that_azure_asks_for_is_made_from_no_private_half():
    """A public key is a point of a curve. This one is the digest of a sentence, so nobody multiplied it up
    from a number that opens it; that the digest is on the curve was found by counting up from 1."""
    digest = hashlib.sha256(b"Nobody holds the private half of this key, 2").digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", digest))
    assert f'= "ssh-ed25519 {base64.b64encode(blob).decode()}"' in (ROOT / "stacks/vm/azure/machine.tf").read_text()
