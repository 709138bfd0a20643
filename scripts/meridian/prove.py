"""Settles what the guides mark with †: deploys a stack of its own, tries each claim, removes it and writes a record.

All that must be remembered is in a file beside the stack, written before and after each step. Killed at any point, the
same command goes on.
"""

import contextlib
import datetime
import fcntl
import json
import os
import re
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
from meridian.stack import Stack
from meridian.traffic import Traffic
from meridian.verify import CHECKS, FORGED, GATEWAYS, Meridian, Verification, until_it_answers

NAME, ENV = "meridian-prove", "prove"
# What costs little and has room for one more instance. Whatever terraform.tfvars says of these is not for this stack.
VALUES = {
    "aws": {"cidr": "10.29.0.0/16", "cpu": 0.25, "memory": 512, "scale": {"cpu": 20}},
    "azure": {"cidr": "10.29.0.0/16", "cpu": 0.25, "memory": 512},
    "gcp": {"cidr": "10.29.0.0/16", "memory": 512},
}
COMMON = {"name": NAME, "instances": {"min": 2, "max": 3}, "domain": None, "email": None, "waf": False, "canary": None,
    "platform": None}  # fmt: skip
# Steps that are measured, with the claims that come after each.
DEPLOY, DESTROY = "deploy", "destroy"
AFTER = ("destroyed", "left", "bill")
# What tells that Terraform and the tools do not speak with the cloud itself. Whoever has such a variable for another
# reason, a proxy's say, gets REHEARSED where SEEN would be right: the wrong way round would be worse.
EMULATED = re.compile(r"AWS_ENDPOINT_URL(_\w+)?|\w*_CUSTOM_ENDPOINT|STORAGE_EMULATOR_HOST|ARM_METADATA_HOST(NAME)?"
    r"|ARM_ENVIRONMENT|TF_REATTACH_PROVIDERS|SSL_CERT_FILE|CURL_CA_BUNDLE|AWS_CA_BUNDLE|HTTPS_PROXY|https_proxy")
