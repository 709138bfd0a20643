"""What all tests share: markers, what the machine must have, and the service."""

import os

import pytest
from support import service
from support.machine import NEEDS, need

pytest_plugins = ["support.canary_world", "support.images"]


def pytest_configure(config):
    config.addinivalue_line("markers", "lint: a linter of ./taskw lint, part of ./taskw check too")
    config.addinivalue_line("markers", "check: takes an engine, an emulator or minutes; part of ./taskw check only")
    config.addinivalue_line("markers", "needs(*names): what the machine must have, see conftest.py")
    unknown = set(os.environ.get("REQUIRE", "").replace(",", " ").split()) - set(NEEDS)
    if unknown:
        raise pytest.UsageError(f"REQUIRE names {unknown}, known are {sorted(NEEDS)}")


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            need(name)


@pytest.fixture(scope="session")
def service_command():
    """The command that starts the service, compiled if it is not yet. Java's options go after its first word."""
    return service.compiled()
