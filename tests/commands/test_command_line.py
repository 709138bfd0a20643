"""What users type into ./taskw or the program itself, and what happens then. Terraform and aws are stubs."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
from support.machine import ROOT, need
from support.stub_machine import CALLER, DIGEST, Machine, deployed, planned

sys.path.insert(0, str(ROOT / "scripts"))

from meridian.terraform import Terraform

A, B = (f"example.com/{name}@{DIGEST}" for name in "ab")


@pytest.fixture(scope="session")
def task():
    """The Task that ./taskw uses, fetched once."""
    done = subprocess.run([ROOT / "taskw", "--version"], text=True, capture_output=True)
    if done.returncode:
        pytest.skip(f"Task cannot be had: {done.stderr}")
    found = shutil.which("task") or next((ROOT / ".cache").glob("task-*/task"))
    return found


@pytest.fixture
def machine(tmp_path, task):
    machine = Machine(tmp_path)
    folders = ("", "app/", "proof/", "stacks/platform/", "tests/")
    for name in ("taskw", *(f"{folder}Taskfile.yml" for folder in folders)):
        (machine.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, machine.root / name)
    for tool in ("bash", "sh", "uname", "mvn"):
        if shutil.which(tool) and not (machine.bin / tool).exists():
            (machine.bin / tool).symlink_to(shutil.which(tool))
    (machine.bin / "task").symlink_to(task)
    shutil.copytree(ROOT / "stacks/bootstrap/aws", machine.root / "stacks/bootstrap/aws",
        ignore=shutil.ignore_patterns(".terraform*"))
    deployed(machine, built=True, image=A)
    return machine


def taskw(machine, *arguments, stdin="", **environment):
    return subprocess.run(
        [machine.root / "taskw", *arguments],
        cwd=machine.root,
        env={"PATH": str(machine.bin), "HOME": str(machine.root), **environment},
        input=stdin,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def touched(machine):
    """Workspaces in which Terraform planned, applied or destroyed."""
    return set(re.findall(r"^terraform .*\b(?:plan|apply|destroy) .*ws=(\S*)$", machine.log.read_text(), re.M))


# What is exported, the arguments of the task, the arguments of the program, and the outcome: workspace and image, or
# the words of a refusal.
OUTCOMES = [
    ({}, "", "", "default", None),
    ({}, "ENV=staging", "--env staging", "staging", None),
    ({}, "ENV=production", "--env=production", "default", None),
    ({"ENV": "staging"}, "", "", "staging", None),
    ({"ENV": ""}, "", "", "default", None),
    ({"ENV": ""}, "ENV=staging", "--env=staging", "staging", None),
    ({"ENV": "staging"}, "ENV=production", "--env=production", "default", None),
    ({"ENV": "staging"}, "ENV=", "--env=", "default", None),
    ({}, f"IMAGE={B}", f"--image={B}", "default", B),
    ({"IMAGE": A}, "", "", "default", A),
    ({"IMAGE": A}, f"IMAGE={B}", f"--image={B}", "default", B),
    ({"IMAGE": A}, "IMAGE=", "--image=", "default", None),
    ({"IMAGE": ""}, f"IMAGE={B} ENV=staging", f"--image={B} --env=staging", "staging", B),
    ({"BUILD": "1"}, f"BUILD= IMAGE={B}", f"--build= --image={B}", "default", B),
    ({}, "EVN=staging", "--evn staging", None, "ENV|--env"),
    ({}, "env=staging", "--Env=staging", None, "ENV|--env"),
    ({}, f"IMGE={B}", f"--imge={B}", None, "IMAGE|--image"),
    ({}, "ENV=qa", "--env=qa", None, "qa.tfvars is missing"),
    ({}, "ENV=Staging", "--env=Staging", None, 'ENV is "Staging"'),
    ({}, "ENV=../x", "--env=../x", None, 'ENV is "../x"'),
    ({}, "ENV=default", "--env=default", None, 'ENV is "default"'),
    ({"BUILD": "1"}, f"IMAGE={B}", f"--image={B}", None, "IMAGE and BUILD are both set"),
    ({}, "CONFIRM=meridian", "--confirm=meridian", None, "CONFIRM|--confirm"),
    ({}, "IMAGE=meridian:1", "--image=meridian:1", None, "by digest"),
    ({}, "ENV=$(touch${IFS}hacked)", "--env=$(touch${IFS}hacked)", None, "ENV is"),
    ({}, f"IMAGE=example.com:5000/b:1.0@{DIGEST}", f"--image=example.com:5000/b:1.0@{DIGEST}", "default",
        f"example.com:5000/b@{DIGEST}"),
    ({}, f"IMAGE=https://{B}", f"--image=https://{B}", None, "without https://"),
    ({}, f"IMAGE=example.com/Me/b@{DIGEST}", f"--image=example.com/Me/b@{DIGEST}", None, "in lower case"),
    ({}, "ENV=default", "--env=default", None, 'ENV is "default"'),
    ({}, "YES=1", "--yes", "default", None),
    ({}, "YES=0", "--yes=0", None, 'YES is "0"'),
    ({"YES": "no"}, "ENV=staging", "--env=staging", None, 'YES is "no"'),
    ({"YES": "no"}, "YES=", "--yes=", "default", None),
    ({}, "", "--en=staging", None, "--env"),
    ({}, "", "ENV=staging", None, "--env"),
]


def test_two_files_for_one_environment_are_refused(machine):
    (machine.root / "stacks/aws/staging.tfvars.json").write_text('{"name": "other"}')
    done = machine.run("deploy", "--env=staging")
    assert done.returncode == 1 and "stacks/aws has staging.tfvars and staging.tfvars.json" in done.stdout, done.stdout


@pytest.mark.parametrize("through", ["taskw", "program"])
@pytest.mark.parametrize(("exported", "behind_task", "behind_program", "workspace", "more"), OUTCOMES)
def test_only_the_environment_that_is_typed_is_touched(machine, through, exported, behind_task, behind_program,
        workspace, more):
    if through == "program":
        done = machine.run("deploy", *behind_program.split(), **exported)
    elif behind_task or not behind_program:
        done = taskw(machine, "deploy-aws", *behind_task.split(), **exported)
    else:
        return  # For the program only.
    assert not list(machine.root.rglob("hacked"))
    if workspace is None:
        assert done.returncode in (1, 2) and any(words in done.stdout for words in more.split("|")), done.stdout
        assert not re.search(r"^terraform .* (init|plan|apply|destroy) ", machine.log.read_text(), re.M)
        return
    assert done.returncode == 0, done.stdout
    assert touched(machine) == {workspace}
    call = planned(machine)
    assert ("-var-file=staging.tfvars" in call) == (workspace == "staging")
    assert (f"-var=image={more} " in call) if more else ("-var=image" not in call)
    assert done.stdout.startswith(f"Environment {'staging' if workspace == 'staging' else 'production'} on AWS.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify-aws", "IMAGE=x"), "IMAGE is not a setting of verify-aws, which takes ENV"),
        (("destroy-aws", "CONFRM=meridian"), "Did you mean CONFIRM?"),
        (("canary-aws", "MINUTS=5"), "Did you mean MINUTES?"),
        (("run", "PORT=1"), "run, which takes no settings"),
        (("doctor-aws", "--", "-var=x"), "doctor takes nothing after --"),
        (("deploy-oracle",), '"oracle" is not one of aws'),
        (("deploy-azure",), '"azure" is not one of aws'),  # this copy lacks its stack
        (("canary-vm-aws",), '"vm-aws" is not one of aws'),
        (("publish", "IMAGE=x"), "Did you mean"),
    ],
)
def test_what_a_task_does_not_accept_is_refused_before_anything_runs(machine, arguments, said):
    done = taskw(machine, *arguments)
    assert done.returncode not in (0, 1) and said in done.stdout, done.stdout
    assert "terraform" not in machine.log.read_text()


def test_a_copy_lists_and_accepts_what_was_not_deleted(machine):
    """Tasks for the service disappear with app/; tasks for a stack accept only stacks that exist."""
    of_app = {"run", "build", "publish", "bench", "licences"}

    def listed():
        return set(re.findall(r"^\* ([\w*-]+):", taskw(machine, "--list").stdout, re.M))

    before = listed()
    assert of_app < before
    shutil.rmtree(machine.root / "app")
    assert listed() == before - of_app
    done = taskw(machine, "probe", "URL=http://127.0.0.1:9")
    assert done.returncode == 2 and done.stdout.startswith("Failed: down: no connection, http://127.0.0.1:9/now\n")
    done = taskw(machine, "deploy-aws", f"IMAGE={B}")
    assert done.returncode == 0 and f"-var=image={B} " in planned(machine), done.stdout


def test_arguments_after_two_dashes_reach_terraform_word_for_word(machine):
    done = taskw(machine, "deploy-aws", "ENV=staging", "--", "-var=email=a b@example.com", "-replace=a.b[0]")
    assert done.returncode == 0 and "Next: ./taskw verify-aws ENV=staging" in done.stdout, done.stdout
    assert "-var=email=a b@example.com -replace=a.b[0] ws=staging" in planned(machine)


def test_the_name_may_be_given_after_two_dashes_too(machine):
    done = machine.run("deploy", "--", "-var=name=other")
    assert done.returncode == 0 and "Deploying other, production" in done.stdout, done.stdout


def test_taskw_has_the_exit_code_of_its_command(machine):
    deployed(machine, built=True)
    machine.refuse("terraform", "plan", "Error: no", status=3)
    assert taskw(machine, "plan-aws").returncode == 3
    assert machine.run("plan").returncode == 3


def test_a_reader_that_stops_early_gets_no_traceback(machine):
    command = f"{sys.executable} {machine.root}/scripts/meridian doctor aws | head -n 1"
    done = subprocess.run(["bash", "-c", command], env={"PATH": f"{machine.bin}:{os.environ['PATH']}"}, text=True,
        capture_output=True)
    assert done.stdout == "Environment production on AWS.\n" and not done.stderr, done.stderr


def test_the_tasks_are_listed_with_a_line_on_each(machine):
    said = taskw(machine).stdout
    for name in ("run", "test", "doctor-*", "deploy-*", "verify-*", "destroy-*", "canary-*", "bootstrap-*"):
        assert re.search(rf"^\* {re.escape(name)}: +\w.{{20}}", said, re.M), said


# A terminal


def on_a_terminal(machine, *arguments, types=""):
    """Exit code and output at a terminal, where somebody types as soon as a question appears."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(machine.root)
        os.execve(sys.executable, [sys.executable, "scripts/meridian", *arguments],
            {"PATH": str(machine.bin), "HOME": str(machine.root)})
    seen, asked, end = "", False, time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                read = os.read(terminal, 4096).decode()
            except OSError:
                break
            if not read:
                break
            seen += read
        elif asked and types == "\x03":
            # Python may miss a Ctrl-C between its question and its wait for the reply.
            os.write(terminal, types.encode())
        if types and not asked and seen.rstrip().endswith(("go on:", "confirm:")):
            os.write(terminal, types.encode())
            asked = True
    else:
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


