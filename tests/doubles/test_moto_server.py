"""The emulator of AWS carries out and reports only once what a client repeats because it got no response."""

import json
import sys
import urllib.error
import urllib.request

import pytest
from support.emulators import Emulator
from support.machine import ROOT
from support.service import free_port

pytestmark = pytest.mark.check


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("moto"), free_port()
    calls = folder / "calls"
    running = Emulator([sys.executable, ROOT / "tests/doubles/moto_server.py", port, calls], port, folder / "log")
    yield f"http://127.0.0.1:{port}", calls
    running.stop()


def ask(url, operation, invocation, **asked):
    request = urllib.request.Request(url, json.dumps(asked).encode(), {
        "Authorization": "AWS4-HMAC-SHA256 Credential=someone/20261127/us-east-1/ecs/aws4_request",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
        "amz-sdk-invocation-id": invocation})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.mark.parametrize("operation, asked, status", [
    ("RegisterTaskDefinition",
        {"family": "one", "containerDefinitions": [{"name": "one", "image": "one", "memory": 128}]}, 200),
    ("DescribeServices", {"cluster": "none", "services": ["none"]}, 400),
])
def test_a_repeated_call_counts_once(emulator, operation, asked, status):
    url, calls = emulator
    before = calls.read_text()
    first = ask(url, operation, f"{operation} 1", **asked)
    assert first[0] == status
    assert ask(url, operation, f"{operation} 1", **asked) == first
    ask(url, operation, f"{operation} 2", **asked)
    lines = calls.read_text().removeprefix(before).splitlines()
    assert [line.split()[:3] for line in lines] == [["ecs", operation, "someone"]] * 2