# Options that a run goes on with.
GIVEN = ("image", "other", "minutes", "answers", "failed_percent", "rate", "probe", "url")
MISSING = "dead" * 16  # digest of an image that nobody has
LOCK = "-lock-timeout=1800s"  # a Terraform that outlived a killed run ends first
FORMS = (
    *((header, FORGED) for header in ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X-Client-IP")),
    ("Forwarded", f"for={FORGED}"),
    *(("X-Forwarded-For", each) for each in (f"{FORGED}, 10.0.0.1", f"{FORGED}:443", "[2001:db8::66]:443",
        f" {FORGED} ,", f"10.0.0.1,{FORGED}")),
    *(("Forwarded", each) for each in (f'for="{FORGED}:443"', f"for={FORGED};proto=https;by=10.0.0.1",
        'for="[2001:db8::66]"')),
)  # fmt: skip


class Different(Exception):
    """What was seen is not what the guide says."""

    def __init__(self, reason, **seen):
        super().__init__(reason)
        self.reason, self.seen = reason, seen


class NotTried(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Progress:
    """The file that a run goes on by."""

    def __init__(self, file):
        self.file = file
        self.lock = threading.Lock()
        self.data = json.loads(file.read_text()) if file.exists() else {}

    def __getitem__(self, name):
        return self.data[name]

    def get(self, name, default=None):
        return self.data.get(name, default)

    def write(self, **changes):
        """In place of the old at once, so that a run which is killed here leaves one of the two."""
        with self.lock:
            self.data.update(changes)
            fresh = self.file.with_suffix(".new")
            with open(fresh, "w") as out:
                json.dump(self.data, out, indent=1)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self.file)

    @contextlib.contextmanager
    def measured(self, step, clock):
        """Adds up the seconds of a step over all runs that it takes, as they pass: a killed one tells nothing more."""
        before, begin, done = self.get("elapsed", {}).get(step, 0), clock(), threading.Event()

        def note():
            self.write(elapsed={**self.get("elapsed", {}), step: before + clock() - begin})

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

    def minutes(self, step):
        return round(self.get("elapsed", {}).get(step, 0) / 60, 1)


class Hands:
    """What a run does to the cloud and asks it: nothing that is of another name."""

    rate = 10  # requests a second while something changes
    now, sleep, clock = staticmethod(time.time), staticmethod(time.sleep), staticmethod(time.monotonic)

    def __init__(self, stack, options):
        self.stack, self.options = stack, options

    @property
    def emulated(self):
        if any(EMULATED.fullmatch(name) and value for name, value in os.environ.items()) or self.options.url:
            return True
        if self.stack.kind != "aws":
            return False
        found = subprocess.run(["aws", "configure", "get", "endpoint_url"], text=True, capture_output=True)
        return bool(found.stdout.strip())

    def ready(self):
        canary.settings(self.trying())  # what cannot be judged is said before it costs anything
        if examine(self.stack, builds=not self.options.image):
            raise Problem("Something is missing, see above.", "Nothing was created. Fix it and repeat the command.")

    def init(self):
        self.stack.init()

    def price(self):
        """USD an hour."""
        return cost.sums(cost.rows(self.stack, cost.uses(self.stack, [0])))[0] / cost.HOURS

    def arguments(self):
        return [f"-var=image={self.options.image}"] if self.options.image else []

    def apply(self, image=None):
        given = [f"-var=image={image}"] if image else self.arguments()
        self.stack.terraform.apply(*given, LOCK, *self.stack.further)

    def outputs(self):
        return self.stack.terraform.outputs()

    def changes(self):
        """Addresses of what a plan would change."""
        terraform, file = self.stack.terraform, self.stack.folder / ".terraform" / "prove.tfplan"
        terraform.plan(f"-out={file}", LOCK, *self.arguments(), *self.stack.further, check=True)
        planned = terraform.show(file).get("resource_changes", [])
        file.unlink()
        return [each["address"] for each in planned if each["change"]["actions"] not in (["no-op"], ["read"])]

    def canary(self, image):
        """Exit code of a canary, which ends with the image promoted where it is 0."""
        return canary.run(self.stack, self.trying(image=image, url=self.url))

    @property
    def given(self):
        return {name: getattr(self.options, name) for name in GIVEN}

    def trying(self, **given):
        """Options of a canary."""
        names = ("withdraw", "paths", "percent")
        return types.SimpleNamespace(**{**dict.fromkeys(names), **self.given, "image": None, **given})

    def settle(self):
        """Back to what was deployed, by the way on which no request is lost."""
        if self.outputs().get("canary"):
            canary.run(self.stack, self.trying(withdraw="1", url=self.url))
        self.apply()

    def destroy(self):
        if self.stack.terraform.resources():
            self.stack.stands_as_named()
            self.stack.cloud.destroy(self.stack, self.options)

    def left(self):
        return self.stack.cloud.leftovers(self.stack)

    def aws(self, *arguments):
        from meridian.aws import aws  # which a copy without AWS does not have

        return aws(self.stack, *arguments)

    def as_deployer(self):
        """Whether the rights are those of the bootstrap's deployer, and no administrator's."""
        return ":assumed-role/meridian-deployer/" in self.aws("sts", "get-caller-identity")["Arn"]

    @property
    def url(self):
        return (self.options.url or self.outputs()["url"]).rstrip("/")

    def opened(self, port):
        """Whether a port of the address answers."""
        try:
            Verification(self.url, (port,)).port(port)
        except Problem:
            return True
        return False

    def closed(self):
        return self.stack.cloud.closed if self.url.startswith("https:") else (443, *self.stack.cloud.closed)

    def answers(self):
        until_it_answers(self.url, check=self.checks()[0], minutes=15)

    def checks(self):
        return tuple(self.outputs().get("checks") or CHECKS)

    def providers(self):
        """Provider to version, as Terraform chose them."""
        text = self.stack.terraform.read("version", "-json")
        return {name.rpartition("/")[2]: version for name, version in
            json.loads(text).get("provider_selections", {}).items()
            if name.rpartition("/")[2] in ("aws", "azurerm", "google")}


class Loaded:
    """Requests at an even pace; how many there were and how many did not answer as they should."""

    def __init__(self, hands, rate=None):
        check = hands.checks()[0]
        self.status = check["status"]
        self.traffic = Traffic(hands.url, [check["path"]], rate or hands.rate)
        self.requests = self.failed = 0

    def __enter__(self):
        self.traffic.__enter__()
        return self

    def __exit__(self, *_):
        self.traffic.end()
        for answer in self.traffic.responses():
            self.requests += 1
            self.failed += answer.status != self.status


class Trial:
    """The claims, each a method that gives figures or raises Different or NotTried."""

    def __init__(self, hands, progress, options):
        self.hands, self.progress, self.options = hands, progress, options
        self.name = hands.stack.name

    def within(self, claim, minutes, **further):
        if minutes > claim.most:
            raise Different("slow", minutes=minutes, **further)
        return {"minutes": minutes, **further}

    def waiting(self, minutes, pause=15):
        """Turns until so many minutes have passed, at least one."""
        end = self.hands.now() + 60 * minutes
        while True:
            yield
            if self.hands.now() + pause > end:
                return
            self.hands.sleep(pause)

    def since(self, begin):
        return round((self.hands.now() - begin) / 60, 1)

    def deployed(self, claim):
        return self.within(claim, self.progress.minutes(DEPLOY))

    def destroyed(self, claim):
        return self.within(claim, self.progress.minutes(DESTROY))

    def answers(self, claim):
        return self.within(claim, self.progress["answered"])

    def again(self, claim):
        if changes := self.hands.changes():
            raise Different("changes", changes=len(changes))
        return {"changes": 0}

    def address(self, claim):
        hands = self.hands
        service = Meridian(hands.url, (), checks=hands.checks(), documents={})
        own, _ = service.address()
        forms = [*FORMS, *((header, FORGED) for header in hands.stack.cloud.forged)]
        for header, value in forms:
            seen = service.address({header: value})[0]
            # Who comes through several gateways shows another address now and then, without any header too.
            if seen != own and seen not in {service.address()[0] for _ in range(GATEWAYS)}:
                raise Different("forged", forms=len(forms))
        return {"forms": len(forms)}

    def ports(self, claim):
        opened = [port for port in self.hands.closed() if self.hands.opened(port)]
        if opened:
            raise Different("open", open=len(opened))
        return {"open": 0}

    def canary(self, claim):
        if not self.options.other:
            raise NotTried("other")
        with Loaded(self.hands) as load:
            code = self.hands.canary(self.options.other)
        told = {"requests": load.requests, "failed": load.failed}
        if load.failed:
            raise Different("lost", **told)
        if code:
            raise Different("verdict", **told)
        return told

    def broken(self, claim):
        before = self.hands.outputs()["image"]
        begin = self.hands.now()
        with Loaded(self.hands) as load:
            try:
                self.hands.apply(f"{Image.parse(before).repository}@sha256:{MISSING}")
                raise Different("ran")
            except Problem:
                minutes = self.since(begin)
        told = {"requests": load.requests, "failed": load.failed}
        if load.failed:
            raise Different("lost", minutes=minutes, **told)
        if self.hands.outputs()["image"] != before:
            raise Different("wrong", minutes=minutes)
        return self.within(claim, minutes, **told)

    # AWS

    def quiet(self, claim):
        alarms = self.alarm_states()
        if not alarms:
            raise Different("none", alarms=0)
        for _ in self.waiting(0 if self.hands.emulated else 10, 30):
            if ringing := self.ringing():
                raise Different("other-ring", alarms=len(ringing))
        return {"alarms": len(alarms)}

    def ringing(self):
        """Ends of the names of the stack's own alarms that ring."""
        return {name for name, state in self.alarm_states().items() if state == "ALARM"}

    def alarm_states(self):
        prefix = f"{self.name}-"
        found = self.hands.aws("cloudwatch", "describe-alarms", "--alarm-name-prefix", prefix)["MetricAlarms"]
        return {each["AlarmName"][len(prefix):]: each["StateValue"] for each in found}

    def rights(self, claim):
        """Asked without being done: AWS says what it would answer, and makes nothing."""

        def may(name):
            tag = f"ResourceType=vpc,Tags=[{{Key=Stack,Value={name}}},{{Key=Project,Value=meridian}}]"
            try:
                self.hands.aws("ec2", "create-vpc", "--dry-run", "--cidr-block", "10.29.0.0/16", "--tag-specifications",
                    tag)
            except Problem as problem:
                if "DryRunOperation" in problem.how:
                    return True
                if "UnauthorizedOperation" in problem.how:
                    return False
                raise
            return True

        if not may(self.name):
            raise Different("denied")
        # An administrator may make both, by which nothing is told of the policies; a deployer of the guide's may not.
        if may("foreign"):
            if self.hands.as_deployer():
                raise Different("reaches")
            raise NotTried("rights")
        return {}

    def desired(self):
        [service] = self.hands.aws("ecs", "describe-services", "--cluster", self.name, "--services",
            f"{self.name}-stable")["services"]
        return service["desiredCount"]

    def scale(self, claim):
        before, begin = self.desired(), self.hands.now()
        with Loaded(self.hands, rate=100):
            for _ in self.waiting(claim.most):
                if (instances := self.desired()) > before:
                    return {"minutes": self.since(begin), "instances": instances}
        raise Different("grown", instances=before)

    def probe_runs(self, claim):
        for _ in self.waiting(15, 30):
            events = self.hands.aws("logs", "filter-log-events", "--log-group-name", f"/meridian/{self.name}/probe",
                "--filter-pattern", "OK", "--limit", "10")["events"]
            if events:
                return {"runs": len(events)}
        raise Different("silent", runs=0)

    def probe_ends(self, claim):
        """A run that would go on for ever, by a task of the probe's own."""
        target = self.hands.aws("scheduler", "get-schedule", "--name", f"{self.name}-probe")["Target"]["EcsParameters"]
        place = target["NetworkConfiguration"]["awsvpcConfiguration"]
        network = {"awsvpcConfiguration": {name[0].lower() + name[1:]: value for name, value in place.items()}}
        overrides = {"containerOverrides": [{"name": "probe", "command": ["probe", "--every", "1s", self.hands.url]}]}
        [task] = self.hands.aws("ecs", "run-task", "--cluster", self.name, "--launch-type", "FARGATE",
            "--task-definition", target["TaskDefinitionArn"], "--network-configuration", json.dumps(network),
            "--overrides", json.dumps(overrides))["tasks"]
        begin = None
        for _ in self.waiting(15, 10):
            [seen] = self.hands.aws("ecs", "describe-tasks", "--cluster", self.name, "--tasks",
                task["taskArn"])["tasks"]
            begin = begin or seen.get("pullStoppedAt") and self.hands.now()
            if seen["lastStatus"] == "STOPPED":
                return self.within(claim, self.since(begin or self.hands.now()))
        self.hands.aws("ecs", "stop-task", "--cluster", self.name, "--task", task["taskArn"])
        raise Different("slow", minutes=15)

    def alarms(self, claim):
        """Nothing gets through to the instances any more, until the next apply lets it."""
        group = self.hands.outputs()["firewall_source"]
        rules = self.hands.aws("ec2", "describe-security-group-rules", "--filters",
            f"Name=group-id,Values={group}")["SecurityGroupRules"]
        ways_in = [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]
        begin, wanted, rung = self.hands.now(), {"errors", "unhealthy-stable", "probe"}, {}
        self.hands.aws("ec2", "revoke-security-group-ingress", "--group-id", group, "--security-group-rule-ids",
            *ways_in)
        with Loaded(self.hands, rate=2):
            for _ in self.waiting(claim.most, 20):
                for name in self.ringing():
                    rung.setdefault(name, self.since(begin))
                if wanted <= rung.keys():
                    break
        if set(rung) - wanted:
            raise Different("other-ring", alarms=len(rung))
        if wanted - set(rung):
            raise Different("late-ring", alarms=len(rung))
        return {"alarms": len(rung), "minutes": max(rung.values())}

    def left(self, claim):
        if left := self.hands.left():
            say(f"{self.hands.stack.cloud.title} still lists, of {self.name}:", *(f"  {each}" for each in left))
            raise Different("remains", left=len(left))
        return {"left": 0}

    def bill(self, claim):
        """By the tag Stack, which the account's owner must have turned on for bills; complete after two days."""
        ended, computed = self.progress["destroyed"], round(self.progress["price"] * self.progress["hours"], 2)
        if self.hands.now() < ended + 48 * 3600:
            raise NotTried("bill")

        def billed(begin, end):
            found = self.hands.aws("ce", "get-cost-and-usage", "--granularity", "DAILY", "--metrics", "UnblendedCost",
                "--time-period", f"Start={day(begin)},End={day(end)}", "--filter",
                json.dumps({"Tags": {"Key": "Stack", "Values": [self.name]}}))["ResultsByTime"]
            return sum(float(each["Total"]["UnblendedCost"]["Amount"]) for each in found)

        try:
            during = billed(self.progress["began"], ended + 86400)
            later = billed(ended + 86400, ended + 2 * 86400)
        except Problem:
            raise NotTried("bill") from None
        if not during:
            raise NotTried("bill")
        told = {"usd": round(during, 2), "computed_usd": computed}
        if later > 0:
            raise Different("after", **told)
        if during > 1.25 * computed + 0.05:
            raise Different("dear", **told)
        return told


def day(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")


class Run:
    """One sitting on one cloud."""

    def __init__(self, hands, options, progress, root=ROOT):
        self.hands, self.options, self.progress, self.root = hands, options, progress, root
        self.stack = hands.stack
        self.claims = {name: claim for name, claim in load().items() if claim.cloud == self.stack.kind}
        self.texts = passages()
        self.trial = Trial(hands, progress, options)
        self.remove = f"./taskw destroy-{self.stack.kind} ENV={ENV} CONFIRM={NAME}"

    def announce(self, hours, price):
        usual = self.stack.cloud
        say(f"Tries on {usual.title} {len(self.claims)} claims that the guides mark with †, as far as a program can.",
            f"  Creates    {NAME} in {self.stack.variable('region')}, a stack of its own; no other is touched.",
            f"  Takes      {usual.deploys}",
            f"             {usual.destroys} Between them up to an hour and a half for the claims.",
            f"  Costs      {price:.2f} USD an hour by list prices, some {price * hours:.2f} in all: "
            f"after {hours:g} hours remaining claims are not tried, and all is removed.",
            f"  Removes    all of it at its end. By hand, at any time: {self.remove}")
        if self.hands.emulated:
            say("  This is an emulator, or a variable here may point to one: its outcomes are REHEARSED, never "
                "SEEN.")
        return self.options.yes or typed('Type "yes" to go on: ') == "yes"

    def all(self):
        hours = limit(self.options)
        if not self.progress.get("began") or self.progress.get("recorded") and not self.billed_later():
            self.begin(hours)
        elif not self.progress.get("recorded"):
            say(f"Continuing the run that began on {day(self.progress['began'])}. Remove it by hand: {self.remove}")
            # As it was begun, whatever is typed now.
            vars(self.options).update(self.progress["given"])
            if self.progress["emulated"] != self.hands.emulated:
                where = "on an emulator" if self.progress["emulated"] else "on the cloud itself"
                raise Problem(f"It began {where}, and this machine's variables now point elsewhere.",
                    "Set them as they were, and repeat the command.")
            self.hands.init()
            if self.progress.get("deployed") and not self.progress.get("destroying") and not self.hands.left():
                say("It was removed by hand meanwhile.")
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
        # Before anything is written: what another run or somebody made by hand is not this run's to remove.
        price = self.hands.price()
        if not self.announce(hours, price):
            raise Problem('Not "yes". Nothing was created.', f"./taskw prove-{self.stack.kind} YES=1 does not ask.")
        self.hands.ready()
        self.hands.init()
        if there := self.hands.left():
            raise Problem(f"Something named {NAME} exists already: {', '.join(there[:3])}.",
                f"No run known to this clone created it. To remove it: {self.remove}")
        self.progress.data = {}
        now = self.hands.now()
        self.progress.write(began=now, ends=now + 3600 * hours, price=price, remove=self.remove,
            outcomes={}, standing=False, emulated=self.hands.emulated,
            given=self.hands.given)

    def billed_later(self):
        """Whether all that is missing of the last run is its bill, which can be read by now."""
        told = [name for name, claim in self.claims.items() if claim.by == "bill"
            and self.progress["outcomes"].get(name, {}).get("reason") == "bill"]
        return bool(told) and not self.hands.emulated and self.hands.now() >= self.progress["destroyed"] + 48 * 3600

    def deploy(self):
        if self.progress.get("destroying") or self.progress.get("deployed"):
            self.settle()
            return
        self.progress.write(standing=True)
        try:
            with self.progress.measured(DEPLOY, self.hands.clock):
                self.hands.apply()
        except Problem as problem:
            # What it made goes, and nothing else is tried.
            say(f"The deployment failed: {problem.what}")
            self.progress.write(destroying=True, failed=True)
            return
        begin = self.hands.now()
        if "url" in self.hands.outputs():
            with contextlib.suppress(Problem):
                self.hands.answers()
        self.progress.write(deployed=True, answered=round((self.hands.now() - begin) / 60, 1),
            image=Image.parse(self.hands.outputs()["image"]).digest, providers=self.hands.providers(),
            commit=commit(), changed=changed())

    def settle(self):
        """Brings the stack back to what was deployed, whatever a claim or a killed run left it as; else it goes."""
        if not self.progress.get("unsettled") or self.progress.get("destroying"):
            return
        try:
            self.hands.settle()
            self.progress.write(unsettled=False)
        except Problem as problem:
            say(f"The stack could not be restored, so it is removed: {problem.what}")
            self.progress.write(destroying=True, failed=True)

    def try_all(self, claims):
        for claim in claims:
            told = self.progress["outcomes"].get(claim.id)
            if told and not (told.get("reason") == "bill" and claim.by == "bill"):
                continue
            # Before it: whoever goes on knows that the stack may not be as it was.
            touches = claim.by in ("canary", "broken", "alarms", "scale")
            self.progress.write(step=claim.id, **({"unsettled": True} if touches and not self.skips(claim) else {}))
            outcome, reason, seen = self.tried(claim)
            told = {"outcome": outcome, "text": digest(claim, self.texts.get(claim.id, ""))}
            if reason:
                told["reason"] = reason
            if seen:
                told["figures"] = seen
            self.progress.write(step=None, outcomes={**self.progress["outcomes"], claim.id: told})
            say(f"{outcome:9}  {claim.id}: {claim.says} {figures(told)}".rstrip())
            self.settle()

    def skips(self, claim):
        """Why a claim is not even begun."""
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
        except Exception as error:  # whatever it is, the stack must go
            say(f"{claim.id} could not be tried: {error or type(error).__name__}", f"  {getattr(error, 'how', '')}")
            return NOT_TRIED, "failed", {}

    def destroy(self):
        if self.progress.get("destroyed"):
            return
        self.progress.write(destroying=True)
        try:
            with self.progress.measured(DESTROY, self.hands.clock):
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
                f"Fix what its message names, then ./taskw prove-{self.stack.kind}")
        record = checked({
            "cloud": self.stack.kind,
            "region": self.stack.variable("region"),
            "date": day(self.progress["began"]),
            **{name: self.progress[name] for name in ("commit", "changed", "image", "providers", "hours")},
            "emulator": self.hands.emulated,
            "claims": outcomes,
        })
        # What an emulator said is for no pull request.
        folder = self.root / (".cache/proof" if self.hands.emulated else "proof")
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{record['cloud']}-{record['region']}-{record['date']}"
        (folder / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
        (folder / f"{name}.md").write_text("\n".join(page(record, self.claims)) + "\n")
        self.progress.write(recorded=True)
        say("", f"Wrote {folder.relative_to(self.root)}/{name}.json and .md; {NAME} is removed.")
        if not self.hands.emulated:
            say("To share them: ./taskw claims, then a pull request with what it changed.")
            if any(told.get("reason") == "bill" and self.claims[each].by == "bill" for each, told in outcomes.items()):
                say(f"The same command reads the bill from {day(self.progress['destroyed'] + 3 * 86400)} on.")
        return 1 if any(told["outcome"] == DIFFERENT for told in outcomes.values()) else 0


def page(record, claims):
    """The record for people."""
    yield f"# {TITLES[record['cloud']]}, {record['region']}, {record['date']}"
    yield ""
    yield (f"Commit {record['commit']}{' with changes' if record['changed'] else ''}, image {record['image']}, "
        + ", ".join(f"{name} {version}" for name, version in record["providers"].items())
        + f"; {record['hours']:g} hours{', on an emulator' if record['emulator'] else ''}.")
    yield ""
    yield "| Claim | Outcome | |"
    yield "|---|---|---|"
    for name, told in record["claims"].items():
        yield f"| {claims[name].says} | {told['outcome']} | {figures(told)} |"


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True).stdout.strip()


def commit():
    found = git("rev-parse", "HEAD")
    return found if re.fullmatch("[0-9a-f]{40}", found) else "0" * 40


def changed():
    return bool(git("status", "--porcelain", "--untracked-files=no"))


@contextlib.contextmanager
def alone(file):
    """One run at a time: a second would go through the first one's claims."""
    with open(file, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Problem("Another run of this command is under way.", "Wait for it, or stop it.") from None
        yield


def limit(options):
    """Hours after which what was not tried is left out."""
    return number("HOURS", options.hours, 3, 0.5, 12)


def prove(stack, options):
    """Tries on the cloud what the guides mark with †: deploys a stack of its own, removes it, and writes a record."""
    folder = ROOT / "stacks" / stack.kind
    for image in (options.image, options.other):
        if image:
            Image.parse(image)
    with alone(folder / "prove.lock"):
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
            hours=limit(options))
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
        done = Run(Hands(own, options), options, progress).all()
        values.unlink()  # nothing stands that would need it
        return done
