"""What each event triggers: the table in stacks/bootstrap/README.md, compared with the workflows. GitHub's own library
evaluates their conditions, and their own step decides whether a cloud is set up."""

import fnmatch
import json
import re
import shutil
import subprocess

import pytest
import yaml
from support.emulators import npm
from support.machine import ROOT, clean

pytestmark = [pytest.mark.check, pytest.mark.needs("npm", "terraform")]

EXPRESSIONS = "@actions/expressions@0.3.61"  # GitHub's evaluator of workflow conditions
CLOUDS = {"aws": "AWS_PLANNER", "azure": "AZURE_PLANNER AZURE_SUBSCRIPTION AZURE_TENANT",
    "gcp": "GCP_PLANNER GCP_PROJECT GCP_PROVIDER"}
# Only AWS is set up; jobs in an environment also have DEPLOYER.
AWS, DEPLOYER = {"AWS_PLANNER": "planner"}, {"AWS_DEPLOYER": "deployer"}
MAIN = {"ref": "refs/heads/main", "files": ["app/pom.xml", "README.md"]}
OWN = {"head": {"sha": "c" * 40, "repo": {"full_name": "someone/meridian"}}, "user": {"login": "someone"}, "number": 7}
FORK = {**OWN, "head": {"sha": "c" * 40, "repo": {"full_name": "other/meridian"}}}
BOT = {**OWN, "user": {"login": "dependabot[bot]"}}
IMAGE = f"ghcr.io/someone/meridian@sha256:{'a' * 64}"
DISPATCH = {"environment": "production", "canary": False, "image": ""}
PULL = {"ref": "refs/pull/7/merge"}
PREVIEWS = {"PREVIEWS": "aws"}
BEGUN = {"name": "workflow_dispatch", "workflow": "preview", "set": {**AWS, **PREVIEWS},
    "inputs": {"number": "7", "commit": "c" * 40, "image": IMAGE}}


def pull(request, action):
    return {**PULL, "name": "pull_request", "event": {"pull_request": request, "action": action},
        "set": {**AWS, **PREVIEWS}}


# Row of the table to the event, and to the clouds whose files are in the repository.
EVENTS = {
    "first push of a copy, nothing set up": ({**MAIN, "name": "push", "set": {}}, set()),
    "push to main": ({**MAIN, "name": "push"}, {"aws"}),
    "force push to main": ({**MAIN, "name": "push", "event": {"forced": True}}, {"aws"}),
    "push to main, AWS half set up": ({**MAIN, "name": "push"}, set()),
    "push to main that changes documentation alone": (
        {**MAIN, "name": "push", "files": ["README.md", "stacks/aws/README.md"]}, {"aws"}),
    "push to another branch": ({**MAIN, "name": "push", "ref": "refs/heads/other"}, {"aws"}),
    "push of a tag": ({**MAIN, "name": "push", "ref": "refs/tags/v1"}, {"aws"}),
    "pull request of a branch": ({**PULL, "name": "pull_request", "event": {"pull_request": OWN}}, {"aws"}),
    "pull request of a fork": ({**PULL, "name": "pull_request", "event": {"pull_request": FORK}}, {"aws"}),
    "pull request of Dependabot": ({**PULL, "name": "pull_request", "event": {"pull_request": BOT}}, {"aws"}),
    "pull request of a branch, previews on AWS": (pull(OWN, "opened"), {"aws"}),
    "a newer commit in such a pull request, previews on AWS": (pull(OWN, "synchronize"), {"aws"}),
    "a newer commit whose build fails, previews on AWS": ({**pull(OWN, "synchronize"), "fails": "image"}, {"aws"}),
    "a pull request of a branch is closed, previews on AWS": (pull(OWN, "closed"), {"aws"}),
    "a pull request of a branch is closed, previews off": ({**pull(OWN, "closed"), "set": AWS}, {"aws"}),
    "pull request of a fork, previews on AWS": (pull(FORK, "opened"), {"aws"}),
    "a pull request of a fork is closed, previews on AWS": (pull(FORK, "closed"), {"aws"}),
    "pull request of Dependabot, previews on AWS": (pull(BOT, "opened"), {"aws"}),
    "*Preview*, started by the job `start` of a row above": ({**MAIN, **BEGUN}, {"aws"}),
    "*Preview* by hand, previews off": ({**MAIN, **BEGUN, "set": AWS}, {"aws"}),
    "*Preview*, previews on a cloud that is not set up": (
        {**MAIN, **BEGUN, "set": {**AWS, "PREVIEWS": "gcp"}}, {"aws"}),
    "merge queue": ({"ref": "refs/heads/gh-readonly-queue/main/pr-7", "name": "merge_group"}, {"aws"}),
    "*Main* by hand, staging": ({**MAIN, "name": "workflow_dispatch", "workflow": "main",
        "inputs": {**DISPATCH, "environment": "staging"}}, {"aws"}),
    "*Main* by hand, canary": ({**MAIN, "name": "workflow_dispatch", "workflow": "main",
        "inputs": {**DISPATCH, "canary": True}}, {"aws"}),
    "*Main* by hand, an older image": ({**MAIN, "name": "workflow_dispatch", "workflow": "main",
        "inputs": {**DISPATCH, "image": IMAGE}}, {"aws"}),
    "*Main*, its tests fail": ({**MAIN, "name": "push", "fails": "test"}, {"aws"}),
    "*Main*, its build is cancelled": ({**MAIN, "name": "push", "cancelled": "build"}, {"aws"}),
    "*Login check* by hand": ({**MAIN, "name": "workflow_dispatch", "workflow": "login-check",
        "inputs": {"environment": "production"}}, {"aws"}),
    "schedule": ({**MAIN, "name": "schedule"}, {"aws"}),
    "schedule, previews on AWS": ({**MAIN, "name": "schedule", "set": {**AWS, **PREVIEWS}}, {"aws"}),
}


