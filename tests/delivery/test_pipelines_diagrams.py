"""The diagrams of stacks/README.md show what the stacks and the workflows are made of, and nothing else."""

import re

import pytest
import yaml
from support.machine import ROOT

README = (ROOT / "stacks/README.md").read_text()
TITLES = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


def diagram(title):
    section = README.split(f"## {title}\n")[1].split("\n## ")[0]
    return re.search(r"```mermaid\n(.*?)```", section, re.S)[1]


def drawn(title):
    """Pairs that an arrow joins; A --> B & C is two."""
    pairs = set()
    for line in diagram(title).splitlines()[1:]:
        start, end = line.split("-->")
        pairs |= {(one.strip(), other.strip()) for one in start.split("&") for other in end.split("&")}
    return pairs


def composed(cloud):
    """Pairs of modules of which the second takes an output of the first."""
    text = "\n".join(file.read_text() for file in sorted((ROOT / "stacks" / cloud).glob("*.tf")))
    modules = re.findall(r'^module "(\w+)" \{\n(.*?)^\}', text, re.M | re.S)
    return {name for name, _ in modules}, {(source, name) for name, body in modules for source in re.findall(r"module\.(\w+)", body)}


@pytest.mark.parametrize("cloud", TITLES)
def test_a_clouds_diagram_has_its_modules_and_what_flows_between_them(cloud):
    modules, flows = composed(cloud)
    pairs = drawn(TITLES[cloud])
    assert pairs == flows
    assert {name for pair in pairs for name in pair} == modules
    for module in modules - {"image"}:
        assert (ROOT / "modules" / cloud / module).is_dir()


def test_the_path_to_traffic_names_jobs_and_programs_that_exist():
    text = diagram("From commit to traffic")
    jobs = re.findall(r"\[([\w-]+\.yml): (\w+)\]", text)
    assert len(jobs) == 4
    for file, job in jobs:
        assert job in yaml.safe_load((ROOT / ".github/workflows" / file).read_text())["jobs"]
    programs = set(re.findall(r"scripts/[\w-]+", text))
    assert len(programs) >= 6
    for program in programs:
        assert (ROOT / program).is_file(), program
    called = "".join(file.read_text() for file in (ROOT / ".github/workflows").glob("*.yml")) + (ROOT / "scripts/meridian/pipeline.py").read_text()
    for program in programs:
        assert program in called, f"no workflow calls {program}"
