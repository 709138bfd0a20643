"""The pipelines: their steps call existing programs with arguments that these accept, and who may sign in."""

import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import types
import urllib.parse

import pytest
import yaml
from support.fronts import Front, reply
from support.machine import ROOT, clean, ran
from support.service import tasks

sys.path.insert(0, str(ROOT / "scripts"))

from meridian import commands
from meridian.cli import parse
from meridian.commands import fine
from meridian.github import GitHub

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
IMAGE = "example.com/meridian@sha256:" + "a" * 64


def workflow(path):
    parsed = yaml.safe_load(path.read_text())
    parsed["on"] = parsed.pop(True)  # YAML 1.1 reads "on" as True
    return parsed


def steps():
    """Yield place, script and variables of each step that runs something."""
    for path in WORKFLOWS:
        parsed = workflow(path)
        for name, job in parsed["jobs"].items():
            for step in job.get("steps", []):
                if "run" in step:
                    yield f"{path.name} {name}", step["run"], {**parsed.get("env", {}), **job.get("env", {}),
                        **step.get("env", {})}
    parsed = yaml.safe_load((ROOT / ".circleci/continue.yml").read_text())
    for kind in ("jobs", "commands"):
        for name, job in parsed[kind].items():
            for step in job["steps"]:
                run = step.get("run") if isinstance(step, dict) else None
                if run:
                    script, environment = (run, {}) if isinstance(run, str) else (run["command"],
                        run.get("environment", {}))
                    yield f"continue.yml {name}", script, environment


STEPS = list(steps())


@pytest.mark.parametrize(("where", "script", "environment"), STEPS,
    ids=[f"{where}: {script[:40]}" for where, script, _ in STEPS])
def test_a_step_calls_existing_programs_with_variables_that_are_set(where, script, environment):
    for program in re.findall(r"(?<![\w/.-])(?:\./taskw|scripts/[\w-]+)", script):
        assert os.access(ROOT / program, os.X_OK), f"{program} cannot be run"
    assert set(re.findall(r"\./taskw ([\w-]+)", script)) <= tasks()
    if not where.startswith("continue.yml"):  # CircleCI sets variables by contexts, which no file lists.
        unset = set(re.findall(r"\$(\w+)", script)) - set(environment) - set(re.findall(r"(\w+)=", script))
        assert {name for name in unset if not name.startswith(("GITHUB_", "RUNNER_"))} <= {"HOME", "PATH"}
    # The program accepts each call as it is written.
    for call in re.findall(r"python3 scripts/meridian ([^\n|&]*)", script):
        filled = re.sub(r'"\$(IMAGE|SOURCE)"', IMAGE, call.replace('"$CLOUD"', "aws")).replace("<< parameters.stack >>",
            "vm/gcp")
        parse(shlex.split(filled))


# Commands that do not need Terraform, not even to read a variable.
WITHOUT = {"licences", "probe", "scan", "sign", "verify-signature"}
JOBS = [(f"{path.name} {name}", job) for path in WORKFLOWS for name, job in workflow(path)["jobs"].items()]


@pytest.mark.parametrize("job", [job for _, job in JOBS], ids=[name for name, _ in JOBS])
def test_terraform_is_installed_before_the_first_step_that_needs_it(job):
    """Runners have none: https://github.com/actions/runner-images/issues/9848"""
    for step in job.get("steps", []):
        if step.get("uses", "").startswith("hashicorp/setup-terraform@"):
            return
        called = set(re.findall(r"python3 scripts/meridian (\S+)", step.get("run", "")))
        assert called <= WITHOUT, f"{called} before Terraform is there"


CHANGES = [step for step in STEPS
    if re.search(r"meridian (drift|canary|release|preview) |meridian plan \S+ --save$", step[1].strip())]
# In place of Python: records that it was asked to end.
WAITS = """#!/bin/sh
case $FIRST$* in *circleci*|1*plan*) exit 0 ;; esac
trap 'echo told >>"$FOLDER/told"; exit 130' INT
touch "$FOLDER/waits"
while :; do sleep 0.05; done
"""