GOES = {"module.documents.aws_s3_bucket.this": ["delete", "create"], "module.edge.aws_lb.this": ["delete"]}
# What every new image replaces.
USUAL = {"module.service.aws_ecs_task_definition.stable": ["create", "delete"],
    "module.image.terraform_data.push[0]": ["delete", "create"]}


@pytest.mark.parametrize(
    ("plan", "arguments", "types", "applied"),
    [
        (USUAL, (), "", True),
        (GOES, (), "yes\n", True),
        (GOES, (), "no\n", False),
        (GOES, (), "\x04", False),
        (GOES, (), "\x03", False),
        (GOES, ("--yes",), "", True),
    ],
)
def test_on_a_terminal_deploy_asks_before_it_destroys_or_replaces(machine, plan, arguments, types, applied):
    deployed(machine, built=True, plan=plan)
    code, seen = on_a_terminal(machine, "deploy", "aws", *arguments, types=types)
    assert (code == 0) == applied, seen
    assert (" apply " in machine.log.read_text()) == applied
    assert ("replaces module.documents.aws_s3_bucket.this" in seen
        and "destroys module.edge.aws_lb.this" in seen) == (plan is GOES), seen
    assert ("Type" in seen) == bool(types) and ("Nothing was changed" in seen) != applied, seen


