"""What the pipelines do with a cloud. Each step can be run by hand, and is told what it needs by name."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

from meridian.console import Problem, patience, run, say
from meridian.github import GitHub, pull_request
from meridian.stack import ROOT

# Variables of a pipeline by cloud. The bootstrap prints them with the commands that set them.
PLANNING = {
    "aws": ("AWS_PLANNER",),
    "azure": ("AZURE_PLANNER", "AZURE_SUBSCRIPTION", "AZURE_TENANT"),
    "gcp": ("GCP_PLANNER", "GCP_PROJECT", "GCP_PROVIDER"),
}
DEPLOYING = {"aws": "AWS_DEPLOYER", "azure": "AZURE_DEPLOYER", "gcp": "GCP_DEPLOYER"}
PLAN = "release.tfplan"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def kind(stack):
    """The cloud, of a service as of a virtual machine."""
    return stack.cloud.split("/")[-1]


def settings(stack):
    """Whether the pipeline has what this cloud needs; says what is missing and where it is set."""
    circleci = "CIRCLECI" in os.environ
    place = "CircleCI's Project Settings, Environment Variables" if circleci else "the repository's Settings, Secrets and variables, Actions, Variables"
    wanted = [f"{name}_CIRCLECI" if circleci and name == "GCP_PROVIDER" else name for name in PLANNING[kind(stack)]]
    missing = [f"{name} is not set in {place}" for name in wanted if not os.environ.get(name)]
    if os.environ.get("FOR") == "deploy" and not os.environ.get(DEPLOYING[kind(stack)]):
        where = place if circleci else f"the repository's Settings, Environments, {stack.environment}"
        missing.append(f"{DEPLOYING[kind(stack)]} is not set in {where}")
    if not (stack.folder / "backend.tf").exists():
        missing.append(f"stacks/{stack.cloud}/backend.tf is not in the repository, so that the state would be lost with the job")
    for what in missing:
        notice(f"{stack.provider.TITLE} is left out: {what}. task bootstrap-{kind(stack)} prints it.")
    output("ready", "false" if missing else "true")
    if not missing:
        say(f"{stack.provider.TITLE} has what it needs.")
        output("region", stack.variable("region"))
        output("repository", stack.variable("repository_url", ""))
    return 0


def login(stack):
    """Who the cloud takes us for."""
    asked = [check for title, check in stack.provider.checks(stack) if title in ("account", "subscription", "login", "project")]
    if not asked:
        raise Problem(f"{stack.provider.TITLE} cannot be asked: its tool is not installed.", f"task doctor-{kind(stack)} says where to get it.")
    for check in asked:
        say(f"ok       {check()}")
    return 0


def publish(stack):
    """Copies an image, bit for bit, to the repository that the cloud's stacks share; prints it by digest."""
    source = os.environ.get("SOURCE", "")
    if not re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", source):
        raise Problem(f'SOURCE is "{source}".', "It must name the image by digest: REPOSITORY@sha256:<64 hex digits>.")
    tag = os.environ.get("TAG", "")
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag):
        raise Problem(f'TAG is "{tag}".', "It must be a tag, such as the commit.")
    repository = stack.variable("repository_url")
    if not repository:
        raise Problem(
            f"stacks/{stack.cloud} has no repository_url.",
            f"A pipeline pushes before it deploys, to a repository that is there: task bootstrap-{kind(stack)} makes one.",
        )
    digest = DIGEST.search(source)[0]
    target = f"{repository}:{tag}"
    with tempfile.TemporaryDirectory() as folder:
        sign_in(repository, folder)
        login_file = pathlib.Path(folder, "config.json")
        to = credentials("dest", repository, login_file)
        there = run("skopeo", "inspect", "--no-tags", *credentials("", repository, login_file), f"docker://{target}", check=False)
        if there.returncode == 0:
            # What a tag names never changes; a second run for one commit finds it there.
            found = json.loads(there.stdout)["Digest"]
            if found != digest:
                raise Problem(f"{target} is {found}, not {digest}.", "A commit was built twice. Run the pipeline for a new commit.")
            say(f"{target} is there already.")
        else:
            own = pathlib.Path(folder, "source")
            own.mkdir()
            sign_in(source, own, "SOURCE_USERNAME", "SOURCE_PASSWORD")
            come_from = credentials("src", source, own / "config.json")
            run("skopeo", "copy", "--quiet", "--preserve-digests", *come_from, *to, f"docker://{source}", f"docker://{target}")
            say(f"Copied to {target}.")
    image = f"{repository}@{digest}"
    output("image", image)
    say(image)
    return 0


