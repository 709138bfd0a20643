"""What verify-vm-aws and its like report about a correct page and about a wrong one."""

import sys
import types

import pytest
from support.machine import ROOT
from support.service import Service, free_port

sys.path.insert(0, str(ROOT / "scripts"))

from meridian.console import Problem
from meridian.look import look
from meridian.verify import Verification, until_it_answers

pytestmark = [pytest.mark.check, pytest.mark.needs("jdk")]

GREETING = "Hello \"World\" & <all>!"
VERSION = "sha256:" + "a" * 64


@pytest.fixture(scope="module")
def service(service_command, tmp_path_factory):
    settings = {"MERIDIAN_HOME": "hello", "MERIDIAN_GREETING": GREETING, "MERIDIAN_VERSION": VERSION}
    service = Service(service_command, settings, tmp_path_factory.mktemp("verify"))
    yield service
    service.stop()


@pytest.fixture
def closed():
    return free_port()


class Deployed:
    """A stack whose machine is the service of this test."""

    def __init__(self, service, closed, **changes):
        place = f"127.0.0.1:{service.port}"
        self.shown = {"url": f"http://{place}", "image": f"example.com/i@{VERSION}", "greeting": GREETING,
            "addresses": [place], **changes}
        self.terraform = types.SimpleNamespace(outputs=lambda: self.shown)
        self.cloud = types.SimpleNamespace(closed=closed, machine=True)


@pytest.fixture(autouse=True)
def https_closed(monkeypatch):
    """Ignore what this machine has on port 443."""
    port = Verification.port
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(Verification, "port", lambda self,
        number: "TCP 443 is closed" if number == 443 else port(self, number))


def test_a_correct_page_passes(service, closed, capsys):
    assert look(Deployed(service, (closed,))) == 0
    said = [line.removeprefix("ok       ") for line in capsys.readouterr().out.splitlines()]
    assert said[1:4] == [f"GET / says {GREETING!r}", f"GET /hello says {GREETING!r}", f"Version {VERSION}"]
    assert said[-4:] == ["Metrics and health are not public", "TCP 443 is closed", f"TCP {closed} is closed",
        "All checks passed."]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"greeting": "Something else"}, "It should be a page that says 'Something else'."),
        ({"addresses": ["127.0.0.1:1"]}, "The connection failed."),
    ],
)
def test_a_wrong_page_fails_and_the_reason_is_reported(service, changes, expected, capsys):
    assert look(Deployed(service, (), **changes)) > 0
    said = capsys.readouterr().out
    assert expected in said and said.splitlines()[-1] == "Failed"


def test_behind_a_proxy_it_reports_that_it_connects_directly(service, closed, monkeypatch, capsys):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@127.0.0.1:9")
    assert look(Deployed(service, (closed,))) == 0
    said = capsys.readouterr().out
    assert said.startswith("note     A proxy is set, http://…@127.0.0.1:9") and "connect directly" in said


def test_an_open_port_is_found(service, capsys):
    assert look(Deployed(service, (service.port,))) == 1
    assert f"TCP {service.port} of 127.0.0.1 is open." in capsys.readouterr().out


def test_it_waits_for_the_image_that_was_deployed_and_gives_up(service):
    with pytest.raises(Problem, match=f"sha256:b+ did not answer .* within 0 minutes: {VERSION} answered 200"):
        until_it_answers(f"http://127.0.0.1:{service.port}", "sha256:" + "b" * 64, minutes=0)
