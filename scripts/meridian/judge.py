"""Judges a canary by its responses: keep watching, promote it, or withdraw it.

The header Service-Version shows which version gave a response. Failures and slow responses are compared with those of
the stable version in the same time, to the same requests. In the sum of all responses, nine healthy ones of the stable
version would hide each failure of the canary.
"""

import bisect
import collections
import dataclasses
import enum
import math

# Chance of a wrong verdict of each kind over all looks; each look gets an equal part of it (Bonferroni).
ALPHA = 0.01
LOOKS = 20  # in Limits.seconds
DOUBT = 0.05  # chance below which slow responses block a promotion, though they are not proven yet
SLOW = 2.0  # times the stable version's 90th percentile: more than that is slow
SLOW_LOOKS = 4  # in a row, each with slow responses since the previous look; a stall or a cold start is shorter
FLOOR_SECONDS = 0.005  # smaller differences never count as slow
WINDOW_SECONDS = 10  # if more than the canary's share is lost in this time, the network is the cause


def worse(failed, responses, others_failed, others):
    """Fisher's exact test: the chance of at least this many failures, if both sides fail equally often."""
    total, bad = responses + others, failed + others_failed
    if not failed:
        return 1.0
    whole = choices(total, bad)
    most = min(bad, responses)
    return sum(math.exp(choices(responses, k) + choices(others, bad - k) - whole) for k in range(failed, most + 1))


def at_most(seen, number, chance):
    """Chance that at most `seen` of `number` events happen, each with this chance."""
    if chance <= 0 or chance >= 1:
        return 1.0 if chance <= 0 or seen >= number else 0.0
    right, wrong = math.log1p(-chance), math.log(chance)
    return sum(math.exp(choices(number, k) + k * wrong + (number - k) * right) for k in range(seen + 1))


def choices(number, k):
    """Logarithm of the binomial coefficient."""
    return math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)


class Verdict(enum.Enum):
    WATCH = "watch"
    PROMOTE = "promote"
    WITHDRAW = "withdraw"
    UNDECIDED = "undecided"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a canary must show before it gets all requests."""

    seconds: float = 600  # watched for at least this long
    responses: int = 300  # required from the canary itself
    failed_percent: float = 5  # percentage points above the stable version's; a promotion needs proof of less
    patience: float = 3  # times `seconds`, after which a canary without enough proof is withdrawn

    @property
    def alpha(self):
        return ALPHA / math.ceil(LOOKS * self.patience)

    def spread(self, percent):
        """These limits for all responses, of which `percent` are the canary's; ValueError if out of range."""
        spread = dataclasses.replace(self, responses=math.ceil(self.responses * 100 / percent),
            failed_percent=self.failed_percent * percent / 100)
        if spread.responses > 1_000_000:
            raise ValueError(f"it would take {spread.responses:,} responses of both versions; 1,000,000 is the most")
        if spread.failed_percent < 0.1:
            raise ValueError(f"if {self.failed_percent:g} % of its requests fail, that is only "
                f"{spread.failed_percent:g} % of all requests, and 0.1 % is the least that can be judged")
        return spread

    def refuse(self, per_second, percent):
        """Why these limits cannot reach a verdict, as far as can be known beforehand; None if they can."""
        fewest = math.ceil(math.log(self.alpha) / math.log1p(-self.failed_percent / 100))
        if self.responses < fewest:
            return (
                f"{self.responses} responses are too few to show a failure rate below {self.failed_percent:g} %; set "
                f"RESPONSES={fewest}"
            )
        expected = per_second * percent / 100 * self.seconds * self.patience
        likely = expected - 4 * math.sqrt(expected)  # reached all but once in 30,000 times
        if likely < self.responses:
            minutes = (2 + math.sqrt(4 + self.responses)) ** 2 / (per_second * percent / 100 * 60 * self.patience)
            return (
                f"at {per_second:g} requests a second and a share of {percent:g} %, the canary gives about "
                f"{expected:.0f} responses in {self.patience * self.seconds / 60:g} minutes, after which the command "
                f"gives up. That is too few to be sure of the {self.responses} required. Set "
                f"MINUTES={math.ceil(10 * minutes) / 10:g}, raise RATE or PERCENT, or lower RESPONSES"
            )
        return None


