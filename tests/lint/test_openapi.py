"""The API description, checked by two linters with their recommended rules; a warning is an error."""

import os

import pytest
from support.emulators import npm
from support.machine import ROOT, ran

pytestmark = [pytest.mark.check, pytest.mark.lint, pytest.mark.needs("npm")]

REDOCLY = "@redocly/cli@2.77.0"
SPECTRAL = "@stoplight/spectral-cli@6.16.3"
DESCRIPTION = ROOT / "app/src/main/resources/openapi.yaml"
# Otherwise Redocly contacts its maker's server.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def redocly(folder, description):
    return run([npm(REDOCLY) / "redocly", "lint", "--max-problems", "1000", description], folder)


def spectral(folder, description):
    (folder / "rules.yaml").write_text("extends: [spectral:oas]\n")
    return run([npm(SPECTRAL) / "spectral", "lint", "--ruleset", "rules.yaml", "--fail-severity", "hint", description],
        folder)


def run(command, folder):
    return ran(*command, cwd=folder, env=os.environ | QUIET, codes=None)


@pytest.mark.parametrize("linter, nothing", [(redocly, "is valid"), (spectral, "No results")])
def test_the_description_is_valid(tmp_path, linter, nothing):
    done = linter(tmp_path, DESCRIPTION)
    assert done.returncode == 0 and nothing in done.stdout and "You have" not in done.stdout, done.stdout


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_a_dangling_reference_is_an_error(tmp_path, linter):
    broken = tmp_path / "openapi.yaml"
    broken.write_text(DESCRIPTION.read_text().replace('"#/components/responses/NotFound"',
        '"#/components/responses/Gone"'))
    assert linter(tmp_path, broken).returncode == 1
