"""Format, tflint and checkov on every module and stack; the code states the reason for each exception."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest
from support.machine import ROOT, need, ran
from support.providers import FOLDERS
from support.service import alone

pytestmark = [pytest.mark.check, pytest.mark.lint]

CHECKOV = ROOT / ".cache/checkov/bin/checkov"


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("top", ["modules", "stacks"])
def test_every_file_is_formatted(top):
    ran("terraform", "fmt", "-check", "-diff", "-recursive", top, cwd=ROOT)


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_and_lines_are_within_their_limits(folder):
    for file in (ROOT / folder).glob("*.tf"):
        lines = file.read_text().splitlines()
        assert len(lines) <= 150, file
        assert [line for line in lines if len(line) > 160] == [], file


def tflint():
    need("tflint")
    return shutil.which("tflint") or str(pathlib.Path.home() / "go/bin/tflint")


def checkov(*arguments):
    """Run checkov in its own environment, because it pins versions that other tools need newer."""
    with alone("checkov"):
        if not CHECKOV.exists():
            subprocess.run(["python3", "-m", "venv", CHECKOV.parents[1]], check=True)
            subprocess.run([CHECKOV.with_name("pip"), "install", "--quiet", "checkov==3.3.30"], check=True)
    done = ran(CHECKOV, "--config-file", ROOT / ".checkov.yaml", *arguments, cwd=ROOT, codes=None)
    return done.returncode, done.stdout


@pytest.mark.parametrize("folder", FOLDERS)
def test_tflint_finds_nothing(folder):
    ran(tflint(), f"--config={ROOT / '.tflint.hcl'}", f"--chdir={ROOT / folder}")


def test_tflint_would_find_something(tmp_path):
    (tmp_path / "main.tf").write_text('variable "untyped" {}\n')
    done = subprocess.run([tflint(), f"--config={ROOT / '.tflint.hcl'}", f"--chdir={tmp_path}"], capture_output=True,
        text=True)
    assert done.returncode == 2 and "terraform_typed_variables" in done.stdout


@pytest.mark.parametrize("top", sorted({"/".join(folder.split("/")[:2]) for folder in FOLDERS}))
def test_checkov_finds_nothing(top):
    code, output = checkov("--directory", top)
    assert code == 0, output


def test_checkov_would_find_something(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "open" {\n  bucket = "open"\n}\n')
    code, output = checkov("--directory", tmp_path, "--output", "json")
    failed = {check["check_id"] for check in json.loads(output)["results"]["failed_checks"]}
    assert code == 1 and "CKV_AWS_18" in failed


def test_every_exception_has_a_reason():
    for folder in FOLDERS:
        for file in (ROOT / folder).glob("*.tf"):
            for line in file.read_text().splitlines():
                if re.search("(checkov:skip|tflint-ignore)", line):
                    assert re.search(r"checkov:skip=CKV\w+:.{8,}|tflint-ignore: \w+ # .{8,}",
                        line), f"{file}: {line.strip()}"
