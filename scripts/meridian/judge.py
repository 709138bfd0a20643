"""Judges a canary by what it answers: watch on, promote it, or withdraw it.

Its answers are told apart by the header Service-Version, and compared with those that the stable gave in the same time
to the same requests: failures, and answers that are slow. In the sum of all answers nine healthy ones of the stable
would hide each of its failures.
"""

import bisect
import collections
import dataclasses
import enum
import math

# Chance of a wrong verdict, of each kind, in all looks together; each look has its part of it (Bonferroni).
ALPHA = 0.01
LOOKS = 20  # in the time that a canary is watched
DOUBT = 0.05  # chance below which slow answers stand in the way of a promotion, though they are not shown yet
SLOW = 2.0  # times the stable's: a 90th percentile above that is slow
SLOW_LOOKS = 4  # in a row with slow answers, each in those since the look before: a stall or a cold start passes
FLOOR_SECONDS = 0.005  # which no factor counts below
WINDOW_SECONDS = 10  # in which losses beyond the canary's share are the network's


def worse(failed, responses, others_failed, others):
    """Fisher's exact test: the chance of as many failures or more here, if both sides fail alike."""
    total, bad = responses + others, failed + others_failed
    if not failed:
        return 1.0
    whole = choices(total, bad)
    most = min(bad, responses)
    return sum(math.exp(choices(responses, k) + choices(others, bad - k) - whole) for k in range(failed, most + 1))


def at_most(seen, number, chance):
    """Chance of at most so many of a number, each with this chance."""
    if chance <= 0 or chance >= 1:
        return 1.0 if chance <= 0 or seen >= number else 0.0
    right, wrong = math.log1p(-chance), math.log(chance)
    return sum(math.exp(choices(number, k) + k * wrong + (number - k) * right) for k in range(seen + 1))


def choices(number, k):
    """Logarithm of how many ways there are."""
    return math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)


class Verdict(enum.Enum):
    WATCH = "watch"
    PROMOTE = "promote"
    WITHDRAW = "withdraw"
    UNDECIDED = "undecided"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a canary must show before it gets all requests."""

    seconds: float = 600  # watched at least so long
    responses: int = 300  # given by the canary itself
    failed_percent: float = 5  # more than of the stable's, which it must be shown not to reach
    patience: float = 3  # times `seconds` until a canary that shows too little is withdrawn

    @property
    def alpha(self):
        return ALPHA / math.ceil(LOOKS * self.patience)

    def spread(self, percent):
        """The same for all answers, of which this share is the canary's; ValueError where that is too fine."""
        spread = dataclasses.replace(self, responses=math.ceil(self.responses * 100 / percent),
            failed_percent=self.failed_percent * percent / 100)
        for label, value, low, high in (("RESPONSES", spread.responses, 1, 1_000_000),
                ("FAILED_PERCENT", spread.failed_percent, 0.1, 50)):
            if not low <= value <= high:
                raise ValueError(f"counted over all responses, {label} would be {value:g}, but it must be {low} to {high}")
        return spread

    def refuse(self, per_second, percent):
        """What stands against a verdict, known beforehand; None where nothing does."""
        fewest = math.ceil(math.log(self.alpha) / math.log1p(-self.failed_percent / 100))
        if self.responses < fewest:
            return (
                f"{self.responses} responses are too few to show a failure rate below {self.failed_percent:g} %; set "
                f"RESPONSES={fewest}"
            )
        expected = per_second * percent / 100 * self.seconds * self.patience
        likely = expected - 4 * math.sqrt(expected)  # all but once in 30,000 times
        if likely < self.responses:
            minutes = (2 + math.sqrt(4 + self.responses)) ** 2 / (per_second * percent / 100 * 60 * self.patience)
            return (
                f"at {per_second:g} requests a second and a share of {percent:g} %, the canary gives about "
                f"{expected:.0f} responses in {self.patience * self.seconds / 60:g} minutes, the longest that it is "
                f"watched. That is too few to be sure of the {self.responses} required. Set "
                f"MINUTES={math.ceil(10 * minutes) / 10:g}, raise RATE or PERCENT, or lower RESPONSES"
            )
        return None


