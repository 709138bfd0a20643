"""doctor, plan, deploy, verify and destroy for AWS, on machines and accounts that lack something."""

import json
import re
import sys

import pytest
from support.fronts import Front, reply
from support.machine import ROOT
from support.service import free_port
from support.stub_machine import CALLER, DIGEST, Machine, deployed, planned

sys.path.insert(0, str(ROOT / "scripts"))
from meridian.console import Problem
from meridian.verify import FORGED, Meridian, until_it_answers

B = "example.com/meridian@sha256:" + "b" * 64


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_doctor_passes_a_ready_machine(machine):
    done = machine.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "account 123456789012 as user/someone" in done.stdout and "region us-east-1 with 3 zones" in done.stdout
    assert "./taskw deploy-aws" in done.stdout


@pytest.mark.parametrize(
    "message, what, how",
    [
        ("Unable to locate credentials. You can configure credentials by running \"aws login\".",
            "There are no AWS credentials", "aws configure sso"),
        ("An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token … is "
            "expired", "have expired", "aws sso login"),
        ("Error when retrieving token from sso: Token has expired and refresh failed", "have expired", "aws sso login"),
        ("The SSO session associated with this profile has expired or is otherwise invalid.", "have expired",
            "aws sso login"),
        ("An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: …",
            "does not know these credentials", "AWS_SESSION_TOKEN"),
        ("The config profile (wrong) could not be found", "profile that AWS_PROFILE names does not exist",
            "list-profiles"),
        ('Could not connect to the endpoint URL: "https://sts.us-east-1.amazonaws.com/"', "AWS cannot be reached",
            "HTTPS_PROXY"),
    ],
)
def test_doctor_explains_why_credentials_do_not_work_and_what_to_do(machine, message, what, how):
    machine.refuse("aws", "get-caller-identity", message)
    machine.refuse("aws", "describe-availability-zones", message)
    done = machine.run("doctor")
    assert done.returncode == 1
    assert what in done.stdout and how in done.stdout
    assert done.stdout.count("missing  ") == 1 and "1 problem to fix" in done.stdout


def test_doctor_refuses_another_account(machine):
    done = machine.run("doctor", TF_VAR_account="210987654321")
    assert done.returncode == 1
    assert "credentials are for the account 123456789012, but the variable account says 210987654321" in done.stdout


def test_doctor_refuses_a_region_that_the_account_does_not_use(machine):
    machine.refuse("aws", "describe-availability-zones",
        "An error occurred (AuthFailure) when calling the DescribeAvailabilityZones operation: …")
    done = machine.run("doctor")
    assert done.returncode == 1 and 'cannot use the region "us-east-1"' in done.stdout


def test_doctor_refuses_a_terraform_that_is_too_old(machine):
    machine.edit("../bin/terraform", "Terraform v1.11.4", "Terraform v1.9.8\non linux_amd64")
    done = machine.run("doctor")
    assert done.returncode == 1 and "terraform is 1.9.8, but 1.11 or newer is needed" in done.stdout


def test_opentofu_in_place_of_terraform_is_refused_by_name(machine):
    machine.stub("terraform", {"version": "OpenTofu v1.12.6\non linux_amd64"})
    done = machine.run("doctor")
    assert done.returncode == 1 and "terraform is OpenTofu" in done.stdout


def test_doctor_requires_a_jdk_only_if_something_is_built(machine):
    machine.replace("scripts/jdk", "#!/bin/sh\necho 'No JDK 25 was found' >&2\nexit 1\n")
    done = machine.run("doctor")
    assert done.returncode == 1 and "JDK 25 is missing" in done.stdout
    assert machine.run("doctor", IMAGE=f"example.com/meridian@{DIGEST}").returncode == 0


@pytest.mark.parametrize(
    "built, environment, argument",
    [
        (False, {}, "-var=image=A"),
        (False, {"BUILD": "1"}, None),
        (False, {"IMAGE": B}, f"-var=image={B}"),
        (True, {}, None),
        (True, {"IMAGE": B}, f"-var=image={B}"),
        # Terraform itself reads an image that a variable or a tfvars file sets.
        (False, {"TF_VAR_image": "C"}, None),
    ],
)
def test_deploy_keeps_a_supplied_image_unless_build_is_set(machine, built, environment, argument):
    deployed(machine, built)
    done = machine.run("deploy", **environment)
    assert done.returncode == 0, done.stdout
    call = planned(machine)
    assert (f" {argument} " in call) if argument else ("-var=image" not in call)
    assert call.endswith("ws=default") and "tfvars" not in call