def test_a_pipeline_is_not_asked_but_informed(machine):
    deployed(machine, built=True, plan=GOES)
    done = machine.run("deploy")
    assert done.returncode == 0 and "destroys module.edge.aws_lb.this" in done.stdout


def test_deploy_names_the_environment_and_the_account_before_it_changes_anything(machine):
    said = machine.run("deploy", "--env=staging").stdout
    assert said.index("Environment staging") < said.index("account 123456789012 as user/someone") < said.index(
        "Deploying meridian-staging, staging")


@pytest.mark.parametrize("image, how", [("A", "withdraws"), ("B", "promotes")])
def test_deploy_reports_what_happens_to_a_running_canary(machine, image, how):
    canary = {"image": "B", "percent": 10, "stable": "r"}
    deployed(machine, built=True, canary=canary)
    machine.edit("../bin/terraform", '"resource_changes": []',
        f'"resource_changes": [], "variables": {{"image": {{"value": "{image}"}}}}')
    said = machine.run("deploy").stdout
    assert f"A canary is running, B with 10 percent of the requests: this apply {how} it." in said


def test_a_partial_deployment_is_reported_as_such(machine):
    """An output that depends on more than the part has no value yet."""
    machine.terraform({}, "module.network.aws_vpc.this")
    done = machine.run("deploy", f"--image={B}", "--", "-target=module.network")
    assert done.returncode == 0 and "Only a part is deployed. Next: ./taskw deploy-aws" in done.stdout, done.stdout


