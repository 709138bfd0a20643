"""Steps that the pipelines run for a cloud. Each can also be run by hand."""

import datetime
import json
import os
import pathlib
import re
import shlex
import tempfile

from meridian.bootstrap import SHARED
from meridian.cloud import canary_ends, outputs_of
from meridian.console import Problem, run, say
from meridian.github import GitHub, pull_request
from meridian.image import Image, signed_in
from meridian.look import look
from meridian.terraform import Unchanged

# Pipeline variables by cloud, besides planner and deployer. The bootstrap prints the commands that set them.
VARIABLES = {"aws": (), "azure": ("AZURE_SUBSCRIPTION", "AZURE_TENANT"), "gcp": ("GCP_PROJECT", "GCP_PROVIDER")}
PLAN = "release.tfplan"


def ready(stack, deploys):
    """Whether this cloud is set up. If nothing is, print a notice; if only half is, raise a Problem with the rest."""
    circleci = "CIRCLECI" in os.environ
    settings = "the repository's Settings, Secrets and variables, Actions, Variables"
    place = "CircleCI's Project Settings, Environment Variables" if circleci else settings
    cloud = stack.kind.upper()
    names = (f"{cloud}_PLANNER", *VARIABLES[stack.kind])
    wanted = {f"{name}_CIRCLECI" if circleci and name == "GCP_PROVIDER" else name: place for name in names}
    if deploys:
        where = place if circleci else f"the repository's Settings, Environments, {stack.env}"
        wanted[f"{cloud}_DEPLOYER"] = where
    missing = [f"{name} is not set in {where}" for name, where in wanted.items() if not os.environ.get(name)]
    files = {
        "backend.tf": "so the state would be lost with the job",
        # A pipeline pushes a service's image before the apply; a machine's apply builds and pushes its own.
        **({SHARED: "so the registry is not known"} if stack.place == stack.kind else {}),
    }
    absent = [name for name in files if not (stack.folder / name).exists()]
    # Both pipelines use these files, so they do not show whether CircleCI is meant to deploy.
    if len(missing) == len(wanted) and (circleci or len(absent) == len(files)):
        notice(f"{stack.cloud.title} is not set up, so it is skipped. ./taskw bootstrap-{stack.kind} sets it up.")
        return False
    missing += [f"stacks/{stack.place}/{name} is not in the repository, {files[name]}" for name in absent]
    if missing:
        raise Problem(
            f"{stack.cloud.title} is half set up: {'; '.join(missing)}.",
            f"./taskw bootstrap-{stack.kind} creates the files and prints the variables. To leave the cloud out, "
            f"remove the variables{'' if circleci else ' and the files'}.",
        )
    say(f"{stack.cloud.title} has what it needs.")
    return True


def overtaken(stack):
    """Whether a run that began later has deployed here or is about to, so that this one would undo it.

    Checked only if the step has GITHUB_TOKEN. Whoever repeats a run means it, so a repeated run is not checked.
    """
    own, again = os.environ.get("GITHUB_RUN_NUMBER"), os.environ.get("GITHUB_RUN_ATTEMPT", "1") != "1"
    if not os.environ.get("GITHUB_TOKEN") or not own or again:
        return False
    hub = GitHub()
    for run_ in hub.ask("GET", "actions/workflows/main.yml/runs?per_page=100")["workflow_runs"]:
        if run_["run_number"] > int(own):
            for job in hub.ask("GET", f"actions/runs/{run_['id']}/jobs?per_page=100")["jobs"]:
                # A job that failed, was cancelled or was skipped is no reason to stop this run.
                if job["name"].endswith(f"deploy {stack.kind} {stack.env}") and job["conclusion"] in (None, "success"):
                    notice(f"Run {run_['run_number']} of this workflow began later and also deploys to "
                        f"{stack.cloud.title}, {stack.env}. This run stops; to deploy its commit, rerun it.")
                    return True
    return False


def settings(stack, options):
    """Says, for the steps that follow, whether this cloud is set up; stops if it is half set up."""
    purpose = vars(options)["for"]
    if purpose == "preview" and stack.kind not in os.environ.get("PREVIEWS", "").split():
        notice(f"PREVIEWS does not name {stack.kind}, so {stack.kind} gets no preview.")
        return output("ready", "false")
    there = ready(stack, purpose in ("deploy", "preview")) and not overtaken(stack)
    output("ready", "true" if there else "false")
    if there:
        output("region", stack.variable("region"))
        output("repository", stack.variable("repository_url") or "")