def test_an_environment_with_the_name_of_another_is_refused(machine):
    machine.replace("stacks/aws/qa.tfvars", 'cidr = "10.22.0.0/16"\n')
    done = machine.run("plan", ENV="qa")
    assert done.returncode == 1, done.stdout
    assert 'sets the name "meridian", which the environment production already has' in done.stdout
    (machine.root / "stacks/aws/qa.tfvars").write_text((machine.root / "stacks/aws/staging.tfvars").read_text())
    (machine.root / "stacks/aws/broken.tfvars").write_text("name =")
    for env, other in (("qa", "staging"), ("staging", "qa")):
        done = machine.run("plan", ENV=env)
        assert done.returncode == 1, done.stdout
        assert re.search(f"{env}.tfvars sets the name .*, which the environment {other} already has", done.stdout)


def test_a_failed_apply_points_to_the_guide(machine):
    deployed(machine, built=True)
    machine.refuse("terraform", "apply", "Error: no", status=1)
    done = machine.run("deploy")
    assert done.returncode == 1 and "stacks/aws/README.md has a section Troubleshooting" in done.stdout


def test_destroy_removes_nothing_without_the_name(machine):
    deployed(machine, built=True)
    for stdin, environment in (("", {}), ("yes\n", {}), ("", {"CONFIRM": "meridian-staging"})):
        done = machine.run("destroy", stdin=stdin, **environment)
        assert done.returncode == 1 and "Nothing was removed" in done.stdout
    assert " destroy " not in machine.log.read_text()


def test_destroy_fails_while_the_cloud_still_lists_something(machine):
    deployed(machine, built=True)
    vpcs = '["vpc-0123"]'
    machine.stub("aws", {"--version": "aws-cli/2.30.1", "get-caller-identity": CALLER, "describe-vpcs": vpcs})
    done = machine.run("destroy", stdin="meridian\n")
    assert done.returncode == 1
    assert "Resources of meridian that remain (1):" in done.stdout and "network vpc-0123" in done.stdout
    machine.stub("aws", {"--version": "aws-cli/2.30.1", "get-caller-identity": CALLER})
    done = machine.run("destroy", stdin="meridian\n")
    assert done.returncode == 0 and "AWS no longer lists anything of meridian." in done.stdout