def test_a_plan_whose_exit_code_means_changes_is_applied(machine):
    machine.refuse("terraform", "plan", "", status=2)
    done = machine.run("deploy", "--", "-detailed-exitcode")
    assert done.returncode == 0 and " apply " in machine.log.read_text(), done.stdout


@pytest.mark.parametrize("verb", ["deploy", "destroy"])
def test_without_a_standard_input_nobody_is_asked(machine, verb):
    deployed(machine, built=True, plan=GOES)
    done = subprocess.run(["bash", "-c", f"exec {sys.executable} {machine.root}/scripts/meridian {verb} aws <&-"],
        env={"PATH": str(machine.bin), "HOME": str(machine.root)}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert "Traceback" not in done.stdout and done.returncode == (0 if verb == "deploy" else 1), done.stdout


@pytest.mark.parametrize("verb", ["deploy", "canary"])
def test_a_deployment_that_would_remove_everything_is_refused(machine, verb):
    done = machine.run(verb, "--", "--destroy", IMAGE=B)
    assert done.returncode in (1, 2) and "./taskw destroy-aws" in done.stdout and not touched(machine)


def test_an_interrupted_deployment_names_the_next_step(machine):
    machine.edit("../bin/terraform", 'case " $* " in\n',
        "case \" $* \" in\n  *' apply '*) kill -INT $PPID; sleep 1; exit 1;;\n")
    done = machine.run("deploy")
    assert done.returncode == 130 and "Interrupted" in done.stdout and "Repeat the command" in done.stdout, done.stdout


def test_a_plan_names_the_command_that_applies_it(machine):
    assert machine.run("plan", f"--image={B}").stdout.endswith(f"Next: ./taskw deploy-aws IMAGE={B}\n")


# A machine that lacks something


@pytest.mark.parametrize("verb", ["doctor", "plan", "deploy", "bootstrap"])
@pytest.mark.parametrize("tool", ["terraform", "aws", "curl"])
def test_a_missing_tool_is_named_with_where_to_get_it(machine, verb, tool):
    (machine.bin / tool).unlink()
    done = machine.run(verb)
    assert done.returncode == 1 and f"{tool} is missing" in done.stdout, done.stdout
    assert "Install it: https://" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout and not touched(machine)


@pytest.mark.parametrize("verb", ["doctor", "plan", "deploy", "destroy", "canary", "release", "drift", "bootstrap"])
def test_variables_that_add_arguments_to_terraform_are_refused(machine, verb):
    for name, value in (("TF_CLI_ARGS_destroy", "-target=module.edge"), ("TF_CLI_ARGS_plan", "-refresh-only")):
        done = machine.run(verb, **{name: value})
        assert done.returncode in (1, 2) and f"`unset {name}`" in done.stdout, done.stdout
    assert "terraform" not in machine.log.read_text()


def test_a_tool_that_cannot_be_run_is_named(machine):
    """Such as a program for another processor."""
    machine.replace("../bin/aws", "\x7f")
    done = machine.run("doctor")
    assert done.returncode == 1 and "aws cannot be run: Exec format error" in done.stdout, done.stdout


def test_an_older_python_is_named():
    """Before it reaches syntax that it does not know."""
    code = (f"import runpy, sys; sys.version_info = (3, 8, 18); sys.argv[1:] = ['doctor', 'aws']; "
        f"runpy.run_path({str(ROOT / 'scripts/meridian')!r}, run_name='__main__')")
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert done.returncode == 1 and done.stderr.startswith("python3 is 3.8, but 3.9"), done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_some_characters_shows_the_others(encoding):
    done = subprocess.run([sys.executable, ROOT / "scripts/meridian", "--help"], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding})
    assert done.returncode == 0 and b"deploy" in done.stdout, done.stderr