@pytest.fixture(scope="module")
def evaluate():
    package = npm(EXPRESSIONS).parent / "@actions/expressions"
    with subprocess.Popen(["node", ROOT / "tests/support/expressions.mjs", package], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True) as node:

        def evaluate(expression, contexts, status):
            print(json.dumps({"expression": expression, "contexts": contexts, "status": status}), file=node.stdin,
                flush=True)
            response = node.stdout.readline()
            assert response, f"{expression} is no expression"
            return json.loads(response)

        yield evaluate
        node.stdin.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Run the step that decides whether a cloud is set up; return its outputs, or None if it fails."""
    known = {}

    def settings(script, environment, there):
        key = (script, environment["CLOUD"], tuple(sorted(environment.items())), tuple(there))
        if key not in known:
            copy = tmp_path_factory.mktemp("copy")
            for folder in ("scripts", "stacks"):
                shutil.copytree(ROOT / folder, copy / folder,
                    ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__"))
            for cloud in there:
                (copy / f"stacks/{cloud}/backend.tf").write_text("")
                (copy / f"stacks/{cloud}/bootstrap.auto.tfvars").write_text('repository_url = "x"\n')
            reported = copy / "told"
            done = subprocess.run(["bash", "-e", "-c", script], cwd=copy, text=True, capture_output=True,
                env=clean(**{**environment, "GITHUB_TOKEN": "", "GITHUB_OUTPUT": str(reported)}))
            assert done.returncode == 0 or "half set up" in done.stderr, done.stderr
            known[key] = dict(line.split("=", 1)
                for line in reported.read_text().splitlines()) if done.returncode == 0 else None
        return known[key]

    return settings


def workflow(name):
    parsed = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
    triggers = parsed.pop(True)  # YAML 1.1 reads "on" as True
    return parsed, {triggers: None} if isinstance(triggers, str) else triggers


def starts(triggers, event):
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on"""
    if event["name"] not in triggers:
        return False
    filters = triggers[event["name"]] or {}
    known = {"branches", "paths-ignore", "inputs", "types"}
    assert isinstance(filters, list) or set(filters) <= known, "not known here"
    if event["name"] == "pull_request":
        return event["event"].get("action", "opened") in filters.get("types", ("opened", "synchronize", "reopened"))
    if event["name"] == "push":
        kind, name = event["ref"].removeprefix("refs/").split("/", 1)
        # A filter that names only branches ignores tags.
        if kind != "heads" or not any(fnmatch.fnmatch(name, each) for each in filters["branches"]):
            return False
        return not all(any(fnmatch.fnmatch(file, each) for each in filters.get("paths-ignore", ()))
            for file in event["files"])
    return True


