"""Shared by all tests: markers, what the machine must have, and the service."""

import os
import re

import pytest
from support import service
from support.machine import NEEDS, ROOT, need

# Parts that a copy may delete (stacks/OWN-SERVICE.md), and the tests that are about each or use it as an example.
PARTS = {
    "app": ["service/*", "image/test_image*", "bench/*", "vm/test_vm_boot.py", "lint/test_openapi.py",
        "delivery/test_supply.py", "delivery/test_supply_signing.py"],
    "modules/aws": ["*/test_*aws*", "clouds/test_provider_6.py", "commands/test_command_line.py",
        "commands/test_cost.py", "commands/test_hcp.py", "commands/test_own_service.py", "commands/test_prove.py",
        "commands/test_services.py", "delivery/test_canary*", "delivery/test_previews.py",
        "delivery/test_pipelines*", "delivery/test_supply_tools.py", "lint/test_policies.py", "vm/test_vm_page.py"],
    "modules/azure": ["*/test_*azure*", "doubles/test_fake_cloud.py"],
    "modules/gcp": ["*/test_*gcp*"],
    "proof": ["commands/test_prove.py"],
    "stacks/platform": ["*/test_platform_*", "commands/test_services.py", "delivery/test_previews.py"],
    "stacks/vm": ["*/test_vm_*", "commands/test_machines.py"],
    ".circleci": ["delivery/test_events.py", "delivery/test_pipelines.py"],
    ".github": ["delivery/test_events.py", "delivery/test_pipelines*"],
}
collect_ignore_glob = [name for part, names in PARTS.items() if not (ROOT / part).exists() for name in names]

pytest_plugins = ["support.canary_world", "support.images", "support.platform_scenario"]


def pytest_configure(config):
    config.addinivalue_line("markers", "lint: a linter of ./taskw lint, part of ./taskw check too")
    config.addinivalue_line("markers", "check: takes an engine, an emulator or minutes; part of ./taskw check only")
    config.addinivalue_line("markers", "on_demand: takes many minutes; only by -m on_demand")
    config.addinivalue_line("markers", "needs(*names): what the machine must have, see conftest.py")
    unknown = set(os.environ.get("REQUIRE", "").replace(",", " ").split()) - set(NEEDS)
    if unknown:
        raise pytest.UsageError(f"REQUIRE names {unknown}, known are {sorted(NEEDS)}")


def pytest_collection_modifyitems(config, items):
    """Deselect cases of clouds that a copy has deleted, and on-demand tests unless -m names them."""
    deleted = {cloud for cloud in ("aws", "azure", "gcp") if not (ROOT / "modules" / cloud).exists()}
    out = [item for item in items if hasattr(item, "callspec") and deleted & set(re.split(r"\W+", item.callspec.id))
        or item.get_closest_marker("on_demand") and "on_demand" not in config.option.markexpr]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            need(name)


@pytest.fixture(scope="session")
def service_command():
    """Command that starts the service, which is compiled if needed. JVM options go after its first word."""
    need("app")
    return service.compiled()