@pytest.mark.parametrize("setting", ["--url=https://example.com:port", "--url=https://[::1", "--url=https://a..b",
    "--url=example.com", "--paths=/now /über", "--probe=probe it's"])
def test_a_canary_refuses_what_it_could_not_request(machine, setting):
    done = machine.run("canary", f"--image={B}", setting)
    assert done.returncode == 2 and "Traceback" not in done.stdout, done.stdout
    assert f"Error: {setting.partition('=')[0].lstrip('-').upper()} " in done.stdout
    assert not touched(machine)


def test_a_canary_that_crashes_is_not_reported_as_withdrawn(machine):
    """Exit code 1 would mean withdrawn."""
    machine.stub("terraform", {"version": "Terraform v1.11.4", "console": '"Im1lcmlkaWFuIg=="', "output": "{"})
    done = machine.run("canary", f"--image={B}")
    assert done.returncode == 2 and "JSONDecodeError" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["stacks/aws/.#terraform.tfvars", "app/src/main/java/.#Main.java"])
def test_a_file_that_is_open_in_an_editor_does_no_harm(machine, name):
    """Emacs marks it with a dangling link."""
    lock = machine.root / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.symlink_to("someone@machine.1")
    machine.replace("app/maven", "#!/bin/sh\nexit 1\n")
    done = machine.run("doctor")
    assert done.returncode == 0, done.stdout
    done = subprocess.run([sys.executable, machine.root / "scripts/meridian", "probe", "http://127.0.0.1:9"], text=True,
        env={"PATH": str(machine.bin), "HOME": str(machine.root)}, capture_output=True)
    assert done.stdout.startswith("Failed: down: no connection"), done.stderr


def test_a_file_that_is_open_in_an_editor_does_no_harm_when_a_bootstrap_is_removed(machine):
    for folder in ("modules/aws/state", "stacks/bootstrap/aws"):
        (machine.root / folder).mkdir(parents=True, exist_ok=True)
        (machine.root / folder / ".#main.tf").symlink_to("someone@machine.1")
    done = subprocess.run([sys.executable, machine.root / "scripts/meridian", "destroy", "bootstrap-aws",
        "--confirm=meridian"], text=True, capture_output=True,
        env={"PATH": str(machine.bin), "HOME": str(machine.root)})
    assert done.returncode == 0 and " destroy " in machine.log.read_text(), done.stderr