@pytest.mark.parametrize(("where", "script", "environment"), CHANGES, ids=[where for where, _, _ in CHANGES])
def test_a_cancel_reaches_the_program_that_runs_terraform(where, script, environment, tmp_path):
    """GitHub signals only the first process of a step:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation"""
    for name, text in (("python3", WAITS), ("step.sh", re.sub("<< [a-z.]+ >>", "aws", script)), ("env", "")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    step = subprocess.Popen(["bash", "-e", tmp_path / "step.sh"], start_new_session=True, env={
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "FOLDER": str(tmp_path), "FIRST": str(int("release" in script)),
        "BASH_ENV": str(tmp_path / "env")})
    try:
        end = time.monotonic() + 30
        while not (tmp_path / "waits").exists():
            assert time.monotonic() < end and step.poll() is None
            time.sleep(0.02)
        os.kill(step.pid, signal.SIGINT)
        assert step.wait(10) == 130 and (tmp_path / "told").exists()
    finally:
        if step.poll() is None:
            os.killpg(step.pid, signal.SIGKILL)


def uses():
    for path in [*WORKFLOWS, *(ROOT / ".github/actions").rglob("action.yml")]:
        for line in path.read_text().splitlines():
            if found := re.search(r"uses: (\S+)(.*)", line):
                yield path.name, found[1], found[2]


@pytest.mark.parametrize(("file", "action", "comment"), list(uses()))
def test_each_action_is_pinned_by_commit_with_its_version_in_a_comment(file, action, comment):
    if action.startswith("./"):
        assert (ROOT / action).exists()
        return
    assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
    assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment), comment


def test_workflows_sign_with_the_cosign_that_the_tests_sign_with():
    """Cosign's options differ between versions."""
    ours = re.search(r"sigstore/cosign/v\d+/cmd/cosign@(\S+)", (ROOT / "scripts/tool").read_text())[1]
    jobs = [job for path in WORKFLOWS for job in workflow(path)["jobs"].values()]
    installed = [step["with"]["cosign-release"] for job in jobs
        for step in job.get("steps", []) if "cosign-installer" in step.get("uses", "")]
    assert installed == [ours] * 2


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_only_the_rights_of_its_jobs_and_no_secrets(path):
    parsed = workflow(path)
    assert parsed["permissions"] == {}
    assert "pull_request_target" not in parsed["on"] and "workflow_run" not in parsed["on"]
    assert "secrets." not in path.read_text(), "the pipelines need none"
    for name, job in parsed["jobs"].items():
        assert "permissions" in job, f"{name} says nothing of its rights"
        for step in job.get("steps", []):
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_jobs_in_an_environment_sign_in_as_deployer_and_others_as_planner():
    for path in WORKFLOWS:
        for name, job in workflow(path)["jobs"].items():
            for step in job.get("steps", []):
                if step.get("uses") == "./.github/actions/login":
                    deployer = "DEPLOYER" in step["with"]["identity"]
                    assert deployer == ("environment" in job), f"{path.name} {name}"
                    assert deployer or "PLANNER" in step["with"]["identity"]


def test_the_login_check_signs_in_as_every_identity_of_the_other_workflows():
    signed_in = {path.name: {step["with"]["identity"].replace("inputs.", "matrix.")
        for job in workflow(path)["jobs"].values() for step in job.get("steps", [])
        if step.get("uses") == "./.github/actions/login"} for path in WORKFLOWS}
    assert signed_in["login-check.yml"] == set.union(*signed_in.values())


@pytest.mark.check  # The task installs what the checks need.
def test_terraforms_own_tests_run_before_anything_is_built_and_fail_without_a_provider(tmp_path):
    for name in ("main.yml", "pull-request.yml"):
        ran = [step.get("uses", step.get("run", "")).split("@")[0]
            for step in workflow(ROOT / f".github/workflows/{name}")["jobs"]["terraform"]["steps"]]
        assert ran.index("hashicorp/setup-terraform") < ran.index("./taskw terraform-test")
    assert "terraform" in workflow(ROOT / ".github/workflows/main.yml")["jobs"]["build"]["needs"]
    assert "terraform" in yaml.safe_load(
        (ROOT / ".circleci/continue.yml").read_text())["workflows"]["terraform"]["jobs"]
    # There is no provider in the home folder, and no registry.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run([ROOT / "taskw", "terraform-test", "--", "-k", "modules/gcp/identity", "-n", "0"],
        env=environment, text=True, capture_output=True)
    assert done.returncode != 0 and re.search("(terraform|google) is missing", done.stdout), done.stdout
    assert "skipped" not in done.stdout, done.stdout


