"""The virtual machine is one on three clouds: the same list, the same words to people. Its names and types are
compared with modules/CONTRACT.md, by test_contract.py."""

import base64
import hashlib
import re

import pytest
from support.machine import ROOT
from support.hcl import blocks

CLOUDS = ("aws", "azure", "gcp")


def folder(cloud):
    return ROOT / "stacks/vm" / cloud


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_variable_and_output_says_what_it_is(cloud):
    for kind in ("variable", "output"):
        for name, body in blocks(folder(cloud), kind).items():
            assert re.search(r'^  description = "\S.{15,}', body, re.M), f"{kind} {name}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_firewall_is_written_once_word_for_word(cloud):
    def ingress(which):
        return re.search(r"^  ingress = \{.*?^  \}$", (folder(which) / "firewall.tf").read_text(), re.M | re.S)[0]

    assert ingress(cloud) == ingress("aws")
    assert len(ingress(cloud).splitlines()) == 8


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_page_and_its_firewall_are_what_was_asked_for(cloud):
    variables = (folder(cloud) / "terraform.tfvars").read_text()
    assert 'greeting = "Hello World from BenchSci!"' in variables
    assert re.search(r"^machines\s+= 1$", variables, re.M)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_resources_stand_in_the_stack_itself(cloud):
    text = "".join(file.read_text() for file in sorted(folder(cloud).glob("*.tf")))
    assert re.findall(r'^module "(\w+)"', text, re.M) == ["image"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_variables_without_a_default_have_a_value(cloud):
    values = (folder(cloud) / "terraform.tfvars").read_text()
    for name, body in blocks(folder(cloud), "variable").items():
        if name != "project" and not re.search(r"^  default\s+=", body, re.M):
            assert re.search(rf"^{name}\s+=", values, re.M), name


@pytest.mark.parametrize("cloud", CLOUDS)
def test_there_are_tasks_for_it(cloud):
    tasks = (ROOT / "Taskfile.yml").read_text()
    for verb in ("doctor", "plan", "deploy", "verify", "destroy"):
        block = re.search(rf"^  {verb}-vm-{cloud}:\n((?:    .*\n)+)", tasks, re.M)[1]
        assert f"scripts/{verb} vm/{cloud}" in block and "    desc: " in block


@pytest.mark.parametrize("cloud", CLOUDS)
def test_guides_have_the_same_sections_and_a_diagram(cloud):
    def headings(which):
        return re.findall(r"^## (.*)", (folder(which) / "README.md").read_text(), re.M)

    assert headings(cloud) == headings("aws")
    assert "```mermaid\n" in (folder(cloud) / "README.md").read_text()


def test_the_key_that_azure_asks_for_is_made_from_no_private_half():
    """A public key is a point of a curve. This one is the digest of a sentence, so nobody multiplied it up
    from a number that opens it; that the digest is on the curve was found by counting up from 1."""
    digest = hashlib.sha256(b"Nobody holds the private half of this key, 2").digest()
    kind = b"ssh-ed25519"
    blob = len(kind).to_bytes(4, "big") + kind + len(digest).to_bytes(4, "big") + digest
    key = f"ssh-ed25519 {base64.b64encode(blob).decode()}"
    assert re.findall(r'public_key = "(.*)"', (folder("azure") / "machine.tf").read_text()) == [key]