def test_a_bootstrap_creates_workspaces_without_selecting_one(machine):
    """Terraform selects a new workspace in the folder that creates it, where a bare apply is meant for production."""
    shutil.rmtree(machine.root / "stacks/aws")
    backend = {f"stacks/{place}": "terraform {}" for place in ("bootstrap/aws", "aws")}
    settings = {"all": {}, "environments": {"production": {}, "staging": {}}}
    outputs = {"backend": backend, "settings": settings, "repository_url": "r"}
    machine.stub("terraform", {"version": "Terraform v1.11.4", "console": '"IjEyMzQ1Njc4OTAxMiI="', "list": "* default",
        "output": json.dumps({name: {"value": value} for name, value in outputs.items()}),
        "show": json.dumps({"planned_values": {"outputs": {"backend": {"value": backend}}}}), "state": "{}"})
    done = subprocess.run([sys.executable, machine.root / "scripts/meridian", "bootstrap", "aws"], text=True,
        env={"PATH": str(machine.bin), "HOME": str(machine.root)}, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    created = [line for line in machine.log.read_text().splitlines() if " workspace new " in line]
    assert len(created) == 1 and created[0].endswith("staging ws=") and str(machine.root) not in created[0]


def test_with_cdpath_it_finds_its_own_folder(machine):
    done = subprocess.run(["repository/taskw", "--list"], cwd=machine.root.parent, text=True, capture_output=True,
        env={"PATH": str(machine.bin), "HOME": str(machine.root), "CDPATH": "."})
    assert done.returncode == 0 and "deploy-*" in done.stdout, done.stderr
    for folder in ("app", "modules/image", "scripts", "tests"):
        for file in filter(pathlib.Path.is_file, (ROOT / folder).glob("*")):
            script = file.read_text()
            if script.startswith("#!/usr/bin/env bash") and (goes := re.search(r"(\$\(|^)cd ", script, re.M)):
                assert 0 < script.find("unset CDPATH") < goes.start(), file


def test_the_search_for_a_jdk_works_without_a_home():
    done = subprocess.run([ROOT / "scripts/jdk"], text=True, capture_output=True,
        env={name: value for name, value in os.environ.items() if name != "HOME"})
    assert "unbound" not in done.stderr


def test_the_tests_run_in_a_folder_with_a_space(machine):
    venv = machine.root / "my venv"
    (venv / "bin").mkdir(parents=True)
    machine.replace("my venv/bin/pytest", '#!/bin/sh\necho "pytest $*"\n')
    machine.replace("tests/venv", f"#!/bin/sh\necho '{venv}'\n")
    assert taskw(machine, "lint").stdout == "pytest tests -m lint\n"
    shutil.rmtree(machine.root / "app")
    assert taskw(machine, "test").stdout.startswith("pytest tests -m not check")


@pytest.mark.parametrize("verb", ["verify", "destroy", "canary"])
def test_without_terraform_nothing_ends_in_a_traceback(machine, verb):
    (machine.bin / "terraform").unlink()
    done = machine.run(verb)
    assert done.returncode in (1, 2) and "terraform is missing" in done.stdout, done.stdout
    assert "https://" in done.stdout, done.stdout


@pytest.mark.parametrize("verb", ["plan", "deploy", "bootstrap"])
def test_without_credentials_it_names_the_next_step(machine, verb):
    machine.refuse("aws", "get-caller-identity",
        "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation")
    done = machine.run(verb)
    assert done.returncode == 1 and "have expired" in done.stdout and "aws sso login" in done.stdout
    assert "Nothing was changed" in done.stdout and not touched(machine)


def test_doctor_counts_a_missing_tool_once(machine):
    (machine.bin / "aws").unlink()
    (machine.bin / "curl").unlink()
    done = machine.run("doctor")
    assert "2 problems to fix before deploying to AWS." in done.stdout


def test_a_warning_on_standard_error_is_not_a_version(machine):
    for tool, word in (("terraform", "Terraform v1.11.4"), ("aws", "aws-cli/2.30.1")):
        machine.edit(f"../bin/{tool}", f"cat <<'END'\n{word}",
            f"echo 'WARNING: Python 0.8 is old, 99.1 is out' >&2; cat <<'END'\n{word}")
    done = machine.run("doctor")
    assert done.returncode == 0 and "terraform 1.11.4" in done.stdout and "aws 2.30.1" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HTTPS_PROXY": "http://me:secret@proxy.example.com:3128"}, "A proxy is set, http://…@proxy.example.com:3128"),
        ({"TF_CLI_ARGS": "-no-color"}, 'TF_CLI_ARGS is "-no-color"'),
        ({"TF_WORKSPACE": "other"}, "TF_WORKSPACE is ignored"),
        ({"TF_DATA_DIR": "/tmp/x"}, "TF_DATA_DIR is ignored"),
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, 'AWS_ENDPOINT_URL is "http://localhost:4566"'),
        ({"TF_CLI_CONFIG_FILE": "/nowhere"}, "which does not exist"),
        ({"GOOGLE_CREDENTIALS": '{"private_key": "secret"}'}, "GOOGLE_CREDENTIALS is set"),
    ],
)
def test_doctor_reports_unusual_settings(machine, environment, said):
    done = machine.run("doctor", **environment)
    assert done.returncode == 0 and said in done.stdout and "secret" not in done.stdout, done.stdout
    assert not re.search("terraform.* (plan|output|list|init) .*ws=other", machine.log.read_text())


def test_every_command_in_a_message_can_be_typed():
    """No message in the sources names `task …`, which needs an installed Task."""
    for file in (ROOT / "scripts").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert not re.search(r"(?<!the )\btask [a-z]+-(aws|azure|gcp|\{)", file.read_text()), file


# What Terraform reads is what counts

SPELLINGS = {
    "terraform.tfvars": {
        "as it is committed": 'name = "meridian"\nregion = "us-east-1"\n',
        "an object over several lines": 'domain = {\n  name = "time.example.com"\n  zone = '
        '"Z0123456789"\n}\nname="meridian"\nregion = "us-east-1"',
        "an object last": 'name = "meridian"\nregion = "us-east-1"\nenvironment = {\n  name = "other"\n  region = '
        '"elsewhere"\n}\n',
        "comments": '# name = "one"\n// name = "two"\n/*\nname = "three"\n*/\nname = "meridian" # "four"\nregion = '
        '"us-east-1"\n',
        "a heredoc": 'name = "meridian"\nregion = "us-east-1"\nemail = <<EOT\nname = "other"\nregion = '
        '"elsewhere"\nEOT\n',
        "escapes": 'name = "\\u006deridian"\nregion = "us-east-1"\n',
    },
    "terraform.tfvars.json": {"JSON": '{"name": "meridian", "region": "us-east-1", "domain": {"name": "other"}}'},
    "mine.auto.tfvars": {"another file": 'name = "meridian"\nregion = "us-east-1"\n'},
    "mine.auto.tfvars.json": {"another file of JSON": '{"name": "meridian", "region": "us-east-1"}'},
}
BASE = {"mine.auto.tfvars": 'name = "other"\nregion = "eu-west-1"\n',
    "mine.auto.tfvars.json": 'name = "other"\nregion = "eu-west-1"\n'}


