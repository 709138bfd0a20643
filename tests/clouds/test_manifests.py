"""The manifests of stacks/MANIFESTS.md: planned exactly as written there, or refused for the guide's reason."""

import re

import pytest
from support.machine import ROOT
from support.providers import Providers
from support.rehearsal import copied

pytestmark = pytest.mark.check

PAGE = (ROOT / "stacks/MANIFESTS.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| \[.*$", PAGE, re.M)]
BLOCKS = re.findall(r"```hcl\n# stacks/(\w+)/(\S+)\.auto\.tfvars\n(.*?)```", PAGE, re.S)
FITS = (ROOT / "stacks/OWN-SERVICE.md").read_text().partition("## Does mine fit?")[2]


def test_each_manifest_is_planned_or_refused():
    planned = [row for row in ROWS if row[2].startswith("a deployment on")]
    refused = [row for row in ROWS if row[2] == "refused"]
    assert len(ROWS) == 10 and len(planned) + len(refused) == 10 and len(planned) == len(BLOCKS)
    assert {kind for _, kind, *_ in ROWS} == {"Copilot", "Score", "azd", "compose"}


@pytest.mark.parametrize("row", [row for row in ROWS if row[2] == "refused"], ids=lambda row: row[0][:40])
def test_a_refusal_has_its_field_and_its_reason(row):
    field, reason = re.fullmatch(r"(`.+`): (.+)", row[3]).groups()
    [fit] = [line for line in FITS.split("\n") if reason in line]
    assert "| not here, because " in fit and field


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_variables_of_a_manifest_plan(cloud, tmp_path):
    copied(cloud, tmp_path / "copy")
    image = f"example.com/x@sha256:{'1' * 64}"
    runs = [f'run "{name}" {{\n  command = plan\n  variables {{\n    image = "{image}"\n{text}}}\n'
        '  assert {\n    condition = !output.meridian && length(module.probe) == 0 && '
        'output.checks[0].path == var.service.check.path\n    error_message = "not so"\n  }\n}\n'
        for place, name, text in BLOCKS if place == cloud]
    with Providers(tmp_path) as providers:
        providers.plans(tmp_path / "copy", cloud, runs)
