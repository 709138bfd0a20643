"""Tries the claims that the guides mark with †: deploys its own stack, tries each claim, removes it, writes a record.

All progress is in a file beside the stack, written before and after each step. If a run is killed at any point, the
same command continues it.
"""

import contextlib
import datetime
import fcntl
import functools
import json
import os
import re
import shutil
import subprocess
import threading
import time
import types

from meridian import canary, cost
from meridian.checks import examine
from meridian.claims import (
    DIFFERENT,
    NOT_TRIED,
    REHEARSED,
    SEEN,
    TITLES,
    checked,
    digest,
    figures,
    load,
    passages,
)
from meridian.console import ROOT, Problem, number, say, typed
from meridian.image import Image
from meridian.stack import CLOUDS, Stack
from meridian.trial import Different, NotTried, day
from meridian.verify import CHECKS, Verification, until_it_answers

TRIALS = {}
# A copy of the repository may lack any of these.
if "aws" in CLOUDS:
    from meridian.aws_trial import AwsTrial

    TRIALS["aws"] = AwsTrial
if "azure" in CLOUDS:
    from meridian.azure_trial import AzureTrial

    TRIALS["azure"] = AzureTrial
if "gcp" in CLOUDS:
    from meridian.gcp_trial import GcpTrial

    TRIALS["gcp"] = GcpTrial
NAME, ENV = "meridian-prove", "prove"
# Costs little, and has room for one more instance. These override terraform.tfvars, which is meant for other stacks.
VALUES = {
    "aws": {"cidr": "10.29.0.0/16", "cpu": 0.25, "memory": 512, "scale": {"cpu": 20}},
    "azure": {"cidr": "10.29.0.0/16", "cpu": 0.25, "memory": 512},
    "gcp": {"cidr": "10.29.0.0/16", "memory": 512},
}
COMMON = {"name": NAME, "instances": {"min": 2, "max": 3}, "domain": None, "email": None, "waf": False, "canary": None,
    "platform": None}  # fmt: skip
# Claims that are tried after the destroy, and claims that change the stack.
AFTER = ("destroyed", "leftovers", "bill")
TOUCHES = ("canary", "broken", "alarms", "canary_alarm", "latency", "load_alarm", "scale")
# Variables with which Terraform and the tools may not reach the cloud itself. If one is set for another reason, such as
# a proxy, the outcome is REHEARSED where SEEN would be right; the opposite error would be worse.
EMULATED = re.compile(r"AWS_ENDPOINT_URL(_\w+)?|\w*_CUSTOM_ENDPOINT|STORAGE_EMULATOR_HOST|ARM_METADATA_HOST(NAME)?"
    r"|ARM_ENVIRONMENT|TF_REATTACH_PROVIDERS|SSL_CERT_FILE|CURL_CA_BUNDLE|AWS_CA_BUNDLE|HTTPS_PROXY|https_proxy")
# Errors of the clouds for a missing permission.
REFUSED = re.compile("AccessDenied|UnauthorizedOperation|AuthorizationFailed|[Pp]ermission|PERMISSION_DENIED")
# Options that a continued run keeps.
GIVEN = ("image", "other", "minutes", "responses", "failed_percent", "rate", "probe", "url")


class Progress(dict):
    """The file from which a run continues."""

    def __init__(self, file):
        super().__init__(json.loads(file.read_text()) if file.exists() else {})
        self.file, self.lock = file, threading.Lock()

    def write(self, **changes):
        """Replace the file atomically, so that a run that is killed here leaves the old or the new one."""
        with self.lock:
            self.update(changes)
            fresh = self.file.with_suffix(".new")
            with open(fresh, "w") as out:
                json.dump(self, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self.file)

    @contextlib.contextmanager
    def measured(self, step, hands):
        """Record the seconds of a step over all its runs, every second: a killed run reports nothing more, and its
        Terraform continues. The measured time is the minimum; the time from first start to end is the maximum."""
        found, begin, done = self.get("elapsed", {}).get(step), hands.clock(), threading.Event()
        first, before = (found["first"], found["measured"]) if found else (hands.now(), 0)

        def note():
            self.write(elapsed={**self.get("elapsed", {}), step: {"first": first, "whole": hands.now() - first,
                "measured": before + hands.clock() - begin, "cut": bool(found)}})

        def go_on():
            while not done.wait(1):
                note()

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            note()