class Run:
    """A workflow's jobs as GitHub runs or skips them; `reported` has a line for each job that runs."""

    def __init__(self, evaluate, settings, event, there):
        self.evaluator, self.settings, self.event, self.there, self.reported = evaluate, settings, event, there, []

    def contexts(self, **more):
        github = {"event_name": self.event["name"], "ref": self.event["ref"], "sha": "c" * 40, "actor": "someone",
            "repository": "someone/meridian", "token": "t",
            "event": {"repository": {"visibility": "private"}, **self.event.get("event", {})}}
        return {"github": github, "vars": self.event.get("set", AWS), "inputs": self.event.get("inputs", {}), **more}

    def text(self, template, contexts):
        """Return a value of the workflow with its expressions evaluated."""
        if not isinstance(template, str):
            return template
        whole = re.fullmatch(r"\$\{\{(.*)\}\}", template, re.S)
        if whole and "${{" not in whole[1]:
            return self.evaluator(whole[1].strip(), contexts, {})
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self.evaluator(found[1].strip(), contexts, {})), template)

    def holds(self, condition, contexts, failed=False, skipped=False):
        """Without a status function a condition holds only after success."""
        condition = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", str("success()" if condition is None else condition)).strip()
        if not re.search(r"\b(success|failure|cancelled|always)\(\)", condition):
            condition = f"success() && ({condition})"
        return bool(self.evaluator(condition, contexts,
            {"success": not failed and not skipped, "failure": failed, "cancelled": False, "always": True}))

    def jobs(self, parsed, prefix="", **more):
        results = {}
        for name, job in parsed["jobs"].items():  # each comes after the jobs that it needs
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            ends = {results[need]["result"] for need in needs}
            base = self.contexts(**more, needs={need: results[need] for need in needs})
            ancestors = [results[each]["result"] for each in self.ancestors(parsed, name)]
            if not self.holds(job.get("if"), base, "failure" in ancestors, bool({"skipped", "cancelled"} & ends)):
                results[name] = {"result": "skipped", "outputs": {}}
                continue
            for cloud in job.get("strategy", {}).get("matrix", {}).get("cloud", [None]):
                contexts = {**base, "matrix": {"cloud": cloud}}
                if "uses" in job:
                    called, _ = workflow(re.fullmatch(r"\./\.github/workflows/([\w-]+)\.yml", job["uses"])[1])
                    inputs = {key: self.text(value, contexts) for key, value in job["with"].items()}
                    results[name] = self.jobs(called, f"{prefix}{cloud} ", **{**more, "inputs": inputs})
                else:
                    results[name] = self.job(parsed, f"{prefix}{name}{f' {cloud}' if cloud else ''}", name, job,
                        contexts)
        ended = {each["result"] for each in results.values()}
        return {"result": "failure" if "failure" in ended else "success", "outputs": {}}

    def ancestors(self, parsed, name):
        needs = parsed["jobs"][name].get("needs", [])
        for need in [needs] if isinstance(needs, str) else needs:
            yield need
            yield from self.ancestors(parsed, need)

    def job(self, parsed, shown, name, job, contexts):
        for result, reported in (("failure", "fails"), ("cancelled", "cancelled")):
            if self.event.get(reported) == name:
                self.reported.append(f"{shown}: {reported}")
                return {"result": result, "outputs": {}}
        place = self.text(job.get("environment"), contexts)
        contexts = {**contexts, "steps": {}, "vars": {**contexts["vars"], **(DEPLOYER if place else {})}}
        given = {key: self.text(value, contexts)
            for part in (parsed, job) for key, value in part.get("env", {}).items()}
        does, excluded = [], False
        for step in job["steps"]:
            if not self.holds(step.get("if"), contexts):
                continue
            outputs = {"image": IMAGE, "name": "n", "digest": "d"}
            script = step.get("run", "")
            if " settings " in script:
                step_env = {key: str(value) for key, value in given.items() if value}
                outputs = self.settings(script, step_env, self.there)
                if outputs is None:
                    self.reported.append(f"{shown}: fails, since it is half set up")
                    return {"result": "failure", "outputs": {}}
                excluded = outputs["ready"] != "true"
            elif step.get("uses") == "./.github/actions/login":
                does.append(f"as {self.text(step['with']['identity'], contexts)}")
            elif found := re.search(r"python3 scripts/meridian (canary|release|plan|drift|preview)\b", script):
                does.append("withdraw" if step.get("env", {}).get("WITHDRAW") else found[1])
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs}
        if excluded:
            does.append("left out")
        self.reported.append(f"{shown}{f' in {place}' if place else ''}{': ' if does else ''}{', '.join(does)}")
        return {"result": "success",
            "outputs": {key: self.text(value, contexts) for key, value in job.get("outputs", {}).items()}}


def rows():
    table = (ROOT / "stacks/bootstrap/README.md").read_text().partition("| Event | Runs |\n|---|---|\n")[2]
    return dict(re.findall(r"\| (.+?) \| (.+) \|\n", table.partition("\n\n")[0] + "\n"))


def test_the_table_has_each_event():
    assert list(rows()) == list(EVENTS)


@pytest.mark.parametrize("row", EVENTS)
def test_an_event_triggers_what_the_table_says(row, evaluate, settings):
    event, there = EVENTS[row]
    reported = []
    for path in sorted((ROOT / ".github/workflows").glob("*.yml")):
        parsed, triggers = workflow(path.stem)
        if starts(triggers, event) and event.get("workflow", path.stem) == path.stem:
            run = Run(evaluate, settings, event, there)
            run.jobs(parsed)
            if run.reported:
                reported.append(f"*{parsed['name']}*: {'; '.join(run.reported)}")
    assert rows().get(row) == ("<br>".join(reported) or "nothing")