def test_no_deployment_is_cut_short_or_dropped_and_nothing_else_waits_for_it():
    groups = {}
    for path in WORKFLOWS:
        parsed = workflow(path)
        for name, each in [(path.stem, parsed), *parsed["jobs"].items()]:
            if "concurrency" in each:
                groups[name] = each["concurrency"]
    assert {name for name, group in groups.items() if group["cancel-in-progress"]} == {"probe", "pull-request", "image"}
    # A run that waits for approval holds only the group of its own cloud and environment.
    assert "main" not in groups
    assert groups["build"] == {"group": "build-${{ github.sha }}", "cancel-in-progress": False, "queue": "max"}
    assert groups["deploy"] == {"group": "deploy-${{ inputs.cloud }}-${{ inputs.environment }}",
        "cancel-in-progress": False, "queue": "max"}


RUNS = {
    "nobody began later": (7, [("success", "aws", "production")], True),
    "a later one deployed": (9, [("success", "aws", "production")], False),
    "a later one is about to": (9, [(None, "aws", "production")], False),
    "a later one failed, so that what ran before runs": (9, [("failure", "aws", "production")], True),
    "a later one was refused by whoever approves": (9, [("cancelled", "aws", "production")], True),
    "a later one had no such cloud": (9, [("skipped", "aws", "production")], True),
    "a later one went elsewhere": (9, [("success", "gcp", "production"), ("success", "aws", "staging")], True),
}


@pytest.mark.parametrize(("number", "jobs", "goes_on"), RUNS.values(), ids=RUNS)
def test_an_earlier_run_does_not_undo_a_later_deployment(number, jobs, goes_on, copy, tmp_path):
    """Such as a slow build, or an older image that was requested while a newer one was built."""
    def respond(request):
        if request.path.startswith("/repos/someone/meridian/actions/workflows/main.yml/runs?"):
            return reply({"workflow_runs": [{"id": 100 + number, "run_number": number},
                {"id": 108, "run_number": 8}, {"id": 101, "run_number": 1}]})
        assert request.path.startswith("/repos/someone/meridian/actions/runs/109/jobs")
        return reply({"jobs": [{"name": "build", "conclusion": "success"},
            *({"name": f"deploy ({cloud}) / deploy {cloud} {environment}", "conclusion": conclusion}
                for conclusion, cloud, environment in jobs)]})

    whole(copy, "aws")
    reported = tmp_path / "output"
    with Front(respond) as front:
        given = {"AWS_PLANNER": "given", "GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "someone/meridian",
            "GITHUB_API_URL": front.url, "GITHUB_RUN_NUMBER": "8", "GITHUB_OUTPUT": str(reported)}
        said = pipeline("settings", "aws", root=copy, check=0, GITHUB_RUN_ATTEMPT="1", **given)
        assert reported.read_text().startswith(f"ready={str(goes_on).lower()}\n")
        assert ("Run 9 of this workflow began later" in said) != goes_on
        reported.unlink()
        pipeline("settings", "aws", root=copy, check=0, GITHUB_RUN_ATTEMPT="2", **given)
        assert reported.read_text().startswith("ready=true\n"), "run again on purpose"


# CircleCI's choice


CHOOSES = yaml.safe_load((ROOT / ".circleci/config.yml").read_text())["workflows"]["choose"]["jobs"][0][
    "path-filtering/filter"]
CIRCLECI = yaml.safe_load((ROOT / ".circleci/continue.yml").read_text())


def mapping():
    return [line.split() for line in CHOOSES["mapping"].strip().splitlines()]


def chosen(*changed):
    """Parameters that are true for these changed files, as the orb decides: an expression must match the whole path."""
    return {name for pattern, name, value in mapping() if any(re.fullmatch(pattern, file) for file in changed)}