class Hands:
    """Everything that a run changes or reads in the cloud, only under its own name."""

    rate = 10  # requests a second while something changes
    full = 375  # requests a second that all instances of VALUES serve, by the guide's 500 for each vCPU
    now, sleep, clock = staticmethod(time.time), staticmethod(time.sleep), staticmethod(time.monotonic)

    def __init__(self, stack, options):
        self.stack, self.options = stack, options

    @property
    def emulated(self):
        if any(EMULATED.fullmatch(name) and value for name, value in os.environ.items()) or self.options.url:
            return True
        if self.stack.kind != "aws" or not shutil.which("aws"):
            return False
        found = subprocess.run(["aws", "configure", "get", "endpoint_url"], text=True, capture_output=True)
        return bool(found.stdout.strip())

    def ready(self):
        canary.settings(self.trying())  # refuses what cannot be judged, before it costs anything
        if examine(self.stack, builds=not self.options.image):
            raise Problem("Something is missing, see above.", "Nothing was created. Fix it and repeat the command.")

    def init(self):
        self.stack.init()
        self.stack.terraform.idle("1800s")

    def price(self):
        """USD an hour."""
        return cost.sums(cost.rows(self.stack, cost.uses(self.stack, [0])))[0] / cost.HOURS

    def arguments(self):
        return [f"-var=image={self.options.image}"] if self.options.image else []

    def apply(self, image=None):
        given = [f"-var=image={image}"] if image else self.arguments()
        self.stack.terraform.apply(*given, *self.stack.further)

    def outputs(self):
        return self.stack.terraform.outputs()

    def changes(self):
        """Addresses of what a plan would change."""
        terraform, file = self.stack.terraform, self.stack.folder / ".terraform" / "prove.tfplan"
        terraform.plan(f"-out={file}", *self.arguments(), *self.stack.further, check=True)
        planned = terraform.show(file).get("resource_changes", [])
        file.unlink()
        return [each["address"] for each in planned if each["change"]["actions"] not in (["no-op"], ["read"])]

    def canary(self, image):
        """Run a canary; return its exit code, 0 if the image was promoted."""
        return self.runs_canary(image=image)

    def runs_canary(self, **given):
        code = canary.run(self.stack, self.trying(url=self.url, **given))
        if code == canary.INTERRUPTED:
            raise KeyboardInterrupt
        return code

    @property
    def given(self):
        return {name: getattr(self.options, name) for name in GIVEN}

    def trying(self, **given):
        """Options of a canary."""
        names = ("withdraw", "paths", "percent")
        return types.SimpleNamespace(**{**dict.fromkeys(names), **self.given, "image": None, **given})

    def begin_canary(self, image):
        """Begin a canary that is not judged, and runs until the stack is settled."""
        canary.Canary(self.stack, self.url, None, self.rate).begin(image, 10)

    def settle(self):
        """Restore what was deployed, in a way that loses no request."""
        if self.outputs().get("canary"):
            self.runs_canary(withdraw="1")
        self.apply()

    def destroy(self):
        if self.stack.terraform.resources():
            self.stack.stands_as_named()
            self.stack.cloud.destroy(self.stack, self.options)

    def leftovers(self):
        return self.stack.cloud.leftovers(self.stack)

    @property
    def url(self):
        return (self.options.url or self.outputs()["url"]).rstrip("/")

    def open_ports(self):
        """Open ports among those that should be closed; 443 should, since the stack has no domain."""
        verification, found = Verification(self.url, ()), []
        for port in (443, *self.stack.cloud.closed):
            try:
                verification.port(port)
            except Problem:
                found.append(port)
        return found

    def responds(self):
        until_it_answers(self.url, check=self.checks()[0], minutes=15)

    def checks(self):
        return tuple(self.outputs().get("checks") or CHECKS)

    def providers(self):
        """Version of each provider, as Terraform selected it."""
        text = self.stack.terraform.read("version", "-json")
        return {name.rpartition("/")[2]: version for name, version in
            json.loads(text).get("provider_selections", {}).items()
            if name.rpartition("/")[2] in ("aws", "azurerm", "google")}


