"""The pages of the modules, modules/{cloud}/README.md, and the defaults of the stacks."""

import re

import pytest
from support.machine import ROOT
from support.module_tables import CLOUDS, blocks, page

HERE = [cloud for cloud in CLOUDS if (ROOT / "modules" / cloud).exists()]


@pytest.mark.parametrize("cloud", HERE)
def test_the_page_has_all_variables_and_outputs(cloud):
    written = (ROOT / "modules" / cloud / "README.md").read_text()
    assert written == page(cloud), "python3 tests/support/module_tables.py writes it"


@pytest.mark.parametrize("cloud", HERE)
def test_a_stack_has_the_same_defaults_when_used_as_a_module(cloud):
    """Terraform reads no tfvars from a module's folder."""
    stack = ROOT / "stacks" / cloud
    written = dict(re.findall(r"^(\w+) *= ([^#\n]*[^#\s])", (stack / "terraform.tfvars").read_text(), re.M))
    found = {name: re.search(r"^  default += (.*)", body, re.M) for name, body in blocks(stack, "variable").items()}
    assert {name: found[name] and found[name][1] for name in written if name != "name"} == {
        name: value for name, value in written.items() if name != "name"}
