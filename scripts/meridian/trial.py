"""Tries the claims of prove.py."""

import datetime

from meridian.canary import UNDECIDED
from meridian.console import Problem, say
from meridian.image import Image
from meridian.traffic import Traffic
from meridian.verify import FORGED, GATEWAYS, Meridian

DAY = 86400
MISSING = "dead" * 16  # digest of an image that does not exist
FORMS = (
    *((header, FORGED) for header in ("X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X-Client-IP")),
    ("Forwarded", f"for={FORGED}"),
    *(("X-Forwarded-For", each) for each in (f"{FORGED}, 10.0.0.1", f"{FORGED}:443", "[2001:db8::66]:443",
        f" {FORGED} ,", f"10.0.0.1,{FORGED}")),
    *(("Forwarded", each) for each in (f'for="{FORGED}:443"', f"for={FORGED};proto=https;by=10.0.0.1",
        'for="[2001:db8::66]"')),
)  # fmt: skip


class NotTried(Exception):
    def __init__(self, reason, **seen):
        super().__init__(reason)
        self.reason, self.seen = reason, seen


class Different(NotTried):
    """What was seen contradicts the guide."""


class Loaded(Traffic):
    """Requests at a steady rate; counts all of them, and those that got a wrong status."""

    def __init__(self, hands, rate=None):
        self.check = hands.checks()[0]
        super().__init__(hands.url, [self.check["path"]], rate or hands.rate)

    def __exit__(self, *_):
        self.end()
        statuses = [response.status for response in self.responses()]
        self.requests, self.failed = len(statuses), sum(each != self.check["status"] for each in statuses)

    def figures(self, **further):
        """Figures of the requests, none of which may fail."""
        seen = {**further, "requests": self.requests, "failed": self.failed}
        if self.failed:
            raise Different("lost", **seen)
        return seen


class Trial:
    """A method for each claim, which returns figures or raises Different or NotTried."""

    def __init__(self, hands, progress, options):
        self.hands, self.progress, self.options = hands, progress, options
        self.name = hands.stack.name

    def within(self, claim, minutes, **further):
        if minutes > claim.most:
            raise Different("slow", minutes=minutes, **further)
        return {"minutes": minutes, **further}

    def waiting(self, minutes, pause=15):
        """Yield every `pause` seconds until this many minutes have passed, at least once."""
        end = self.hands.now() + 60 * minutes
        while True:
            yield
            if self.hands.now() + pause > end:
                return
            self.hands.sleep(pause)

    def since(self, begin):
        return round((self.hands.now() - begin) / 60, 1)

    def lasted(self, claim, step):
        seen = self.progress["elapsed"][step]
        least, most = (round(seen[name] / 60, 1) for name in ("measured", "whole"))
        if seen["cut"] and least <= claim.most < most:
            raise NotTried("cut")
        return self.within(claim, most if seen["cut"] and most <= claim.most else least)

    def deployed(self, claim):
        return self.lasted(claim, "deploy")

    def destroyed(self, claim):
        return self.lasted(claim, "destroy")

    def responds(self, claim):
        if self.progress["elapsed"]["deploy"]["cut"]:
            raise NotTried("cut")
        return self.within(claim, self.progress["responded"])

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
            # Behind several gateways, the address changes now and then even without a header.
            if seen != own and seen not in {service.address()[0] for _ in range(GATEWAYS)}:
                raise Different("forged", forms=len(forms))
        return {"forms": len(forms)}

    def ports(self, claim):
        if opened := self.hands.open_ports():
            raise Different("open", open=len(opened))
        return {"open": 0}

    def canary(self, claim):
        if not self.options.other:
            raise NotTried("other")
        with Loaded(self.hands) as load:
            code = self.hands.canary(self.options.other)
        seen = load.figures()
        if code == UNDECIDED:
            raise NotTried("failed")
        if code:
            raise Different("verdict", **seen)
        return seen

    def broken(self, claim):
        before = self.hands.outputs()["image"]
        begin = self.hands.now()
        with Loaded(self.hands) as load:
            try:
                self.hands.apply(f"{Image.parse(before).repository}@sha256:{MISSING}")
                raise Different("ran")
            except Problem:
                minutes = self.since(begin)
        seen = load.figures(minutes=minutes)
        if self.hands.outputs()["image"] != before:
            raise Different("wrong", **seen)
        return self.within(claim, **seen)

    def quiet(self, claim):
        for _ in self.waiting(0 if self.hands.emulated else 10, 30):
            if ringing := self.ringing():
                raise Different("other-ring", alarms=len(ringing))
        return {"alarms": 0}

    def alarms(self, claim):
        """Cause an outage, which lasts until the stack is settled."""
        self.progress.write(outage=True)
        self.outage()
        return self.rings(claim)

    def rings(self, claim, rate=2):
        """Wait until each alarm that the claim names fires; no other may."""
        begin, rung = self.hands.now(), {}
        with Loaded(self.hands, rate) as load:
            for _ in self.waiting(max(claim.alarms.values()), 20):
                for name in self.ringing():
                    rung.setdefault(name, self.since(begin))
                if claim.alarms.keys() <= rung.keys():
                    break
        if rung.keys() - claim.alarms.keys() - set(claim.may):
            raise Different("other-ring", alarms=len(rung))
        if any(rung.get(name, most + 1) > most for name, most in claim.alarms.items()):
            if rate > self.hands.full > load.requests / 60 / self.since(begin):
                raise NotTried("line")
            raise Different("late-ring", alarms=len(rung))
        return {"alarms": len(rung), "minutes": max(rung.values())}

    def latency(self, claim):
        """Wait for the alarms of an outage to end first. A percentile counts from a thousand requests a minute on."""
        for _ in self.waiting(20):
            if not self.ringing():
                break
        else:
            raise NotTried("ringing")
        self.no_limit()
        return self.rings(claim, rate=25)

    def recovers(self):
        """Undo the part of an outage that no apply undoes, since Terraform does not manage it."""

    def leftovers(self, claim):
        if found := self.hands.leftovers():
            say(f"{self.hands.stack.cloud.title} still lists these resources of {self.name}:",
                *(f"  {each}" for each in found))
            raise Different("remains", leftovers=len(found))
        return {"leftovers": 0}

    def bill(self, claim):
        """Compare the bill, which is complete after two days, with the list prices."""
        ended, computed = self.progress["destroyed"], round(self.progress["price"] * self.progress["hours"], 2)
        if self.hands.now() < ended + 48 * 3600:
            raise NotTried("bill")
        try:
            during = self.billed(self.progress["began"], ended + DAY)
            later = self.billed(ended + DAY, ended + 2 * DAY)
        except Problem:
            raise NotTried("bill") from None
        if not during:
            raise NotTried("bill")
        seen = {"usd": round(during, 2), "computed_usd": computed}
        if later > 0:
            raise Different("after", **seen)
        if during > 1.25 * computed + 0.05:
            raise Different("dear", **seen)
        return seen


def day(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")