def real_console(machine):
    """Run Terraform's own console behind the stub."""
    stub = machine.bin / "terraform"
    text = re.sub(r"exec python3 \S*console.py", f"exec {shutil.which('terraform')}", stub.read_text())
    stub.write_text(text)


@pytest.mark.needs("terraform")
@pytest.mark.parametrize(("file", "spelling"),
    [(file, spelling) for file, spellings in SPELLINGS.items() for spelling in spellings])
def test_destroy_checks_the_name_and_region_that_terraform_uses(machine, file, spelling):
    stack = machine.root / "stacks/aws"
    (stack / "terraform.tfvars").unlink()
    if file in BASE:
        (stack / "terraform.tfvars").write_text(BASE[file])
    (stack / file).write_text(SPELLINGS[file][spelling])
    real_console(machine)
    standing = {"describe-vpcs": '["vpc-0123"]', "get-caller-identity": CALLER}
    machine.stub("aws", standing)
    done = machine.run("destroy", "--confirm=meridian", TF_VAR_name="exported", TF_VAR_region="eu-west-9")
    assert done.returncode == 1, done.stdout
    assert "Resources of meridian that remain (1):" in done.stdout and "vpc-0123" in done.stdout
    asked = [line for line in machine.log.read_text().splitlines() if line.startswith("aws ec2")]
    assert asked and all("--region us-east-1" in line for line in asked)
    assert all("other" not in line and "exported" not in line for line in asked)
    assert any("Values=meridian " in line for line in asked)


@pytest.mark.needs("terraform")
def test_an_environment_variable_counts_if_no_file_sets_it(machine):
    real_console(machine)
    stack = machine.root / "stacks/aws"
    (stack / "terraform.tfvars").write_text('region = "us-east-1"\n')
    done = machine.run("doctor", TF_VAR_name="exported")
    assert "environment production: exported in us-east-1" in done.stdout
    done = machine.run("doctor", TF_VAR_name="9-lives")
    assert done.returncode == 1 and "Terraform does not accept the variables" in done.stdout, done.stdout
    assert "9-lives" in done.stdout, done.stdout


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("verb", ["doctor", "plan", "deploy", "verify", "destroy", "canary"])
def test_a_missing_name_is_reported(machine, verb):
    real_console(machine)
    (machine.root / "stacks/aws/terraform.tfvars").write_text('nmae = "meridian"\n')
    done = machine.run(verb, **({"IMAGE": B} if verb == "canary" else {}))
    assert done.returncode in (1, 2) and "Traceback" not in done.stdout, done.stdout
    assert "The variable name of " in done.stdout, done.stdout
    assert not touched(machine)


@pytest.mark.needs("terraform")
def test_a_variable_that_the_users_own_file_declares_may_be_given(machine):
    real_console(machine)
    (machine.root / "stacks/aws/postgres.tf").write_text('variable "postgres_password" {\n  ephemeral = true\n}\n')
    done = machine.run("deploy", "--", "-var=postgres_password=secret", "-var", "name=other")
    assert done.returncode == 0 and "Deploying other" in done.stdout, done.stdout
    assert "-var=postgres_password=secret" in planned(machine)
    assert "-var=postgres_password=secret" in applied(machine)  # A plan does not store an ephemeral variable.


def applied(machine):
    [found] = [line for line in machine.log.read_text().splitlines() if " apply " in line]
    return found


@pytest.mark.needs("terraform")
@pytest.mark.parametrize(("own", "given"), [("", ()), ("", ["-var=image=typed"]),
    ('variable "password" {\n  ephemeral = true\n}\n', ["-var=image=typed"])])