class Run:
    """One run on one cloud, which may continue a killed one."""

    def __init__(self, hands, options, progress, root=ROOT):
        self.hands, self.options, self.progress, self.root = hands, options, progress, root
        self.stack = hands.stack
        self.claims = {name: claim for name, claim in load().items() if claim.cloud == self.stack.kind}
        self.texts = passages()
        self.trial = TRIALS[self.stack.kind](hands, progress, options)
        self.remove = f"./taskw destroy-{self.stack.kind} ENV={ENV} CONFIRM={NAME}"

    def announce(self, hours, price):
        usual = self.stack.cloud
        say(f"{usual.title}'s guide marks {len(self.claims)} claims with †. This tests those that a program can "
            "test.",
            f"  Creates    {NAME} in {self.stack.variable('region')}, a stack of its own; no other is touched.",
            f"  Takes      {usual.deploys}",
            f"             Destroy: {usual.destroys} Testing the claims in between takes up to two hours.",
            f"  Costs      {price:.2f} USD an hour by list prices, some {price * hours:.2f} in all. "
            f"After {hours:g} hours the command skips the remaining claims and removes the stack.",
            f"  Removes    the whole stack at the end. To remove it yourself at any time: {self.remove}")
        if self.hands.emulated:
            say("  The cloud's API is an emulator, or a setting on this machine may point to one. "
                "Outcomes are recorded as REHEARSED, never as SEEN.")
        return self.options.yes or typed('Type "yes" to go on: ') == "yes"

    def all(self, hours):
        """hours: after this time no further claim is tried"""
        if not self.progress.get("began") or self.progress.get("recorded") and not self.billed_later():
            self.begin(hours)
        elif not self.progress.get("recorded"):
            say(f"Continuing the run that began on {day(self.progress['began'])}.",
                f"To remove its stack instead: {self.remove}")
            # The options of its first start, whatever is typed now.
            vars(self.options).update(self.progress["given"])
            if self.progress["emulated"] != self.hands.emulated:
                where = "on an emulator" if self.progress["emulated"] else "on the cloud itself"
                raise Problem(f"The run began {where}, but this machine's settings have changed since.",
                    "Restore the environment variables, on AWS also endpoint_url, and repeat the command.")
            self.hands.init()
            if self.progress.get("deployed") and not self.progress.get("destroying") and not self.hands.leftovers():
                say("The stack was removed by hand meanwhile.")
                self.begin(hours)
        try:
            self.deploy()
            self.try_all([claim for claim in self.claims.values() if claim.by not in AFTER])
            self.destroy()
        except BaseException:
            say("", f"{NAME} exists, in whole or in part, and costs {self.progress['price']:.2f} USD an hour at most.",
                f"  Continue:  ./taskw prove-{self.stack.kind}", f"  Remove it: {self.remove}")
            raise
        self.try_all([claim for claim in self.claims.values() if claim.by in AFTER])
        return self.record()

    def begin(self, hours):
        # Checks before it writes anything: this run must not remove what another run or a person created.
        price = self.hands.price()
        if not self.announce(hours, price):
            raise Problem('Not "yes". Nothing was created.',
                f"To start without this question: ./taskw prove-{self.stack.kind} YES=1")
        self.hands.ready()
        self.hands.init()
        if there := self.hands.leftovers():
            raise Problem(f"Something named {NAME} exists already: {', '.join(there[:3])}.",
                f"No run known to this clone created it. To remove it: {self.remove}")
        self.progress.clear()
        now = self.hands.now()
        self.progress.write(began=now, ends=now + 3600 * hours, price=price, remove=self.remove,
            outcomes={}, standing=False, emulated=self.hands.emulated,
            given=self.hands.given)

    def unbilled(self):
        """Whether the last run's bill has not been read yet."""
        return any(self.progress["outcomes"].get(name, {}).get("reason") == claim.by == "bill"
            for name, claim in self.claims.items())

    def billed_later(self):
        """Whether the last run lacks only its bill, which can be read by now."""
        return (self.unbilled() and not self.hands.emulated
            and self.hands.now() >= self.progress["destroyed"] + 48 * 3600)

    def deploy(self):
        if self.progress.get("destroying") or self.progress.get("deployed"):
            self.settle()
            return
        self.progress.write(standing=True)
        try:
            with self.progress.measured("deploy", self.hands):
                self.hands.apply()
        except Problem as problem:
            # What it created is removed, and no claim is tried.
            say(f"The deployment failed: {problem.what}")
            self.progress.write(destroying=True, failed=True)
            return
        begin = self.hands.now()
        if "url" in self.hands.outputs():
            with contextlib.suppress(Problem):
                self.hands.responds()
        self.progress.write(deployed=True, responded=round((self.hands.now() - begin) / 60, 1),
            image=Image.parse(self.hands.outputs()["image"]).digest, providers=self.hands.providers(),
            **revision())

    def settle(self):
        """Restore what was deployed, whatever a claim or a killed run changed; if that fails, remove the stack."""
        if not self.progress.get("unsettled") or self.progress.get("destroying"):
            return
        try:
            if self.progress.get("outage"):
                self.trial.recovers()
            self.hands.settle()
            self.progress.write(unsettled=False, outage=False)
        except Problem as problem:
            say(f"The stack could not be restored, so it is removed: {problem.what}")
            self.progress.write(destroying=True, failed=True)

    def try_all(self, claims):
        for claim in claims:
            entry = self.progress["outcomes"].get(claim.id)
            if entry and not (entry.get("reason") == "bill" and claim.by == "bill"):
                continue
            # Written first, so that a continued run knows that the stack may have changed.
            touches = claim.by in TOUCHES
            self.progress.write(step=claim.id, **({"unsettled": True} if touches and not self.skips(claim) else {}))
            outcome, reason, seen = self.tried(claim)
            entry = {"outcome": outcome, "text": digest(claim, self.texts.get(claim.id, ""))}
            if reason:
                entry["reason"] = reason
            if seen:
                entry["figures"] = seen
            self.progress.write(step=None, outcomes={**self.progress["outcomes"], claim.id: entry})
            say(f"{outcome:9}  {claim.id}: {claim.says} {figures(entry)}".rstrip())
            self.settle()

    def skips(self, claim):
        """Why a claim is not tried at all; None if it is."""
        if claim.never:
            return claim.never
        if claim.only and self.hands.emulated:
            return claim.only
        if claim.by in AFTER and claim.by != "bill":
            return "deploy" if not self.progress.get("standing") else None
        if self.progress.get("failed"):
            return "deploy"
        if claim.by != "bill" and self.hands.now() > self.progress["ends"]:
            return "time"
        return None

    def tried(self, claim):
        if reason := self.skips(claim):
            return NOT_TRIED, reason, {}
        try:
            seen = getattr(self.trial, claim.by)(claim)
            return REHEARSED if self.hands.emulated else SEEN, None, seen
        except Different as different:
            return DIFFERENT, different.reason, different.seen
        except NotTried as untried:
            return NOT_TRIED, untried.reason, {}
        except Exception as error:  # whatever it is, the stack must be removed
            how = getattr(error, "how", "")
            say(f"{claim.id} could not be tried: {error or type(error).__name__}", f"  {how}")
            return NOT_TRIED, "refused" if REFUSED.search(how) else "failed", {}

    def destroy(self):
        if self.progress.get("destroyed"):
            return
        self.progress.write(destroying=True)
        try:
            with self.progress.measured("destroy", self.hands):
                self.hands.destroy()
        except (Problem, subprocess.SubprocessError) as problem:
            raise Problem(f"{NAME} was not removed completely: {getattr(problem, 'what', problem)}",
                getattr(problem, "how", "Repeat the command.")) from problem
        now = self.hands.now()
        self.progress.write(destroyed=now, hours=round((now - self.progress["began"]) / 3600, 2))

    def record(self):
        outcomes = {name: self.progress["outcomes"][name] for name in self.claims}
        if not self.progress.get("commit"):
            self.progress.write(recorded=True)
            raise Problem("The deployment failed, so there is nothing to record; all is removed.",
                f"Fix what the deployment's message names, then ./taskw prove-{self.stack.kind}")
        record = checked({
            "cloud": self.stack.kind,
            "region": self.stack.variable("region"),
            "date": day(self.progress["began"]),
            **{name: self.progress[name] for name in ("commit", "changed", "image", "providers", "hours")},
            "emulator": self.hands.emulated,
            "claims": outcomes,
        })
        # Results of an emulator do not belong in a pull request.
        folder = self.root / (".cache/proof" if self.hands.emulated else "proof")
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{record['cloud']}-{record['region']}-{record['date']}"
        (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
        (folder / f"{name}.md").write_text("\n".join(page(record, self.claims)) + "\n")
        self.progress.write(recorded=True)
        say("", f"Wrote {folder.relative_to(self.root)}/{name}.json and .md; {NAME} is removed.")
        if not self.hands.emulated:
            say("To share them, run ./taskw claims. Then open a pull request with the two files and the changed pages.")
            if self.unbilled():
                say(f"On {day(self.progress['destroyed'] + 3 * 86400)} or later, repeat the command to read the bill.")
        return 1 if any(entry["outcome"] == DIFFERENT for entry in outcomes.values()) else 0


def page(record, claims):
    """Lines of the record as a Markdown page."""
    yield f"# {TITLES[record['cloud']]}, {record['region']}, {record['date']}"
    yield ""
    yield (f"Commit {record['commit']}{' with changes' if record['changed'] else ''}, image {record['image']}, "
        + ", ".join(f"{name} {version}" for name, version in record["providers"].items())
        + f"; {record['hours']:g} hours{', on an emulator' if record['emulator'] else ''}.")
    yield ""
    yield "| Claim | Outcome | |"
    yield "|---|---|---|"
    for name, entry in record["claims"].items():
        yield f"| {claims[name].says} | {entry['outcome']} | {figures(entry)} |"


def revision():
    """The commit, zeros if there is none, and whether tracked files differ from it."""
    if not shutil.which("git"):
        return {"commit": "0" * 40, "changed": False}
    git = functools.partial(subprocess.run, cwd=ROOT, text=True, capture_output=True)
    return {"commit": git(["git", "rev-parse", "--verify", "HEAD"]).stdout.strip() or "0" * 40,
        "changed": bool(git(["git", "status", "--porcelain", "--untracked-files=no"]).stdout)}


@contextlib.contextmanager
def alone(file):
    """Allow one run at a time: a second one would continue the first one's claims."""
    with open(file, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem("Another run of this command is in progress.", "Wait for it, or stop it.") from None
        yield


def prove(stack, options):
    """Tests the claims that the guides mark with †, on the cloud itself. Deploys a stack of its own, tests them there,
    removes the stack, and writes a record."""
    folder = ROOT / "stacks" / stack.kind
    for name in ("image", "other"):
        if getattr(options, name):
            setattr(options, name, str(Image.parse(getattr(options, name), name.upper())))
    with alone(folder / "prove.lock"):
        hours = number("HOURS", options.hours, 3, 0.5, 12)
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        progress, values = Progress(folder / "prove.progress.json"), folder / "prove.tfvars.json"
        if not values.exists() or not progress.get("standing") or progress.get("recorded"):
            fresh = values.with_suffix(".new")
            fresh.write_text(json.dumps({**COMMON, **VALUES[stack.kind],
                "expires": expires.strftime("%Y-%m-%d-%H%M")}))
            fresh.replace(values)
        own = Stack(stack.kind, ENV, options.further)
        if own.name != NAME:
            raise Problem(f"{values.relative_to(ROOT)} sets the name {own.name}.",
                f"This command creates only {NAME}: remove the file.")
        done = Run(Hands(own, options), options, progress).all(hours)
        values.unlink()  # no stack is deployed that would need it
        return done