def test_a_certificate_that_only_the_list_of_tags_still_names_is_no_leftover(machine):
    """AWS lists what was once tagged for a while longer:
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""
    deployed(machine, built=True)
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000001"
    for there, code in ([], 0), ([arn], 1):
        responses = {"get-resources": json.dumps([arn]), "list-certificates": json.dumps(there)}
        machine.stub("aws", {"--version": "aws-cli/2.30.1", "get-caller-identity": CALLER, **responses})
        done = machine.run("destroy", stdin="meridian\n")
        assert done.returncode == code and (f"certificate {arn}" in done.stdout) is bool(there), done.stdout


class Service(Front):
    """Responds as Meridian does behind its load balancer, except for the faults in `wrong`."""

    def __init__(self):
        self.wrong = {}
        super().__init__(self.respond)

    def respond(self, request):
        wrong = self.wrong
        address = request.headers.get(wrong.get("believes", ""), "203.0.113.7")
        if wrong.get("confused", "-") in request.headers:  # as if a load balancer appended to it
            address = "169.254.169.126"
        if wrong.get("gateways"):  # on the visitor's side: each request comes from another address
            self.asked = getattr(self, "asked", 0) + 1
            address = f"203.0.113.{self.asked % 3}"
        document = {"a": 1} if wrong.get("document") is None else wrong["document"]
        pages = {
            "/": {"timestamp": "2026-11-21T07:05:09.123456Z", "ip": address.removeprefix("for=")},
            "/now": {"now": "2026-11-21T07:05:09.123456Z"},
            "/api/foo": document,
            **{path: {} for path in wrong.get("shows", ())},
        }
        response = pages.get(request.path)
        if request.path == wrong.get("page"):
            return reply(b"<html>", Content_Type="text/html", Service_Version=DIGEST)
        body = b"<html>" if request.path == wrong.get("breaks") else response
        return reply(body, 404 if response is None else 200, Service_Version=wrong.get("version", DIGEST))


@pytest.fixture
def service():
    with Service() as service:
        yield service


def outcome(service, **more):
    closed = more.pop("closed", [free_port()])
    verification = Meridian(service.url, closed, versions=[DIGEST], documents={"foo": '{"a": 1}'}, **more)
    seen, wrong = [], []
    for check in verification.all():
        try:
            seen.append(check())
        except Problem as problem:
            wrong.append(problem.what)
    return seen, wrong


def test_verify_passes_a_good_service_and_reports_what_it_saw(service):
    seen, wrong = outcome(service)
    assert wrong == [] and len(seen) == 7
    assert "203.0.113.7" in seen[1]


@pytest.mark.parametrize(
    "wrong, found",
    [
        ({"believes": "X-Forwarded-For"}, f"X-Forwarded-For: {FORGED} makes the service say {FORGED}"),
        ({"believes": "Forwarded"}, "Forwarded: for="),
        ({"believes": "X-Of-This-Cloud"}, "X-Of-This-Cloud"),
        ({"confused": "X-Of-This-Cloud"}, f"X-Of-This-Cloud: {FORGED} makes the service say 169.254.169.126"),
        ({"version": "sha256:old"}, f"sha256:old answers, and not {DIGEST}"),
        ({"document": {"a": 2}}, "GET /api/foo answered 200"),
        ({"shows": ["/metrics"]}, "GET /metrics answered 200 to the world"),
        ({"shows": ["/ready"]}, "GET /ready answered 200 to the world"),
        ({"breaks": "/"}, "GET / answered 200 '<html>'"),
        ({"breaks": "/api/foo"}, "GET /api/foo answered 200 '<html>'"),
    ],
)
def test_verify_finds_what_is_wrong(service, wrong, found):
    service.wrong = wrong
    _, problems = outcome(service, forged=("X-Of-This-Cloud",))
    assert any(found in problem for problem in problems), problems


def test_verify_accepts_a_home_that_is_a_page(service):
    service.wrong = {"page": "/"}
    seen, wrong = outcome(service)
    assert wrong == [] and "GET / is a page, as it should be with MERIDIAN_HOME=hello" in seen


def test_verify_accepts_a_visitor_behind_several_gateways(service):
    service.wrong = {"gateways": True}
    assert outcome(service)[1] == []


def test_verify_finds_a_port_that_should_be_closed(service):
    _, wrong = outcome(service, closed=[service.port])
    assert wrong == [f"TCP {service.port} of 127.0.0.1 is open."]


def test_verify_gives_up_on_a_silent_service():
    with pytest.raises(Problem, match="did not answer with status 200 within"):
        until_it_answers(f"http://127.0.0.1:{free_port()}", minutes=0)


@pytest.mark.parametrize("probe, wrong, code", [(0, {}, 0), (1, {}, 1), (0, {"version": "other"}, 1)])
def test_the_verify_command_fails_if_the_probe_or_any_check_fails(machine, service, probe, wrong, code):
    service.wrong = wrong
    machine.edit("scripts/meridian/cloud.py", "closed = (22, 8080, 8081)", f"closed = ({free_port()},)")
    # An existing build, for a java that returns the verdict.
    (machine.root / "app/target/classes/meridian").mkdir(parents=True)
    (machine.root / "app/pom.xml").touch()
    (machine.root / "app/target/classes/meridian/Main.class").touch()
    (machine.root / "app/target/classpath").touch()
    machine.replace("../bin/java", f'#!/bin/sh\nfor url; do :; done\necho "probe $url"\nexit {probe}\n')
    (machine.root / "app/documents").mkdir(parents=True)
    (machine.root / "app/documents/foo.json").write_text('{"a": 1}')
    deployed(machine, built=True, url=service.url, image=f"example.com/meridian@{DIGEST}")
    done = machine.run("verify")
    assert done.returncode == code, done.stdout
    assert f"probe {service.url}" in done.stdout and "TCP 443 is closed" in done.stdout
    assert ("All checks passed." in done.stdout) == (code == 0)


def test_the_verify_command_names_the_task_to_run_first(machine):
    done = machine.run("verify")
    assert done.returncode == 1 and "./taskw deploy-aws" in done.stdout


def test_scripts_need_only_the_standard_library():
    """Each import is from the standard library or from scripts/ itself, so that nothing has to be installed."""
    for file in (ROOT / "scripts").rglob("*"):
        if file.is_file() and (file.suffix == ".py"
                or file.open("rb").readline().startswith(b"#!/usr/bin/env python3")):
            for line in file.read_text().splitlines():
                words = line.split()
                if words[:1] in (["import"], ["from"]) and len(words) > 1 and not line.startswith(" "):
                    top = words[1].split(".")[0].rstrip(",")
                    assert top in sys.stdlib_module_names | {"meridian"}, f"{file}: {line}"
