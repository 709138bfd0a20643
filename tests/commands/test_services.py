"""Services of a platform on the command line, with Terraform and aws as stubs."""

import json
import shutil
import subprocess
import sys

import pytest
from support.machine import ROOT
from support.stub_machine import DIGEST, Machine, deployed, planned

IMAGE = f"example.com/a@{DIGEST}"
PLATFORM = {"platform": {"name": "prod", "services": {"orders": {}, "p1": {}}}}


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    shutil.copytree(ROOT / "stacks/platform/aws", machine.root / "stacks/platform/aws",
        ignore=shutil.ignore_patterns(".terraform*"))
    typed(machine, "new-service", "--service=orders")
    deployed(machine, built=False, tfvars=PLATFORM)
    return machine


def typed(machine, *arguments, code=0, **environment):
    done = subprocess.run([sys.executable, machine.root / "scripts/meridian", *arguments], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": str(machine.bin), "HOME": str(machine.root), **environment})
    assert done.returncode == code, done.stdout
    return done.stdout


def changed(machine):
    return [line for line in machine.log.read_text().splitlines() if any(f" {verb} " in line
        for verb in ("plan", "apply", "destroy"))]


def declared(machine):
    return json.loads((machine.root / "stacks/platform/aws/services.auto.tfvars.json").read_text())["services"]


def test_a_new_service_gets_the_first_free_slot_and_a_file_of_its_own(machine):
    typed(machine, "new-service", "--service=stock")
    assert declared(machine) == {"orders": {"slot": 1}, "stock": {"slot": 2}}
    file = machine.root / "stacks/platform/aws/services.auto.tfvars.json"
    file.write_text(json.dumps({"services": {"stock": {"slot": 2}, "mail": {"slot": 3, "request_seconds": 90}}}))
    values = machine.root / "stacks/aws/services/orders.tfvars"
    values.write_text("# mine\n")
    typed(machine, "new-service", "--service=orders")
    assert declared(machine) == {"stock": {"slot": 2}, "orders": {"slot": 1},
        "mail": {"slot": 3, "request_seconds": 90}}
    assert values.read_text() == "# mine\n"


@pytest.mark.parametrize("key", ["o", "much-too-long", "Orders", "1st", "or--ders", "orders-", "platform", "../x", "p7",
    "orders"])
def test_an_invalid_key_is_refused_and_nothing_written(machine, key):
    before = declared(machine)
    said = typed(machine, "new-service", f"--service={key}", code=1)
    assert "Error: " in said and declared(machine) == before


def test_a_fiftieth_service_is_refused(machine):
    file = machine.root / "stacks/platform/aws/services.auto.tfvars.json"
    file.write_text(json.dumps({"services": {f"s{slot}": {"slot": slot} for slot in range(1, 50)}}))
    assert "All 49 slots are taken" in typed(machine, "new-service", "--service=more", code=1)


@pytest.mark.parametrize(("env", "prefix"), [(None, "prod"), ("staging", "staging")])
def test_a_service_has_the_platforms_values_and_its_own_name_and_state(machine, env, prefix):
    own = machine.root / "stacks/aws/services/orders.staging.tfvars"
    own.write_text("cpu = 0.5\n")
    said = typed(machine, "deploy", "aws", "--service=orders", f"--image={IMAGE}", *([f"--env={env}"] if env else []))
    assert said.startswith(f"Service orders, environment {env or 'production'} on AWS.")
    call, env = planned(machine), env or "production"
    files = ["staging.tfvars"] if env == "staging" else []
    files += ["services/orders.tfvars", *(["services/orders.staging.tfvars"] if env == "staging" else [])]
    files += [f"{env}.platform.tfvars.json"]
    expected = " ".join(f"-var-file={file}" for file in files)
    assert f"{expected} -var=name={prefix}-orders" in call and call.endswith(f"ws={env}_orders")
    assert json.loads((machine.root / f"stacks/aws/{env}.platform.tfvars.json").read_text()) == PLATFORM
    assert "Next: ./taskw verify-aws SERVICE=orders" in said


def test_a_truncated_file_of_a_platforms_values_is_written_again(machine):
    said = machine.root / "stacks/aws/production.platform.tfvars.json"
    said.write_text('{"platform": {"na')
    typed(machine, "deploy", "aws", "--service=orders", f"--image={IMAGE}")
    assert json.loads(said.read_text()) == PLATFORM and "-var-file=production.platform.tfvars.json" in planned(machine)
    assert [file.name for file in said.parent.glob("*.platform.*")] == [said.name]


def test_a_preview_needs_no_file(machine):
    typed(machine, "deploy", "aws", "--service=p1", f"--image={IMAGE}")
    assert "-var=name=prod-p1" in planned(machine)


@pytest.mark.parametrize(("arguments", "words"), [
    ("deploy aws --service=stock", "new-service SERVICE=stock"),
    ("deploy aws --service=p2",
        "Raise the variable previews in stacks/platform/aws, then run ./taskw deploy-platform-aws"),
    ("destroy aws --service=p2 --env=staging", "does not declare p2"),
    ("deploy aws --service=Orders", 'SERVICE is "Orders"'),
    ("deploy vm/aws --service=orders", "is not one of|does not take"),
    ("deploy platform-aws --service=orders", "does not take"),
    (f"deploy platform-aws --image={IMAGE}", "A platform runs no image"),
])
def test_invalid_arguments_are_refused_before_anything_changes(machine, arguments, words):
    code = 2 if "vm/" in arguments else 1
    said = typed(machine, *arguments.split(), code=code)
    assert any(each in said for each in words.split("|")), said
    assert changed(machine) == []


def test_without_its_platform_no_service_is_deployed(machine):
    deployed(machine, built=False)
    said = typed(machine, "deploy", "aws", "--service=orders", f"--image={IMAGE}", code=1)
    assert "The platform prod, on which" in said and "./taskw deploy-platform-aws" in said
    assert changed(machine) == []


def test_a_service_with_its_own_network_is_not_moved_to_a_platform(machine):
    machine.terraform({"tfvars": PLATFORM}, "module.network[0].aws_vpc.this")
    said = typed(machine, "plan", "aws", "--service=orders", code=1)
    assert "a network and a load balancer of its own" in said and changed(machine) == []


def test_a_platform_is_not_removed_while_it_has_services(machine):
    machine.terraform({"name": "prod-platform", "region": "us-east-1"}, "default\nproduction_orders\nstaging_stock")
    said = typed(machine, "destroy", "platform-aws", "--confirm=prod-platform", code=1)
    assert "Still deployed on prod-platform: orders." in said and "./taskw destroy-aws SERVICE=orders" in said
    assert changed(machine) == []