@dataclasses.dataclass(frozen=True)
class Response:
    """One answer as a visitor got it."""

    status: int  # of HTTP; 0 when there was none: no connection, no answer in time
    version: str = ""  # header Service-Version; empty when a load balancer answered by itself
    clock_off: bool = False  # tells a time that cannot be right
    path: str = ""
    sent: float = 0.0  # seconds, by any clock
    seconds: float = 0.0  # until it was whole


class Count:
    def __init__(self):
        self.responses = self.failed = 0
        self.times = collections.defaultdict(list)  # by path, sorted, of what did not fail

    def add(self, response, failed):
        self.responses += 1
        self.failed += failed
        if not failed:
            bisect.insort(self.times[response.path], response.seconds)

    @property
    def percent(self):
        return 100 * self.failed / self.responses if self.responses else 0.0

    def __str__(self):
        return f"{self.responses} responses, {self.failed} failed ({self.percent:.1f} %)"


class Judge:
    """Takes answers and probes as they come; not for several threads at once."""

    def __init__(self, stable, canary, limits=Limits(), percent=10, expected=None, probed=True):
        """expected: status by path that the stable gives; without it any below 500 is right. probed: whether a probe
        must say OK"""
        if stable == canary:
            raise ValueError(f"stable version and canary both call themselves {canary}: nothing tells them apart")
        self.limits = limits
        self.percent = percent
        self.expected = expected or {}
        self.canary = Count()
        self.stable = Count()
        self.others = Count()
        self._versions = {stable: self.stable, canary: self.canary}
        self._canary_version = canary
        self._looked = 0
        self._lacked = ""
        self._pace, self._slow, self._slow_looks = 0.0, False, 0
        self._recent = []  # the canary's since the last look, as path and seconds
        self._windows = collections.defaultdict(lambda: [0, 0])  # answers, and failures without a version
        self._clock = ""
        self.probed = probed
        self.probes = 0
        self.probe_problem = "the probe has not run yet"

    def record(self, response):
        wrong = response.status != self.expected.get(response.path, response.status)
        failed = response.status == 0 or response.status >= 500 or response.clock_off or wrong
        window = self._windows[response.sent // WINDOW_SECONDS]
        if response.version in self._versions:
            self._versions[response.version].add(response, failed)
            window[0] += 1
            if response.version == self._canary_version and not failed:
                self._recent.append((response.path, response.seconds))
        elif not response.version and (response.status == 0 or response.status >= 500):
            # Lost on the way, or a load balancer speaks for a target: whose it was, nothing tells.
            window[1] += 1
        else:
            self.others.add(response, failed)

    def _outage(self, window):
        """Whether more was lost than the canary's share could be: then the network was away, for us or for both."""
        total, lost = self._windows.get(window, (0, 0))
        expected = self.percent / 100 * (total + lost)
        return lost > expected + 3 * math.sqrt(expected * (1 - self.percent / 100))

    @property
    def lost(self):
        """Failures without a version that may be the canary's: outside the times in which the network was away."""
        return sum(lost for window, (_, lost) in self._windows.items()
            if lost and not any(self._outage(window + beside) for beside in (-1, 0, 1)))

    def probe(self, exit_code, said):
        """Takes what the command `probe` came to: 0 OK, 1 clock outside; anything else tells nothing."""
        if exit_code == 0:
            self.probes += 1
        elif exit_code == 1:
            self._clock = said
        else:
            self.probe_problem = said

    def verdict(self, elapsed):
        """What to do after so many seconds, and why."""
        limits = self.limits
        if self._clock:
            return Verdict.WITHDRAW, f"the probe found the clock outside its tolerance: {self._clock}"
        look = int(LOOKS * elapsed / limits.seconds)
        if look > self._looked:
            self._looked = look
            wrong = self._wrong()
            if wrong:
                return Verdict.WITHDRAW, wrong
            undecided = self._undecided()
            self._lacked = self._lacking() or undecided
            if elapsed >= limits.seconds and not self._lacked:
                return Verdict.PROMOTE, f"the canary gave {self.canary}" + (
                    f"; the probe said OK {self.probes} times" if self.probed else "")
            if elapsed >= limits.seconds * limits.patience:
                if undecided:
                    return Verdict.UNDECIDED, undecided
                return Verdict.WITHDRAW, f"after {elapsed:.0f} s {self._lacked}"
        return Verdict.WATCH, self._lacked or f"{max(0, limits.seconds - elapsed):.0f} s remain"

    def _wrong(self):
        """What shows that the canary is worse than the stable, or nothing."""
        canary, stable, alpha = self.canary, self.stable, self.limits.alpha
        if worse(canary.failed, canary.responses, stable.failed, stable.responses) < alpha:
            return f"the canary ({canary}) fails more often than the stable version ({stable})"
        number = canary.responses + stable.responses
        share = self.percent / 100
        missing = share * number - canary.responses
        if self.lost >= max(missing, 1) and at_most(canary.responses, number, share) < alpha:
            return (
                f"of {number} answered requests the canary answered only {canary.responses}, less than its "
                f"{self.percent:g} %; {self.lost} more got no response from the service"
            )
        usual = {path: max(FLOOR_SECONDS, percentile(times)) for path, times in stable.times.items() if times[9:]}
        recent, self._recent = paces(usual, self._recent), []
        if recent:
            self._slow_looks = self._slow_looks + 1 if percentile(recent) > SLOW else 0
        found = paces(usual, [(path, each) for path, times in canary.times.items() for each in times])
        self._pace = percentile(found) if found else 0.0
        self._slow = False
        if self._pace > SLOW:
            slow = sum(pace > SLOW for pace in found)
            times = [(stable.times[path], FLOOR_SECONDS + SLOW * usual[path]) for path in usual]
            others_slow = sum(len(each) - bisect.bisect(each, most) for each, most in times)
            chance = worse(slow, len(found), others_slow, sum(len(each) for each, _ in times))
            self._slow = chance < DOUBT
            if chance < alpha and self._slow_looks >= SLOW_LOOKS:
                return ("the canary is slow: its 90th percentile of response times is "
                    f"{self._pace:.1f} times the stable version's")
        return ""

    def _few(self, failed, responses):
        """Whether failures are so few that a canary as bad as the limit would hardly ever show them."""
        return at_most(failed, responses, (self.stable.percent + self.limits.failed_percent) / 100) < self.limits.alpha

    def _undecided(self):
        """What both suffer from, or may suffer from; or nothing."""
        canary, stable, lost = self.canary, self.stable, self.lost
        if sum(each for _, each in self._windows.values()) > stable.responses:
            return "more requests were lost than the stable version answered"
        if min(canary.percent, stable.percent) > self.limits.failed_percent:
            return f"both fail: the canary {canary}, the stable version {stable}"
        if self._few(canary.failed, canary.responses) and not self._few(canary.failed + lost, canary.responses + lost):
            return (f"{lost} requests got no response from the service, and may have gone to the canary; the canary gave "
                f"{canary}")
        return ""

    def _lacking(self):
        canary, stable, limits = self.canary, self.stable, self.limits
        if canary.responses < limits.responses:
            hint = ""
            if not canary.responses and self.others.responses:
                hint = (
                    f": {self.others.responses} responses carried neither version. "
                    f"The service must send MERIDIAN_VERSION ({self._canary_version}) as Service-Version"
                )
            return f"the canary gave {canary.responses} of the {limits.responses} responses that are required of it{hint}"
        if not stable.responses:
            return "the stable version gave no response to compare with"
        if self.probed and not self.probes:
            return f"no probe succeeded: {self.probe_problem}"
        if not self._few(canary.failed, canary.responses):
            return ("the canary fails too often to be promoted, but is not shown to be worse than the stable "
                f"version: {canary}")
        if self._slow:
            return f"the canary's 90th percentile of response times is {self._pace:.1f} times the stable version's"
        return ""


def paces(usual, times):
    """Seconds as sorted multiples of what is usual on their path."""
    return sorted(max(0, each - FLOOR_SECONDS) / usual[path] for path, each in times if path in usual)


def percentile(values):
    """The 90th, of sorted ones."""
    return values[math.ceil(0.9 * len(values)) - 1]
