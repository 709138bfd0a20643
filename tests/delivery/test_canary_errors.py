"""How often the canary's judge errs: the table in stacks/README.md, computed exactly and by trials.

TRIALS=1000 checks each figure of the trials; fewer trials check only the limits.
"""

import fractions
import math
import os
import sys

import pytest
from support import draws
from support.machine import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from meridian.judge import Response, Judge, Limits, Verdict

VERSIONS = ("sha256:" + "a" * 64, "sha256:" + "b" * 64, "")
TRIALS = int(os.environ.get("TRIALS", "10"))
TABLE = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "stacks/README.md").read_text().split("How often a canary's verdict errs")[-1].splitlines()
    if line.startswith("| ")
][1:]

ROWS = {
    **{f"healthy, both fail {100 * rate:g} %": {"fails": (rate, rate)} for rate in (0, 0.005, 0.01, 0.02)},
    **{
        f"the stable fails {100 * rate:g} %, the canary {100 * rate + 5:g} %": {"fails": (rate, rate + 0.05)}
        for rate in (0, 0.005, 0.01, 0.02)
    },
    "the canary fails 20 %, the stable 1 %": {"fails": (0.01, 0.2)},
    "both fail 30 %": {"fails": (0.3, 0.3)},
    "404 on every path": {"status": 404},
    "three times slower": {"slower": 3.0},
    "the load balancer answers 502 to 5 % of the canary's requests": {"refused": 0.05},
    "the load balancer answers 502 to all of the canary's requests": {"refused": 1.0},
    **{f"the judge's network is down for {seconds} s": {"gone": seconds} for seconds in (8, 14, 60)},
    "the judge loses 0.1 % of its requests on the way": {"lost": 0.001},
    "the judge loses 1 % of its requests on the way": {"lost": 0.01},
    "healthy, both fail 0.5 %, `MINUTES=6 RATE=10`": {"fails": (0.005, 0.005), "minutes": 6, "rate": 10},
}


def trial(seed, minutes=10, rate=5, **drawn):
    """Return the verdict and the second at which it came."""
    judge = Judge(*VERSIONS[:2], Limits(seconds=60 * minutes), percent=10, expected=dict.fromkeys(draws.PATHS, 200))
    judge.probe(0, "OK")
    for arrived, sent, path, which, status, seconds in draws.responses(seed, 3 * minutes + 1, rate, **drawn):
        verdict, _ = judge.verdict(arrived)
        if verdict is not Verdict.WATCH:
            return verdict, arrived
        judge.record(Response(status, VERSIONS[2 if which is None else which], False, path, sent, seconds))
    raise AssertionError("no verdict")


def exactly(fails):
    """Percent of looks that promote and that withdraw, over 300 responses of the canary and 2,700 of the stable."""
    chances = dict.fromkeys(Verdict, 0.0)
    numbers = (2700, 300)
    for old, of_old in binomial(numbers[0], fails[0]):
        for new, of_new in binomial(numbers[1], fails[1]):
            judge = Judge(*VERSIONS[:2], percent=10)
            judge.probe(0, "OK")
            for count, failed, number in ((judge.stable, old, numbers[0]), (judge.canary, new, numbers[1])):
                count.responses, count.failed = number, failed
            chances[judge.verdict(600)[0]] += of_old * of_new
    return [f"{100 * chances[verdict]:.3g}" for verdict in (Verdict.PROMOTE, Verdict.WITHDRAW)]


def binomial(number, chance):
    """Yield each count whose chance exceeds 1e-9, with that chance, computed by exact fractions."""
    chance = fractions.Fraction(chance).limit_denominator(1000)
    for k in range(number // 5):
        each = float(math.comb(number, k) * chance**k * (1 - chance) ** (number - k))
        if each > 1e-9:
            yield k, each


def figures(results):
    shares = [sum(verdict is each for verdict, _ in results) for each in list(Verdict)[1:]]
    soon = sum(verdict is Verdict.WITHDRAW and second <= 181 for verdict, second in results)
    return [f"{100 * each / TRIALS:g}" for each in (*shares, soon)]


@pytest.mark.parametrize("name", ROWS)
def test_the_table_of_verdict_errors(name):
    drawn = ROWS[name]
    row = [*(exactly(drawn["fails"]) if set(drawn) == {"fails"} and max(drawn["fails"]) < 0.1 else ("", "")),
        *figures([trial(f"{name} {seed}", **drawn) for seed in range(TRIALS)])]
    print("|", " | ".join([name, *row]), "|")
    written = next(cells for cells in TABLE if cells[0] == name)
    assert written[1:3] == row[:2]
    if TRIALS == 1000:
        assert written[1:] == row
    promoted, withdrawn, undecided, soon = map(float, row[2:])
    luck = 100 / TRIALS if TRIALS < 1000 else 0
    if name.startswith("healthy") or "judge" in name:
        assert withdrawn <= 2 + luck
    elif "30 %" in name:
        assert undecided >= 98 - luck
    else:
        assert promoted <= (2 if "5" in name else 0)
    if "20 %" in name:
        assert soon >= 95 - luck
    if "404" in name or "slower" in name or "to all" in name:
        assert withdrawn == 100
    if "down" in name or "0.1" in name or "MINUTES" in name:
        assert promoted >= 98 - luck


def test_each_row_of_the_table_is_tried():
    assert [cells[0] for cells in TABLE] == list(ROWS)