def tracked():
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def test_path_filters_name_existing_paths_and_every_file_but_documents():
    for pattern, _, _ in mapping():
        assert any(re.fullmatch(pattern, file) for file in tracked()), f"nothing fits {pattern}"
    assert {name for _, name, _ in mapping()} == set(CIRCLECI["parameters"])
    unseen = {file for file in tracked() if not chosen(file) and not file.endswith(".md")}
    assert unseen == {"LICENSE", ".editorconfig", ".gitattributes", ".gitignore"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (("README.md", "stacks/aws/README.md", "app/README.md", "LICENSE", "modules/CONTRACT.md"), set()),
        (("stacks/gcp/main.tf",), {"terraform"}),
        (("modules/aws/edge/waf.tf", "README.md"), {"terraform"}),
        (("stacks/bootstrap/aws/main.tf",), {"terraform"}),
        (("app/src/main/java/meridian/Main.java",), {"scripts", "vm"}),
        (("modules/image/main.tf",), {"scripts", "terraform", "vm"}),
        (("stacks/vm/gcp/firewall.tf",), {"terraform", "vm"}),
        (("stacks/vm/boot/cloud-config.yaml.tftpl",), {"terraform", "vm"}),
        (("stacks/vm/aws/firewall.tf",), {"terraform"}),
        (("scripts/meridian/canary.py",), {"scripts"}),
        ((".github/workflows/main.yml", "renovate.json"), {"scripts"}),
    ],
)
def test_only_what_a_change_touches_runs(changed, expected):
    assert chosen(*changed) == expected


def test_documentation_runs_nothing_and_terraform_alone_runs_no_maven():
    conditions = {name: set(re.findall(r"parameters\.(\w+)", str(each["when"])))
        for name, each in CIRCLECI["workflows"].items()}
    assert conditions == {"sanity": {"scripts"}, "terraform": {"terraform", "scripts"}, "vm": {"vm"}}


@pytest.mark.parametrize("branch", ["main", "other"])
def test_all_commits_of_a_push_to_main_count(branch, tmp_path):
    """The orb compares main with its parent commit, so it sees only the last commit of a push."""
    def git(*arguments):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path,
            check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", "--initial-branch", "main")
    for commit in ("before", "first of the push", "last of the push"):
        git("commit", "--quiet", "--allow-empty", "--message", commit)
    checkout, step = CHOOSES["pre-steps"]
    assert checkout == "checkout"
    for before, base in ((git("rev-parse", "HEAD~2"), git("rev-parse", "HEAD~2")), ("", "main"), ("0" * 40, "main"),
        ("1" * 40, "main")):
        (tmp_path / "env").write_text("")
        script = step["run"]["command"].replace("<< pipeline.git.base_revision >>", before)
        # As CircleCI runs a step.
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=tmp_path, check=True,
            env={"PATH": os.environ["PATH"], "CIRCLE_BRANCH": branch, "BASH_ENV": str(tmp_path / "env")})
        assert (tmp_path / "env").read_text() == f"export BASE={base if branch == 'main' else 'main'}\n"
    assert CHOOSES["base-revision"] == "$BASE"


def test_circleci_deploys_only_the_machine_and_only_an_approved_plan():
    plan, *others = CIRCLECI["workflows"]["vm"]["jobs"]
    jobs = {name: job for each in others for name, job in each.items()}
    assert plan == "plan" and jobs["approve"]["requires"] == ["plan"]
    assert jobs["deploy"]["requires"] == ["approve"]
    assert all(jobs[name]["filters"] == {"branches": {"only": "main"}} for name in ("approve", "deploy"))
    steps = {name: [key for step in CIRCLECI["jobs"][name]["steps"] if isinstance(step, dict) for key in step]
        for name in ("plan", "deploy")}
    assert "persist_to_workspace" in steps["plan"] and "attach_workspace" in steps["deploy"]
    assert "plan vm/gcp" not in str(CIRCLECI["jobs"]["deploy"]), "what is applied is what was approved"
    assert not re.search(r"meridian \w+ (aws|azure|gcp)\b", str(CIRCLECI))


# The programs themselves


def pipeline(*arguments, root=ROOT, check=None, **environment):
    return ran(sys.executable, root / "scripts/meridian", *arguments, env=clean(**environment),
        codes=None if check is None else (check,)).stdout