def circleci(stack, options):
    """Signs a job of CircleCI in by its own token, for the steps that follow; exit code 78, EX_CONFIG of sysexits.h,
    when it has none, or the cloud is not set up."""
    token, deploys = os.environ.get("CIRCLE_OIDC_TOKEN_V2"), vars(options)["for"] == "deploy"
    if not token:
        # A fork's pull request has none, unless the project passes secrets to forks, which it should not.
        say("This job has no CircleCI token, so it cannot reach a cloud.")
        return 78
    if not ready(stack, deploys):
        return 78
    folder = pathlib.Path(tempfile.mkdtemp())  # readable by its owner only
    (folder / "token").write_text(token)
    identity = os.environ["GCP_DEPLOYER" if deploys else "GCP_PLANNER"]
    exports = stack.cloud.by_token(stack, folder, identity)
    with open(os.environ["BASH_ENV"], "a") as file:
        file.writelines(f"export {name}={shlex.quote(str(value))}\n" for name, value in exports.items())
    return 0


def login(stack, options):
    """Prints which identity the cloud sees."""
    say(f"ok       {stack.cloud.identity(stack)}")


def publish(stack, options):
    """Copies an image, bit for bit, to the repository that the cloud's stacks share; prints it by digest."""
    copied(stack, options.source, options.tag)


def copied(stack, source, tag=None):
    source = Image.parse(source, "SOURCE")
    tag = tag or f"digest-{source.digest.partition(':')[2]}"
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag):
        raise Problem(f'TAG is "{tag}".', "It must be a tag, such as the commit.")
    repository = stack.variable("repository_url")
    if not repository:
        raise Problem(
            f"stacks/{stack.place} has no repository_url.",
            f"A pipeline pushes the image before it deploys, so the repository must exist first. "
            f"./taskw bootstrap-{stack.kind} creates one.",
        )
    target = f"{repository}:{tag}"
    with signed_in(repository) as login:
        there = run("skopeo", "inspect", "--no-tags", *login(), f"docker://{target}", check=False)
        if there.returncode == 0:
            # A tag never moves, so a second run for a commit finds its image here.
            found = json.loads(there.stdout)["Digest"]
            if found != source.digest:
                raise Problem(f"{target} already points to {found}, not to {source.digest}.",
                    "This commit was built twice, with different results. Run the pipeline for a new commit.")
            say(f"{target} is there already.")
        else:
            with signed_in(source.repository, "SOURCE_USERNAME", "SOURCE_PASSWORD") as own:
                run("skopeo", "copy", "--quiet", "--preserve-digests", *own("src"), *login("dest"), f"docker://{source}",
                    f"docker://{target}")
            say(f"Copied to {target}.")
    image = Image(repository, source.digest)
    keep(stack, image)
    output("image", image)
    say(image)
    return image


def keep(stack, image):
    """Give an image a tag that no purge removes: this environment runs it, or may roll back to it."""
    kept = f"{image.repository}:runs-{stack.env}-{datetime.datetime.now(datetime.timezone.utc):%Y%m%d%H%M%S}"
    with signed_in(image.repository) as login:
        run("skopeo", "copy", "--quiet", "--preserve-digests", *login("src"), *login("dest"), f"docker://{image}",
            f"docker://{kept}")


def save_plan(stack, options, *arguments):
    """Plan without a lock, which needs no permission to write, and save the plan for release."""
    image = running_image(stack, options)
    return stack.terraform.plan("-lock=false", f"-out={PLAN}", *arguments, *image, *options.further)


def running_image(stack, options):
    """Arguments for the image: IMAGE, or with BUILD=1 that of app/, else the running one with its canary."""
    image, build = getattr(options, "image", None), getattr(options, "build", None)
    outputs = {} if image or build else stack.terraform.outputs()
    running = [f"-var=image={outputs['image']}"] if outputs.get("image") else stack.image_arguments(image, build)
    return running + ([f"-var=canary={json.dumps(outputs['canary'])}"] if outputs.get("canary") else [])


def saved_plan(stack):
    return stack.terraform.read("show", "-no-color", PLAN).strip()


def comment(stack, options):
    """Shows the saved plan under the pull request, in one comment for each cloud and environment, by GITHUB_TOKEN."""
    number = pull_request()
    shown = saved_plan(stack)
    summaries = (line for line in reversed(shown.splitlines()) if line.startswith(("Plan:", "No changes")))
    summary = next(summaries, "Only outputs change.")
    text = f"### {stack.cloud.title}, {stack.env}\n{summary}\n"
    text += f"<details><summary>Plan</summary>\n\n```\n{shown}\n```\n</details>\n"
    append("GITHUB_STEP_SUMMARY", text)
    if number is None:
        say(summary, "There is no pull request to comment on.")
        return
    GitHub().comment(number, f"plan {stack.place} {stack.env}", text)
    say(f"{summary} Commented on pull request {number}.")


