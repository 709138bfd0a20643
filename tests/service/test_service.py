"""The service against its API description, and the advice of its refusal to start."""

import re
import subprocess

import pytest
from support.machine import ROOT, ran
from support.service import Service

SCHEMATHESIS = [ROOT / ".cache/venv/bin/schemathesis", "--config-file", ROOT / "tests/service/schemathesis.toml"]


def described(service, seed):
    """Run schemathesis on a service with the API description that the service serves."""
    description = service.path.with_name("openapi.yaml")
    description.write_bytes(service.get("/openapi.yaml").body)
    url = f"http://127.0.0.1:{service.port}"
    # If given by its URL, schemathesis would not test that path itself.
    return ran(*SCHEMATHESIS, "run", description, "--url", url, "--seed", seed, codes=None)


@pytest.mark.check
@pytest.mark.parametrize("seed", [1, 2])
def test_the_service_matches_its_description(service_command, tmp_path, seed):
    service = Service(service_command, {"MERIDIAN_ACCESS_LOG": "errors"}, tmp_path)
    try:
        done = described(service, seed)
        assert "5 selected / 5 total" in done.stdout, done.stdout
        assert done.returncode == 0 and "No issues found" in done.stdout, done.stdout
        assert len(service.log()) == 1, "no response was a 5xx"
    finally:
        service.stop()


@pytest.mark.check
def test_the_advice_of_the_refusal_enlarges_the_heap(service_command, tmp_path):
    crowd = {"MERIDIAN_MAX_CONNECTIONS": "800"}
    with pytest.raises(AssertionError, match="MiB of heap") as refusal:
        Service(service_command, crowd, tmp_path)
    variable = re.search(r"set -Xmx in (\w+)", str(refusal.value))[1]
    assert Service(service_command, crowd | {variable: "-Xmx192m"}, tmp_path).stop() == 0


@pytest.mark.check
@pytest.mark.parametrize(
    "right, wrong",
    [
        (r'\"ip\":\""', r'\"address\":\""'),
        ("response.header(Responses.NO_STORE);", ""),
        ("String address = addresses.of(request);", "String address = addresses.of(null);"),
    ],
    ids=["another key", "no Cache-Control", "an exception"],
)
def test_a_broken_handler_is_detected(service_command, tmp_path, right, wrong):
    source = (ROOT / "app/src/main/java/meridian/TimeRoutes.java").read_text()
    assert right in source
    broken = tmp_path / "meridian/TimeRoutes.java"
    broken.parent.mkdir()
    broken.write_text(source.replace(right, wrong))
    at = service_command.index("-cp") + 1
    java, path = service_command[0], service_command[at]
    subprocess.run([f"{java}c", "-cp", path, "-d", tmp_path, broken], check=True)
    command = [*service_command[:at], f"{tmp_path}:{path}", *service_command[at + 1 :]]

    service = Service(command, {"MERIDIAN_ACCESS_LOG": "errors"}, tmp_path)
    try:
        done = described(service, 1)
        assert done.returncode == 1 and " GET / _" in done.stdout, done.stdout
    finally:
        service.stop()
