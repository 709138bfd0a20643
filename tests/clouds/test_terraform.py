"""Validity and tests of every module and stack, with the real providers and without an account: ./taskw
terraform-test."""

import base64
import hashlib
import json
import re
import shutil

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
    """Run its tests/*.tftest.hcl: one run per set-up and per refusal, one assert per promise."""
    providers.terraform(copy, folder, "init", "-backend=false", "-input=false")
    providers.terraform(copy, folder, "validate")
    runs = sum(len(re.findall(r"^run ", file.read_text(), re.M)) for file in (copy / folder).glob("tests/*.tftest.hcl"))
    assert runs, f"{folder} has no test"
    assert f"{runs} passed, 0 failed" in providers.terraform(copy, folder, "test", "-no-color").stdout


def test_no_two_slots_of_an_aws_load_balancer_share_a_priority_or_name(copy, providers):
    """For all slots, because each is in a stack of its own and no plan shows a clash. Slot 0 is for a service alone."""
    folder = copy / "modules/aws/every"
    folder.mkdir()
    shutil.copy(copy / "modules/aws/entry/versions.tf", folder)
    (folder / "main.tf").write_text("""
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}
module "entry" {
  for_each          = { for slot in range(50) : "prod-s${slot}" => slot }
  source            = "../entry"
  name              = each.key
  network_id        = "vpc-1"
  listener_arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/0"
  security_group_id = "sg-1"
  host              = "${each.key}.example.com"
  slot              = each.value
  service           = { port = 80, health = { port = 81, ready = "/ready" }, request_seconds = 30, stop_seconds = 10 }
}
output "priorities" { value = [for each in module.entry : each.entry.priority] }
""")
    here = "modules/aws/every"
    providers.attach("aws", ROOT / "modules/aws/entry")  # the folder exists only in the copy
    providers.terraform(copy, here, "init", "-backend=false", "-input=false")
    providers.terraform(copy, here, "plan", "-input=false", "-out=plan")
    plan = json.loads(providers.terraform(copy, here, "show", "-json", "plan").stdout)["planned_values"]
    planned = [each["values"] for module in plan["root_module"]["child_modules"] for each in module["resources"]]
    priorities = plan["outputs"]["priorities"]["value"] + [each["priority"] for each in planned if "priority" in each]
    assert len(priorities) == len(set(priorities)) == 100 and max(priorities) <= 50000
    names = [each["name"] for each in planned if "name" in each]
    assert len(names) == len(set(names)) == 100


def test_the_key_that_azure_requires_has_no_private_half():
    """An Ed25519 public key is a point on a curve. This one is the digest of a sentence, so nobody computed it from a
    private key. The number in the sentence was counted up from 1 until the digest was on the curve."""
    digest = hashlib.sha256(b"Nobody holds the private half of this key, 2").digest()
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", digest))
    assert f'= "ssh-ed25519 {base64.b64encode(blob).decode()}"' in (ROOT / "stacks/vm/azure/machine.tf").read_text()
