"""What verify-vm-aws and its like say of a page that is right, and of one that is not."""

import socket
import sys

import pytest
from support.machine import ROOT
from support.service import Service

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import page
from meridian.console import Problem

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
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def outputs(service, **changes):
    place = f"127.0.0.1:{service.port}"
    return {"url": f"http://{place}", "image": f"example.com/i@{VERSION}", "greeting": GREETING, "addresses": [place], **changes}


def test_a_page_that_is_right_is_found_right(service, closed, monkeypatch, capsys):
    monkeypatch.setattr(page, "CLOSED", (closed,))
    seen = page.Page(
        f"http://127.0.0.1:{service.port}",
        closed=(closed,),
        versions=[VERSION],
        greeting=GREETING,
        addresses=[f"127.0.0.1:{service.port}"],
    )
    said = [check() for check in seen.all()]
    assert said[:3] == [f"GET / says {GREETING!r}", f"GET /hello says {GREETING!r}", f"Version {VERSION}"]
    assert said[-2:] == ["Metrics and health are not public", f"TCP {closed} is closed"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"greeting": "Something else"}, "It should be a page that says 'Something else'."),
        ({"addresses": ["127.0.0.1:1"]}, "The connection failed."),
    ],
)
def test_a_page_that_is_wrong_fails_and_says_why(service, changes, expected, monkeypatch, capsys):
    monkeypatch.setattr(page, "CLOSED", ())
    assert page.look(None, outputs(service, **changes)) == 1
    said = capsys.readouterr().out
    assert expected in said and said.splitlines()[-1] == "Failed"


def test_an_open_port_is_found(service, monkeypatch, capsys):
    monkeypatch.setattr(page, "CLOSED", (service.port,))
    assert page.look(None, outputs(service)) == 1
    assert f"TCP {service.port} of 127.0.0.1 is open." in capsys.readouterr().out


def test_it_waits_for_the_image_that_was_deployed_and_gives_up(service, capsys):
    with pytest.raises(Problem, match=f"sha256:b+ did not answer .* within 0 minutes: {VERSION} answers 200"):
        page.look(None, outputs(service, image="example.com/i@sha256:" + "b" * 64), minutes=0)