@pytest.fixture
def copy(tmp_path):
    for folder in ("scripts", "stacks", "modules/image"):
        shutil.copytree(ROOT / folder, tmp_path / folder,
            ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__"))
    return tmp_path


SETTINGS = {
    "aws": ["AWS_PLANNER"],
    "azure": ["AZURE_PLANNER", "AZURE_SUBSCRIPTION", "AZURE_TENANT"],
    "gcp": ["GCP_PLANNER", "GCP_PROJECT", "GCP_PROVIDER"],
}


def whole(copy, cloud):
    (copy / f"stacks/{cloud}/backend.tf").write_text("")
    (copy / f"stacks/{cloud}/bootstrap.auto.tfvars").write_text(
        'repository_url = "europe-west1-docker.pkg.dev/project/meridian/meridian"\n')


@pytest.mark.parametrize("cloud", SETTINGS)
def test_a_cloud_that_is_not_set_up_is_skipped_and_one_that_is_needs_all(cloud, copy, tmp_path):
    reported = tmp_path / "output"
    github = {"GITHUB_OUTPUT": str(reported), "GITHUB_ACTIONS": "true"}
    for deploys in ({}, {"FOR": "deploy"}):
        said = pipeline("settings", cloud, root=copy, check=0, **github, **deploys)
        assert "is not set up, so it is skipped" in said and "::notice::" in said
        assert reported.read_text() == "ready=false\n"
        reported.unlink()

    whole(copy, cloud)
    given = dict.fromkeys(SETTINGS[cloud], "given")
    pipeline("settings", cloud, root=copy, check=0, GITHUB_OUTPUT=str(reported), **given)
    assert reported.read_text().startswith("ready=true\n") and "repository=europe-west1-docker" in reported.read_text()
    deployer = {f"{cloud.upper()}_DEPLOYER": "given"}
    pipeline("settings", cloud, root=copy, check=0, FOR="deploy", **given, **deployer)


@pytest.mark.parametrize("cloud", SETTINGS)
def test_a_half_set_up_cloud_fails_and_names_what_is_missing_and_where(cloud, copy):
    given = dict.fromkeys(SETTINGS[cloud], "given")
    for files in ((), ("backend.tf",), ("bootstrap.auto.tfvars",)):
        whole(copy, cloud)
        for file in {"backend.tf", "bootstrap.auto.tfvars"} - set(files):
            (copy / f"stacks/{cloud}" / file).unlink()
            said = pipeline("settings", cloud, root=copy, check=1, **given)
            assert "half set up" in said and f"stacks/{cloud}/{file} is not in the repository" in said
    whole(copy, cloud)
    for name in SETTINGS[cloud]:
        for others in (given, {}):
            said = pipeline("settings", cloud, root=copy, check=1, **{**others, name: ""})
            assert "half set up" in said and f"{name} is not set in the repository's Settings" in said
    said = pipeline("settings", cloud, root=copy, check=1, FOR="deploy", ENV="staging", **given)
    assert f"{cloud.upper()}_DEPLOYER is not set in the repository's Settings, Environments, staging" in said


def test_settings_name_circleci_on_circleci(copy):
    whole(copy, "gcp")
    # GitHub uses these files too, so they alone do not mean that CircleCI is set up.
    said = pipeline("settings", "gcp", root=copy, check=0, CIRCLECI="true")
    assert "is not set up, so it is skipped" in said
    said = pipeline("settings", "gcp", root=copy, check=1, CIRCLECI="true", GCP_PLANNER="given")
    assert "GCP_PROVIDER_CIRCLECI is not set in CircleCI's Project Settings" in said


def circleci_login(*arguments, root=ROOT, **environment):
    return ran(sys.executable, root / "scripts/meridian", "circleci", *arguments, codes=None,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment})


def test_a_circleci_job_without_a_token_reaches_no_cloud():
    done = circleci_login("vm/gcp")
    assert done.returncode == 78 and "no CircleCI token" in done.stdout


def test_a_circleci_job_is_skipped_only_if_a_cloud_is_not_set_up(copy):
    given = {"CIRCLECI": "true", "CIRCLE_OIDC_TOKEN_V2": "token"}
    done = circleci_login("vm/gcp", root=copy, **given)
    assert done.returncode == 78 and "Google Cloud is not set up" in done.stdout
    given["GCP_PLANNER"] = "planner@x"
    assert circleci_login("vm/gcp", root=copy, **given).returncode == 1, "half set up"
    (copy / "stacks/vm/gcp/backend.tf").write_text("")
    given.update(GCP_PROJECT="my-project", GCP_PROVIDER_CIRCLECI="projects/1/providers/circleci")
    assert circleci_login("vm/gcp", root=copy, **given).returncode == 1, "nowhere to say what the next steps need"
    (copy / "scripts/meridian/cli.py").unlink()
    assert circleci_login("vm/gcp", root=copy, **given).returncode not in (0, 78)