@dataclasses.dataclass(frozen=True)
class Response:
    """One response as a visitor got it."""

    status: int  # HTTP status; 0 without a response: no connection, or a timeout
    version: str = ""  # header Service-Version; empty if a load balancer itself responded
    clock_off: bool = False  # the time in the response cannot be right
    path: str = ""
    sent: float = 0.0  # seconds, by any clock
    seconds: float = 0.0  # until it was complete


class Count:
    def __init__(self):
        self.responses = self.failed = 0
        self.times = collections.defaultdict(list)  # by path, sorted; without failures

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
    """Takes responses and probe results as they arrive. Not thread-safe."""

    def __init__(self, stable, canary, limits=Limits(), percent=10, expected=None, probed=True):
        """expected: status by path of the stable version; on other paths any below 500 is right. probed: whether a
        probe must report OK"""
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
        self._recent = []  # path and seconds of the canary's since the last look
        self._windows = collections.defaultdict(lambda: [0, 0])  # responses, and failures without a version
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
            # Lost on the way, or sent by a load balancer for its target: nothing shows which version it was.
            window[1] += 1
        else:
            self.others.add(response, failed)

    def _outage(self, window):
        """Whether more was lost than the canary's share: then the network failed, for us or for both versions."""
        total, lost = self._windows.get(window, (0, 0))
        expected = self.percent / 100 * (total + lost)
        return lost > expected + 3 * math.sqrt(expected * (1 - self.percent / 100))

    @property
    def lost(self):
        """Failures without a version that may be the canary's: those outside network outages."""
        return sum(lost for window, (_, lost) in self._windows.items()
            if lost and not any(self._outage(window + beside) for beside in (-1, 0, 1)))

    def probe(self, exit_code, said):
        """Record a result of the command `probe`: 0 is OK, 1 a wrong clock; any other exit code proves nothing."""
        if exit_code == 0:
            self.probes += 1
        elif exit_code == 1:
            self._clock = said
        else:
            self.probe_problem = said

    def verdict(self, elapsed):
        """Verdict after this many seconds, and its reason."""
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
                    f"; the probe succeeded {self.probes} times" if self.probed else "")
            if elapsed >= limits.seconds * limits.patience:
                if undecided:
                    return Verdict.UNDECIDED, undecided
                return Verdict.WITHDRAW, f"after {elapsed:.0f} s {self._lacked}"
        return Verdict.WATCH, self._lacked or f"{max(0, limits.seconds - elapsed):.0f} s remain"

    def _wrong(self):
        """Proof that the canary is worse than the stable version; empty without one."""
        canary, stable, alpha = self.canary, self.stable, self.limits.alpha
        if worse(canary.failed, canary.responses, stable.failed, stable.responses) < alpha:
            return f"the canary ({canary}) fails more often than the stable version ({stable})"
        number = canary.responses + stable.responses
        share = self.percent / 100
        missing = share * number - canary.responses
        if self.lost >= max(missing, 1) and at_most(canary.responses, number, share) < alpha:
            return (
                f"only {canary.responses} of {number} responses came from the canary, less than its share of "
                f"{self.percent:g} %; {self.lost} other requests got no response from the service"
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
        """Whether a canary as bad as the limit would hardly ever have so few failures."""
        return at_most(failed, responses, (self.stable.percent + self.limits.failed_percent) / 100) < self.limits.alpha

    def _undecided(self):
        """A fault that both versions have, or that may not be the canary's; empty without one."""
        canary, stable, lost = self.canary, self.stable, self.lost
        if sum(each for _, each in self._windows.values()) > stable.responses:
            return "the lost requests outnumber those that the stable version answered"
        if min(canary.percent, stable.percent) > self.limits.failed_percent:
            return f"both fail: the canary {canary}, the stable version {stable}"
        if self._few(canary.failed, canary.responses) and not self._few(canary.failed + lost, canary.responses + lost):
            return (
                f"{lost} requests got no response from the service, and may have gone to the canary; the canary "
                f"gave {canary}"
            )
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
            return f"the canary gave only {canary.responses} of {limits.responses} required responses{hint}"
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
    """Response times as multiples of the usual time on their path, sorted."""
    return sorted(max(0, each - FLOOR_SECONDS) / usual[path] for path, each in times if path in usual)


def percentile(values):
    """The 90th percentile of sorted values."""
    return values[math.ceil(0.9 * len(values)) - 1]
