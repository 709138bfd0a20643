"""The clouds' modules and stacks have the names and types of modules/CONTRACT.md."""

import re
import shutil

import pytest
from support.machine import ROOT
from support.module_tables import blocks, type_of

CLOUDS = ("aws", "azure", "gcp")


def contract(root):
    """Map each folder pattern to its inputs with types, its outputs, and the differences of each cloud."""
    sections = {}
    for section in re.split(r"^## ", (root / "modules/CONTRACT.md").read_text(), flags=re.M)[1:]:
        heading, body = section.split("\n", 1)
        if "{cloud}" not in heading:
            continue
        parts = {"Input": [], "Output": [], "Cloud": []}
        rows = None
        for line in body.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
            if cells is None:
                rows = None
            elif rows is None:
                rows = parts[cells[0]]
            elif not set(cells[0]) <= set("-"):
                rows.append(cells)
        sections[heading.strip()] = {
            "inputs": {code(name): normal(code(kind)) for name, kind, _ in parts["Input"]},
            "outputs": {code(name) for name, _ in parts["Output"]},
            "differences": [difference(cells) for cells in parts["Cloud"]],
        }
    return sections


def code(cell):
    return re.fullmatch(r"`([^`]*)`", cell)[1]


def difference(cells):
    cloud, change, reason = cells
    assert cloud in CLOUDS, f"{cloud} is no cloud of the contract"
    assert reason, f"{cloud} {change}: a difference has a reason"
    verb, kind, name, _, what = re.fullmatch(r"(adds|lacks|types) (input|output) `(\w+)`( `(.*)`)?", change).groups()
    assert (verb == "types") == (what is not None), change
    return cloud, verb, kind, name, what


def normal(kind):
    return re.sub(r"\s+", "", kind)


def findings(root):
    """Return every difference between code and contract."""
    found = []
    for heading, section in contract(root).items():
        for cloud in CLOUDS:
            folder = root / heading.replace("{cloud}", cloud)
            if not folder.is_dir():
                continue
            inputs, outputs = dict(section["inputs"]), set(section["outputs"])
            added = set()
            for _, verb, kind, name, what in (row for row in section["differences"] if row[0] == cloud):
                where = f"{heading}, {cloud}: {verb} {kind} {name}"
                known = inputs if kind == "input" else outputs
                if (verb == "adds") == (name in known):
                    found.append(f"{where}: contradicts the table")
                elif verb == "adds":
                    (added.add if kind == "input" else outputs.add)(name)
                elif verb == "types":
                    inputs[name] = normal(what)
                elif kind == "input":
                    del inputs[name]
                else:
                    outputs.remove(name)
            variables = {name: normal(type_of(body)) for name, body in blocks(folder, "variable").items()}
            for names, there, kind in (
                (set(inputs) | added, set(variables), "input"),
                (outputs, set(blocks(folder, "output")), "output"),
            ):
                found += [f"{folder.relative_to(root)} lacks the {kind} {name}" for name in sorted(names - there)]
                found += [f"{folder.relative_to(root)} has an {kind} {name}, which the contract has not"
                    for name in sorted(there - names)]
            for name in inputs.keys() & variables.keys():
                if inputs[name] != variables[name]:
                    found.append(
                        f"{folder.relative_to(root)}: {name} is {variables[name]}, by the contract {inputs[name]}")
    return found


def test_code_and_contract_agree():
    assert findings(ROOT) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_module_is_in_the_contract(cloud):
    known = {heading.replace("{cloud}", cloud) for heading in contract(ROOT)}
    modules = {str(folder.parent.relative_to(ROOT)) for folder in (ROOT / "modules" / cloud).glob("*/main.tf")}
    assert modules <= known


# Proves that the comparison finds differences: each change is applied to a copy.
@pytest.mark.parametrize(
    "file, old, new, found",
    [
        ("modules/aws/network/variables.tf", 'variable "cidr"', 'variable "range"', "lacks the input cidr"),
        ("modules/aws/network/variables.tf", 'variable "cidr"', 'variable "range"', "has an input range"),
        ("modules/aws/edge/outputs.tf", 'output "url"', 'output "address"', "lacks the output url"),
        ("modules/aws/service/variables.tf", "min = number, max = number", "least = number, most = number",
            "instances is"),
        ("modules/aws/service/variables.tf", 'variable "entry"', 'variable "door"', "lacks the input entry"),
        ("modules/CONTRACT.md", "aws | lacks input `origin`", "aws | adds input `origin`", "contradicts"),
        ("stacks/aws/variables_service.tf", 'variable "scale"', 'variable "scaling"', "has an input scaling"),
        ("stacks/gcp/variables_service.tf", "optional(number, 8080)", "optional(number, 80)", "service is"),
    ],
)
def test_a_name_or_type_changed_in_one_place_is_found(tmp_path, file, old, new, found):
    if not (ROOT / file).exists() or not (ROOT / "modules/aws").exists():
        pytest.skip("this copy does without the example")
    for folder in ("modules", "stacks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform"))
    before = findings(tmp_path)
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new))
    assert any(found in finding for finding in set(findings(tmp_path)) - set(before))