def sign_in(reference, folder, user=None, password=None):
    """Leaves credentials for a registry in a folder: the cloud's, or those in two variables."""
    environment = {**os.environ}
    if user and os.environ.get(user):
        environment.update(REGISTRY_USERNAME=os.environ[user], REGISTRY_PASSWORD=os.environ.get(password, ""))
    subprocess.run([ROOT / "modules/image/login", reference.split("/")[0], folder], check=True, env=environment)


def credentials(side, reference, file):
    """Options of skopeo for a registry; one on this machine speaks plain HTTP."""
    prefix = f"--{side}-" if side else "--"
    options = [f"{prefix}authfile={file}"] if file and file.exists() else []
    return options + ([f"{prefix}tls-verify=false"] if re.match(r"(localhost|127\.0\.0\.1)[:/]", reference) else [])


def plan(stack):
    """Plans without a lock, which takes no right to write, and saves the plan for release."""
    stack.init()
    done = stack.plan("-lock=false", f"-out={PLAN}", *image(stack))
    return done.returncode


def image(stack):
    """IMAGE, or with BUILD=1 what app/ gives, or what runs, with its canary."""
    wanted = os.environ.get("IMAGE")
    if wanted or os.environ.get("BUILD"):
        return stack.image_arguments()
    outputs = stack.outputs()
    running = [f"-var=image={outputs['image']}"] if outputs.get("image") else stack.image_arguments()
    return running + ([f"-var=canary={json.dumps(outputs['canary'])}"] if outputs.get("canary") else [])


def comment(stack):
    """Shows the saved plan under the pull request, in one comment for each cloud and environment."""
    number = pull_request()
    shown = stack._terraform("show", "-no-color", PLAN, stdout=subprocess.PIPE).stdout.strip()
    summary = next((line for line in reversed(shown.splitlines()) if line.startswith(("Plan:", "No changes"))), "Changes of outputs only.")
    text = f"### {stack.provider.TITLE}, {stack.environment}\n{summary}\n<details><summary>Plan</summary>\n\n```\n{shown}\n```\n</details>\n"
    summarize(text)
    if number is None:
        say(summary, "There is no pull request to comment.")
        return 0
    GitHub().comment(number, f"plan {stack.cloud} {stack.environment}", text)
    say(f"{summary} Commented on pull request {number}.")
    return 0


def release(stack):
    """Applies the saved plan and verifies; what does not pass is rolled back to the image that ran."""
    stack.init()
    before = stack.outputs().get("image")
    failed = None
    try:
        stack._terraform("apply", "-input=false", "-lock-timeout=300s", PLAN)
    except Problem as problem:
        failed = problem.what
    if not failed and verify(stack):
        say(f"Released: {stack.outputs()['image']}")
        output("url", stack.outputs()["url"])
        return 0
    if not before:
        raise Problem(
            failed or "The first release does not pass its checks.",
            "Nothing ran before it, so there is nothing to roll back to. It was left as it is, to be looked at.",
        )
    say(f"Rolls back to {before}, since {failed or 'the checks did not pass'}.")
    # A canary that is not named is none.
    stack.apply(f"-var=image={before}")
    passed = verify(stack)
    raise Problem(
        f"The release was rolled back to {before}{', which passes' if passed else ', which does not pass either'}.",
        "The log above says what failed." if passed else "The cause lies outside the image. The log above says what failed.",
    )


def verify(stack):
    with patience():
        done = subprocess.run([stack.root / "scripts/verify", stack.cloud], env={**os.environ, "ENV": stack.environment})
    return done.returncode == 0


def drift(stack):
    """Compares the cloud with the state; keeps one issue open while they differ."""
    stack.init()
    done = stack.plan("-lock=false", "-detailed-exitcode", f"-out={PLAN}", *image(stack))
    title = f"Drift: {stack.provider.TITLE}, {stack.environment}"
    if done.returncode not in (0, 2):
        return done.returncode
    text = None
    if done.returncode == 2:
        shown = stack._terraform("show", "-no-color", PLAN, stdout=subprocess.PIPE).stdout.strip()
        text = f"What runs is not what the repository says. An apply would change it:\n\n<details><summary>Plan</summary>\n\n```\n{shown}\n```\n</details>\n"
    if os.environ.get("GITHUB_TOKEN"):
        GitHub().issue(title, text)
    say(f"{title}: {'see the plan above' if text else 'none'}.")
    return done.returncode


def output(name, value):
    """For the steps that follow, where there is a pipeline to tell."""
    file = os.environ.get("GITHUB_OUTPUT")
    if file:
        with open(file, "a") as stream:
            stream.write(f"{name}={value}\n")


def notice(text):
    say(f"::notice::{text}" if "GITHUB_ACTIONS" in os.environ else text)
    summarize(f"{text}\n\n")


def summarize(text):
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if file:
        with open(file, "a") as stream:
            stream.write(text)


VERBS = {verb.__name__: verb for verb in (settings, login, publish, plan, comment, release, drift)}
