"""Judges a canary by what it answers: watch on, promote it, or withdraw it.

The share of failures counts among the canary's own answers, told apart by the header
Service-Version. In the sum of all answers nine healthy ones of the stable would hide each of its.
"""

import dataclasses
import enum


class Verdict(enum.Enum):
    WATCH = "watch"
    PROMOTE = "promote"
    WITHDRAW = "withdraw"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a canary must show before it gets all requests."""

    seconds: float = 600  # watched at least so long
    answers: int = 200  # given by the canary itself
    failed_percent: float = 1  # of its answers, at most
    patience: float = 3  # times `seconds` until a canary that shows too little is withdrawn

    def __post_init__(self):
        for name, low, high in (
            ("seconds", 1, 86400),
            ("answers", 1, 1_000_000),
            ("failed_percent", 0, 50),
            ("patience", 1, 100),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}; it is {value}")


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer as a visitor got it."""

    status: int  # of HTTP; 0 when there was none: no connection, no answer in time
    version: str = ""  # header Service-Version; empty when a load balancer answered by itself
    clock_off: bool = False  # tells a time that cannot be right

    @property
    def failed(self):
        return self.status == 0 or self.status >= 500 or self.clock_off


@dataclasses.dataclass
class Count:
    answers: int = 0
    failed: int = 0

    def add(self, failed):
        self.answers += 1
        self.failed += failed

    @property
    def percent(self):
        return 100 * self.failed / self.answers if self.answers else 0.0

    def __str__(self):
        return f"{self.answers} answers, {self.failed} failed ({self.percent:.1f} %)"


class Judge:
    """Takes answers and probes as they come; not for several threads at once."""

    # So many requests without any answer, one after the other, and the way there is what fails:
    # a canary that gets a tenth of them would need a chance of 1 in 100 000.
    OUTAGE = 5

    def __init__(self, stable, canary, limits=Limits(), start=0.0):
        if stable == canary:
            raise ValueError(f"stable and canary both call themselves {canary}: nothing tells them apart")
        self.limits = limits
        self.start = start
        self.canary = Count()
        self.stable = Count()
        self.others = Count()
        self._versions = {stable: self.stable, canary: self.canary}
        self._canary_version = canary
        self._silence = 0
        self._clock = ""
        self.probes = 0
        self.probe_problem = "it has not run yet"

    def answer(self, answer):
        if answer.status == 0:
            self._silence += 1
            return
        if self._silence < self.OUTAGE:
            # The stable served all the while, so these were the canary's.
            for _ in range(self._silence):
                self.canary.add(True)
        self._silence = 0
        if answer.version in self._versions:
            self._versions[answer.version].add(answer.failed)
        elif not answer.version and answer.failed:
            # A load balancer speaks for a target that broke the connection or is not there.
            self.canary.add(True)
        else:
            self.others.add(answer.failed)

    def probe(self, exit_code, said):
        """Takes what the command `probe` came to: 0 OK, 1 clock outside; anything else tells nothing."""
        if exit_code == 0:
            self.probes += 1
        elif exit_code == 1:
            self._clock = said
        else:
            self.probe_problem = said

    def verdict(self, now):
        """What to do, and why."""
        limits = self.limits
        if self._clock:
            return Verdict.WITHDRAW, f"the probe found the clock outside its tolerance: {self._clock}"
        # More failures than even the smallest number of answers would excuse need no more watching.
        if self.canary.failed > limits.failed_percent / 100 * max(self.canary.answers, limits.answers):
            also = ""
            if self.stable.percent > limits.failed_percent:
                also = f". The stable fails too: {self.stable}"
            return Verdict.WITHDRAW, f"more than {limits.failed_percent:g} % failed of the canary's {self.canary}{also}"
        elapsed = now - self.start
        lacking = self._lacking()
        if elapsed >= limits.seconds and not lacking:
            return Verdict.PROMOTE, f"the canary gave {self.canary}; the probe said OK {self.probes} times"
        if lacking and elapsed >= limits.seconds * limits.patience:
            return Verdict.WITHDRAW, f"after {elapsed:.0f} s still {lacking}"
        return Verdict.WATCH, lacking or f"{limits.seconds - elapsed:.0f} s are left"

    def _lacking(self):
        if self.canary.answers < self.limits.answers:
            hint = ""
            if not self.canary.answers and self.others.answers:
                hint = (
                    f": {self.others.answers} answers carried neither version. "
                    f"The service must send MERIDIAN_VERSION ({self._canary_version}) as Service-Version"
                )
            return f"the canary gave {self.canary.answers} of {self.limits.answers} answers{hint}"
        if not self.probes:
            return f"no probe succeeded: {self.probe_problem}"
        return ""