def test_the_plan_is_applied_whatever_an_environments_file_says(tmp_path, own, given):
    """The file sets one image, and another is given. An ephemeral variable is in no plan, and comes from the file."""
    (tmp_path / "main.tf").write_text('variable "image" {}\nresource "terraform_data" "it" { input = var.image }\n'
        'output "image" { value = terraform_data.it.output }\n')
    (tmp_path / "postgres.tf").write_text(own)
    (tmp_path / "staging.tfvars").write_text('image = "pinned"\n' + ('password = "secret"\n' if own else ""))
    terraform = Terraform(tmp_path, files=("-var-file=staging.tfvars",))
    terraform.init()
    terraform.plan("-out=plan", "-var=image=typed", check=True)
    terraform.apply_plan("plan", *given)
    assert terraform.outputs() == {"image": "typed"}


@pytest.mark.parametrize("spelling", ["-parallelism=5", "--parallelism=5", "-parallelism 5", "--parallelism 5"])
def test_a_terraform_option_counts_however_it_is_spelt(machine, spelling):
    done = machine.run("deploy", "--", "-no-color", *spelling.split(), "-refresh=false")
    assert done.returncode == 0, done.stdout
    assert "-no-color -parallelism=5 -refresh=false" in planned(machine)
    assert "-no-color -parallelism=5 " in applied(machine) and "-refresh" not in applied(machine)


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [({"name": "meridian-old"}, None), ({"region": "eu-west-1"}, None),
        ({"name": None, "region": None}, "meridian-old")],
)
def test_destroy_stops_if_the_state_has_another_name_or_region(machine, outputs, shown):
    given = {"name": "meridian", "region": "us-east-1", **outputs}
    machine.terraform({key: value for key, value in given.items() if value}, "aws_vpc.this")
    if shown:  # A state from before these outputs existed.
        machine.edit("../bin/terraform", '{"resource_changes": []}', json.dumps({"values": {"tags": {"Stack": shown}}}))
    done = machine.run("destroy", "--confirm=meridian")
    assert done.returncode == 1 and "but the variables say meridian in us-east-1" in done.stdout
    assert "Nothing was removed" in done.stdout
    assert not touched(machine)


@pytest.mark.parametrize("shown", [{"tags": {"Stack": "meridian"}}, {"service": "run.googleapis.com"}])
def test_destroy_continues_with_an_older_state_of_the_same_name_or_none(machine, shown):
    machine.terraform({}, "aws_vpc.this")
    machine.edit("../bin/terraform", '{"resource_changes": []}', json.dumps({"values": shown}))
    done = machine.run("destroy", "--confirm=meridian")
    assert done.returncode == 0 and touched(machine) == {"default"}, done.stdout


def test_the_console_creates_no_files_and_changes_no_state(machine):
    before = sorted(machine.root.rglob("*"))
    machine.run("doctor", PYTHONDONTWRITEBYTECODE="1")
    assert sorted(machine.root.rglob("*")) == before


def test_what_terraform_prints_before_the_consoles_result_is_ignored(machine):
    console = machine.log.parent / "console.py"
    console.write_text('print("Acquiring state lock. This may take a few moments...")\n' + console.read_text())
    assert "Deploying meridian, production" in machine.run("deploy").stdout


# The code itself


def test_the_programs_imports_have_no_cycle():
    imports = {}
    for file in (ROOT / "scripts/meridian").glob("*.py"):
        found = re.findall(r"^ *(?:from meridian\.(\w+) import|from meridian import ([\w, ]+))", file.read_text(), re.M)
        imports[file.stem] = {name for one, several in found for name in ([one] if one else several.split(", "))}
    seen = []
    while imports:
        free = {name for name, needs in imports.items() if not needs - set(seen)}
        assert free, f"a circle among {sorted(imports)}"
        seen += free
        imports = {name: needs for name, needs in imports.items() if name not in free}
    assert seen[-1] == "__main__"


def test_a_value_with_special_characters_is_passed_unchanged():
    """A value reaches Terraform without quoting for a shell or the console."""
    need("terraform")
    sys.path.insert(0, str(ROOT / "scripts"))
    from meridian.terraform import Terraform

    odd = 'a"b\\c${d}%{e}\nf'
    found = Terraform(ROOT / "stacks/aws").value("var.email", f"-var=email={odd}")
    assert found == odd


def test_a_commands_output_is_passed_on_unchanged_whatever_the_terminals_encoding():
    text = "╷ one\ntwo, without an end"
    code = f"from meridian.console import patiently; patiently('printf', {text!r})"
    done = subprocess.run([sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONIOENCODING": "latin-1"}, capture_output=True)
    assert done.stdout.decode() == text, done.stderr
