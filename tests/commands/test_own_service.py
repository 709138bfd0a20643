"""The commands on a service that is not Meridian, and on a copy without app/ or a JDK."""

import datetime
import shutil
import sys

import pytest
from support.fronts import Front, reply
from support.machine import ROOT
from support.service import free_port
from support.stub_machine import DIGEST, Machine, deployed, planned

sys.path.insert(0, str(ROOT / "scripts"))

IMAGE = f"example.com/quotes@{DIGEST}"


@pytest.fixture
def machine(tmp_path):
    """A machine without app/ and without a JDK."""
    machine = Machine(tmp_path)
    shutil.rmtree(machine.root / "app", ignore_errors=True)
    machine.replace("scripts/jdk", "#!/bin/sh\necho 'No JDK 25 was found' >&2\nexit 1\n")
    machine.edit("scripts/meridian/cloud.py", "closed = (22, 8080, 8081)", f"closed = ({free_port()},)")
    return machine


class Quotes(Front):
    """A service with paths of its own, no clock, and no version or a version of its own."""

    def __init__(self):
        self.pages = {"/quote": 200, "/healthz": 204, "/old": 301}
        self.headers = {}
        self.wrong = "-"  # the visitor's header that breaks it
        super().__init__(self.respond)

    def respond(self, request):
        status = 500 if self.wrong in request.headers else self.pages.get(request.path, 404)
        # A time of its own, by which no clock may be judged.
        return reply({"timestamp": "2001-01-01T00:00:00Z"}, status, **self.headers)


CHECKS = [{"path": "/quote", "status": 200}, {"path": "/healthz", "status": 204}, {"path": "/old", "status": 301}]


@pytest.fixture
def quotes():
    with Quotes() as quotes:
        yield quotes


def verify(machine, quotes, checks=CHECKS):
    deployed(machine, built=False, url=quotes.url, image=IMAGE, checks=checks, meridian=False)
    done = machine.run("verify")
    assert "Traceback" not in done.stdout
    return done


def test_verify_runs_the_checks_of_a_services_stack_and_none_of_meridians(machine, quotes):
    done = verify(machine, quotes)
    assert done.returncode == 0, done.stdout
    for said in ("GET /quote answers 200", "GET /healthz answers 204", "GET /old answers 301", "TCP 443 is closed"):
        assert said in done.stdout
    assert {seen.request.path for seen in quotes.seen} == {"/quote", "/healthz", "/old"}


@pytest.mark.parametrize(
    ("pages", "headers", "breaks", "said"),
    [
        ({"/healthz": 503}, {}, "-", "GET /healthz answered 503 instead of 204."),
        ({"/old": 200}, {}, "-", "GET /old answered 200 instead of 301."),
        ({}, {"Service_Version": "sha256:" + "b" * 64}, "-", f"answers, and not {DIGEST}"),
        ({}, {}, "X-Forwarded-For", "X-Forwarded-For: 192.0.2.66 makes GET /quote answer 500"),
    ],
)
def test_verify_finds_what_is_wrong_with_any_service(machine, quotes, pages, headers, breaks, said):
    quotes.pages.update(pages)
    quotes.headers, quotes.wrong = headers, breaks
    done = verify(machine, quotes)
    assert done.returncode == 1 and said in done.stdout, done.stdout


def test_a_services_own_version_is_not_a_digest_and_proves_nothing(machine, quotes):
    quotes.headers = {"Service_Version": "1.4.2"}
    done = verify(machine, quotes)
    assert done.returncode == 0 and "they do not show which image answers" in done.stdout


class OurClock(Quotes):
    """As much of Meridian as the judge of its clock requests."""

    def respond(self, request):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=self.late)
        pages = {"/now": {"now": now.isoformat().replace("+00:00", "Z")},
            "/": {"timestamp": now.isoformat(), "ip": "203.0.113.7"}}
        return reply(pages.get(request.path, {}), 200 if request.path in pages else 404, Service_Version=DIGEST)


@pytest.mark.parametrize(("late", "code", "word"), [(0, 0, "OK"), (7, 1, "Failed")])
def test_meridians_clock_is_judged_without_app_and_a_jdk(machine, late, code, word):
    with OurClock() as service:
        service.late = late
        deployed(machine, built=False, url=service.url, image=IMAGE)
        done = machine.run("verify")
        assert done.returncode == code and f"{word}: clock " in done.stdout, done.stdout
        assert "GET / {" in done.stdout and "Metrics and health are not public" in done.stdout


def test_python_judges_the_clock_if_the_probe_cannot_be_built(machine):
    (machine.root / "app/src/main").mkdir(parents=True)
    (machine.root / "app/pom.xml").touch()
    machine.replace("scripts/jdk", "#!/bin/sh\necho /nowhere\n")
    machine.replace("app/maven", "#!/bin/sh\nexit 1\n")
    with OurClock() as service:
        service.late = 0
        deployed(machine, built=False, url=service.url, image=IMAGE)
        done = machine.run("verify")
        assert done.returncode == 0 and "OK: clock " in done.stdout and "cannot be built" in done.stdout, done.stdout


def test_without_app_doctor_reports_what_is_missing_and_what_to_type(machine):
    done = machine.run("doctor")
    assert done.returncode == 1 and "app/ is missing" in done.stdout and "IMAGE=REPOSITORY@sha256:" in done.stdout
    assert "JDK" not in done.stdout and "Traceback" not in done.stdout
    for given in ({"IMAGE": IMAGE}, {"TF_VAR_image": IMAGE}):
        assert machine.run("doctor", **given).returncode == 0


@pytest.mark.parametrize("command", ["plan", "deploy"])
@pytest.mark.parametrize(
    ("kept", "given", "image"),
    [
        (False, {"IMAGE": IMAGE}, IMAGE),
        (False, {"TF_VAR_image": IMAGE}, None),
        (True, {}, "A"),
        (False, {}, "missing"),
        (True, {"BUILD": "1"}, "missing"),
    ],
)
def test_without_app_a_given_image_is_deployed_and_a_missing_one_is_requested(machine, command, kept, given, image):
    if kept:
        deployed(machine, built=False)
    else:
        machine.terraform({"url": "http://127.0.0.1"})
    done = machine.run(command, **given)
    assert "JDK" not in done.stdout and "Traceback" not in done.stdout
    if image == "missing":
        assert done.returncode == 1 and "app/ is missing" in done.stdout and "IMAGE=REPOSITORY@sha256:" in done.stdout
        assert not any(f" {verb} " in machine.log.read_text() for verb in ("plan", "apply"))
    else:
        assert done.returncode == 0, done.stdout
        assert (f"-var=image={image} " in planned(machine)) if image else ("-var=image" not in planned(machine))


def test_with_app_but_no_jdk_a_kept_image_is_deployed(machine):
    (machine.root / "app").mkdir()
    (machine.root / "app/pom.xml").touch()
    deployed(machine, built=False)
    assert machine.run("deploy").returncode == 0
    deployed(machine, built=True)
    done = machine.run("deploy")
    assert done.returncode == 1 and "JDK 25 is missing" in done.stdout