@pytest.mark.parametrize("arguments", [(), ("azure",), ("aws",), ("gcp",), ("vm/gcp", "admin")])
def test_circleci_signs_in_for_the_machine_and_for_nothing_else(arguments):
    done = circleci_login(*arguments, CIRCLE_OIDC_TOKEN_V2="token")
    assert done.returncode not in (0, 78) and "usage" in done.stdout


def test_circleci_signs_in_with_its_own_token(copy, tmp_path):
    (copy / "stacks/vm/gcp/backend.tf").write_text("")
    file = tmp_path / "env"
    done = circleci_login(
        "vm/gcp", "--for=deploy", root=copy, CIRCLECI="true", CIRCLE_OIDC_TOKEN_V2="token", BASH_ENV=str(file),
        GCP_PLANNER="p", GCP_DEPLOYER="deployer@x", GCP_PROJECT="my-project",
        GCP_PROVIDER_CIRCLECI="projects/1/providers/circleci",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    exports = dict(shlex.split(line)[1].split("=", 1) for line in file.read_text().splitlines())
    account = json.loads(pathlib.Path(exports["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    assert account["audience"].endswith("providers/circleci")
    assert "deployer@x" in account["service_account_impersonation_url"]
    assert pathlib.Path(account["credential_source"]["file"]).read_text() == "token"


@pytest.fixture
def github(monkeypatch):
    """A client of a miniature GitHub, which keeps `comments` and `issues`."""
    comments, issues = {}, {}

    def respond(request):
        path, _, query = request.path.removeprefix("/repos/someone/meridian/").partition("?")
        store = comments if "comments" in path else issues
        if request.method == "GET":
            reported = [{"id": key, "number": key, "user": {"type": "Bot"}, **value}
                for key, value in store.items() if value.get("state") != "closed"]
            # In pages; the newest issues and the oldest comments first:
            # https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
            asked = {name: int(value) for name, value in urllib.parse.parse_qsl(query) if value.isdigit()}
            size = min(asked.get("per_page", 30), 100)
            first = size * (asked.get("page", 1) - 1)
            return reply((reported[::-1] if store is issues else reported)[first : first + size])
        body = json.loads(request.body)
        key = len(store) + 1 if request.method == "POST" else int(path.split("/")[-1])
        store.setdefault(key, {}).update(body)
        return reply(body)

    with Front(respond) as front:
        for name, value in (("TOKEN", "t"), ("REPOSITORY", "someone/meridian"), ("API_URL", front.url)):
            monkeypatch.setenv(f"GITHUB_{name}", value)
        client = GitHub()
        client.comments, client.issues = comments, issues
        yield client


def test_a_plan_has_one_comment_that_is_updated(github):
    github.comment(7, "plan aws production", "first")
    github.comment(7, "plan gcp production", "other")
    github.comments.update({number: {"body": f"Other {number}"} for number in range(3, 1203)})
    github.comment(7, "plan azure production", "late")
    for number in range(3, 1203):
        del github.comments[number]
    github.comment(7, "plan aws production", "second")
    github.comment(7, "plan azure production", "late")
    assert sorted(comment["body"] for comment in github.comments.values()) == ["<!-- plan aws production -->\nsecond",
        "<!-- plan azure production -->\nlate",
        "<!-- plan gcp production -->\nother"]
    github.comment(7, "plan aws production", "x" * 100_000)
    assert max(len(comment["body"]) for comment in github.comments.values()) < 65536


def test_drift_has_one_issue_that_closes_when_the_drift_ends(github):
    github.issue("Drift: AWS, production", "differs")
    for others in (0, 1, 99, 100, 1250):
        for number in range(2, others + 2):
            github.issues[number] = {"title": f"Other {number}", "pull_request": {}}
        github.issue("Drift: AWS, production", f"differs beside {others}")
        assert github.issues[1]["body"] == f"differs beside {others}"
    github.issue("Drift: AWS, production", None)
    assert github.issues[1]["state"] == "closed"
    github.issue("Drift: AWS, production", None)
    assert len(github.issues) == 1251


def test_a_strangers_text_with_the_same_mark_or_title_is_not_touched(github):
    """The author of a text may change it after us."""
    stranger = {"user": {"type": "User"}, "author_association": "CONTRIBUTOR"}
    github.comments[1] = {"body": "<!-- plan aws production -->\nNo changes.", **stranger}
    github.issues[1] = {"title": "Drift: AWS, production", "body": "none", **stranger}
    for text in ("first", "second"):
        github.comment(7, "plan aws production", text)
        github.issue("Drift: AWS, production", text)
    assert github.comments[1]["body"].endswith("No changes.") and github.issues[1]["body"] == "none"
    assert github.comments[2]["body"].endswith("second") and github.issues[2]["body"] == "second"
    # On CircleCI the token belongs to a person.
    github.comments[2] |= {"user": {"type": "User"}, "author_association": "MEMBER"}
    github.comment(7, "plan aws production", "third")
    assert github.comments[2]["body"].endswith("third") and len(github.comments) == 2


def test_a_token_may_end_with_a_newline_and_the_address_may_be_empty(github, monkeypatch):
    github.token = "t\n"
    github.comment(7, "plan aws production", "first")
    assert github.comments
    monkeypatch.setenv("GITHUB_API_URL", "")
    assert GitHub().api == "https://api.github.com"


@pytest.mark.parametrize("arguments", [("aws",), ("deploy", "aws", "--evn", "x"), ("plan", "oracle"), ()])
def test_the_pipelines_program_refuses_unknown_arguments(arguments):
    assert "usage" in pipeline(*arguments, check=2)


def test_one_acceptable_licence_of_several_is_enough():
    assert fine("(CDDL-1.0 OR AGPL-3.0-only)") and not fine("AGPL-3.0-only") and not fine("MIT AND AGPL-3.0-only")


@pytest.mark.check
@pytest.mark.lint
@pytest.mark.needs("go")
@pytest.mark.parametrize(
    "command",
    [
        "{go}/actionlint",
        "{venv}/zizmor --offline --no-progress --quiet --pedantic .github",
        "{venv}/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml",
        "{venv}/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml",
        "{venv}/check-jsonschema --quiet --builtin-schema vendor.circle-ci .circleci/*.yml",
        "{venv}/check-jsonschema --quiet --builtin-schema vendor.renovate renovate.json",
        "scripts/scan-secrets",
    ],
)
def test_the_pipelines_linters_find_nothing(command):
    venv = subprocess.run([ROOT / "tests/venv", "check"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    go = ""
    if "{go}" in command:
        go = pathlib.Path(subprocess.run([ROOT / "scripts/tool", "actionlint"], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip()).parent
    command = command.format(venv=f"{venv}/bin", go=go)
    done = subprocess.run(command, shell=True, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.check
@pytest.mark.lint
@pytest.mark.needs("go")
def test_the_pipelines_linters_would_find_something(tmp_path):
    (tmp_path / ".github/workflows").mkdir(parents=True)
    steps = "[{uses: actions/checkout@v4}, {run: 'echo ${{ github.event.pull_request.title }}'}]"
    (tmp_path / ".github/workflows/bad.yml").write_text(
        f"on: pull_request_target\njobs: {{a: {{runs-on: ubuntu-24.04, steps: {steps}}}}}\n")
    venv = subprocess.run([ROOT / "tests/venv", "check"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    zizmor = subprocess.run([f"{venv}/bin/zizmor", "--offline", "--no-progress", tmp_path / ".github"],
        capture_output=True, text=True)
    assert zizmor.returncode != 0
    assert {"dangerous-triggers", "template-injection",
        "unpinned-uses"} <= set(re.findall(r"\[([a-z-]+)\]", zizmor.stdout))


@pytest.mark.parametrize("code, image, kept", [
    (0, f"registry/meridian@sha256:{'a' * 64}", True),
    (1, f"registry/meridian@sha256:{'a' * 64}", False),  # withdrawn
    (0, f"elsewhere/meridian@sha256:{'a' * 64}", False),
])
def test_a_promoted_image_is_kept_in_the_shared_registry_like_a_deployed_one(code, image, kept, monkeypatch):
    stack = types.SimpleNamespace(env="production", variable={"repository_url": "registry/meridian"}.get,
        terraform=types.SimpleNamespace(outputs=lambda: {"image": image}))
    named = []
    monkeypatch.setattr(commands.canary, "run", lambda *_: code)
    monkeypatch.setattr(commands, "keep", lambda _, image: named.append(str(image)))
    assert commands.try_image(stack, None) == code and named == [image] * kept