def release(stack, options):
    """Applies the saved plan and verifies the result. If a check fails, rolls back to the image that ran before."""
    stack.init()
    again = "Plan again: rerun the whole workflow, not only this job. By hand, run " + (
        f"python3 scripts/meridian plan {stack.task} --save, then the command release."
    )
    if not (stack.folder / PLAN).exists():
        raise Problem(f"stacks/{stack.place}/{PLAN} is missing. A workflow keeps a saved plan for only a day.", again)
    outputs = stack.terraform.outputs()
    before, canary = outputs.get("image"), outputs.get("canary")
    planned = outputs_of(stack.terraform.show(PLAN))
    canary_ends(canary, planned)
    failed = None
    try:
        stack.terraform.apply_plan(PLAN)
    except Unchanged as problem:
        raise Problem(f"{problem.what} Nothing was changed, so nothing is rolled back.", again) from None
    except Problem as problem:
        failed = problem.what
    except KeyboardInterrupt:
        say("Interrupted. What was applied stays as it is.", again)
        raise
    outputs = stack.terraform.outputs()
    if not failed and passes(stack):
        say(f"Released: {outputs['image']}")
        output("url", outputs["url"])
        return
    if not before:
        raise Problem(
            failed or "The first release does not pass its checks.",
            "Nothing ran before it, so there is nothing to roll back to. It stays, so that you can look at it.",
        )
    new = planned.get("image") or outputs.get("image")
    if new == before:
        raise Problem(
            failed or "The release does not pass its checks.",
            f"It has the same image as the release before it, {before}, so there is no other image to roll back to. "
            "The release was left as it is.",
        )
    say(f"Rolling back to {before}. {failed or 'The checks did not pass.'}")
    roll_back(stack, new, before)
    passed = passes(stack)
    raise Problem(
        f"The release was rolled back to {before}, which {'passes the checks' if passed else 'fails the checks too'}.",
        "The log above says what failed." if passed
        else "The cause lies outside the image. The log above says what failed.",
    )


def roll_back(stack, new, before):
    """Change only what depends on the image: what a plan with the old image changes, and one with the new does not.

    What both plans would change stays, such as what somebody else has changed in the meantime.
    """

    def plan(file, image, *arguments):
        stack.terraform.plan(f"-out={file}", "-lock-timeout=300s", f"-var=image={image}", *arguments, check=True)
        shown = stack.terraform.show(file).get("resource_changes", [])
        changes = {}  # several for an address if what it replaced was not destroyed
        for each in shown:
            if each["change"]["actions"] not in (["no-op"], ["read"]):
                changes.setdefault(each["address"], []).append(each["change"])
        return changes

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "plan")
        kept = plan(file, new) if new else {}
        back = plan(file, before)
        own = {address for address, change in back.items() if kept.get(address) != change}
        if others := sorted(set(back) - own):
            say("Not rolled back, because these do not depend on the image:", *(f"  {address}" for address in others))
            back = plan(file, before, *(f"-target={address}" for address in sorted(own)))
            beyond = sorted(set(back) - own)
            if beyond:
                raise Problem(
                    f"The image cannot be rolled back without changing {', '.join(beyond)}.",
                    f"The release was left as it is. {stack.command('plan', IMAGE=before)} shows the rollback, "
                    f"{stack.command('deploy', IMAGE=before)} does it.",
                )
        stack.terraform.apply_plan(file, f"-var=image={before}")
    if others:
        # An apply with -target leaves the outputs as they were.
        stack.terraform.apply("-refresh-only", f"-var=image={before}")


def passes(stack):
    try:
        return not look(stack)
    except Problem as problem:
        say(f"wrong    {problem}", f"         {problem.how}")
        return False


def drift(stack, options):
    """Compares the cloud with the state; exit code 2 when they differ. Keeps one issue open while they do."""
    stack.init()
    code = save_plan(stack, options, "-detailed-exitcode").returncode
    title = f"Drift: {stack.cloud.title}, {stack.env}"
    if code not in (0, 2):
        return code
    text = None
    if code == 2:
        what = "What runs differs from the repository. An apply would make these changes:"
        text = f"{what}\n\n<details><summary>Plan</summary>\n\n```\n{saved_plan(stack)}\n```\n</details>\n"
    if os.environ.get("GITHUB_TOKEN"):
        GitHub().issue(title, text)
    say(f"{title}: {'see the plan above' if text else 'none'}.")
    return code


def output(name, value):
    """Set an output for the steps that follow."""
    append("GITHUB_OUTPUT", f"{name}={value}\n")


def notice(text):
    say(f"::notice::{text}" if "GITHUB_ACTIONS" in os.environ else text)
    append("GITHUB_STEP_SUMMARY", f"{text}\n\n")


def append(file, text):
    """Append to the file that a pipeline's variable names; do nothing without it."""
    if os.environ.get(file):
        with open(os.environ[file], "a") as stream:
            stream.write(text)
