"""The judge of a canary, and what it observes of a service."""

import datetime
import itertools
import math
import random
import re
import sys
import threading
import time

import pytest
from support.fronts import Front, reply
from support.machine import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from meridian.judge import Response, Judge, Limits, Verdict, worse
from meridian.traffic import Traffic, clock_off, visit

STABLE = "sha256:" + "a" * 64
CANARY = "sha256:" + "b" * 64


def judge(**settings):
    limits = {name: settings.pop(name) for name in list(settings) if hasattr(Limits, name)}
    return Judge(STABLE, CANARY, Limits(**limits), **settings)


def serve(subject, canary, stable=2700, status=200, path="/now", seconds=0.02):
    """Record responses of the canary and of the stable version, spread over the same ten minutes."""
    for number in range(stable):
        subject.record(Response(200, STABLE, False, path, 600 * number / stable, 0.02 + 0.01 * (number % 10) / 10))
    for number in range(canary):
        time = 600 * number / canary
        subject.record(Response(status, CANARY, False, path, time, seconds + seconds * (number % 10) / 20))


def test_clean_traffic_and_an_ok_probe_promote():
    subject = judge()
    serve(subject, canary=300)
    subject.probe(0, "OK")
    assert subject.verdict(599)[0] is Verdict.WATCH
    assert subject.verdict(600)[0] is Verdict.PROMOTE


@pytest.mark.parametrize(
    ("stable", "canary", "verdicts", "seconds"),
    [
        (0, 0, {Verdict.PROMOTE}, 601),
        (0, 0.05, {Verdict.WITHDRAW}, 1801),
        (0, 0.2, {Verdict.WITHDRAW}, 301),
        (0, 1, {Verdict.WITHDRAW}, 61),
        # When in doubt it does not promote.
        (0.01, 0.2, {Verdict.WITHDRAW, Verdict.UNDECIDED}, 1801),
    ],
)
def test_responses_without_a_version_are_compared_with_those_before_the_canary(stable, canary, verdicts, seconds):
    """As in stacks/README.md: 1,000 responses before, then five a second, of which a tenth are the canary's."""
    for seed in range(3):
        chance = random.Random(seed)
        subject = Judge(STABLE, CANARY, Limits().spread(10), probed=False)
        for number in range(1000):
            subject.record(Response(500 if chance.random() < stable else 200, STABLE, False, "/", number / 5, 0.02))
        now, verdict = 0, Verdict.WATCH
        while verdict is Verdict.WATCH:
            now += 0.2
            fails = canary if chance.random() < 0.1 else stable
            subject.record(Response(500 if chance.random() < fails else 200, CANARY, False, "/", 1000 + now, 0.02))
            verdict, _ = subject.verdict(now)
        assert verdict in verdicts and now <= seconds, (verdict, now)


def exact(failed, responses, others_failed, others):
    """The same with whole numbers."""
    bad = failed + others_failed
    return sum(math.comb(responses, k) * math.comb(others, bad - k)
        for k in range(failed, min(bad, responses) + 1)) / math.comb(responses + others, bad)


@pytest.mark.parametrize("table", [(3, 10, 1, 90), (5, 200, 5, 1800), (0, 5, 0, 5), (5, 5, 0, 45), (12, 300, 54, 2700)])
def test_failures_are_compared_by_fishers_exact_test(table):
    assert worse(*table) == pytest.approx(exact(*table))


def test_the_fewest_responses_that_can_show_a_limit_are_required():
    limits = Limits(failed_percent=5)
    fewest = int(limits.refuse(100, 50).split("RESPONSES=")[1]) if limits.refuse(100, 50) else 200
    for responses in (fewest, fewest - 1):
        assert (0.95**responses < limits.alpha) == (Limits(responses=responses).refuse(100, 50) is None)


def test_a_canary_must_not_fail_more_often_than_the_stable_in_the_same_time():
    for of_stable, expected in ((0, Verdict.WITHDRAW), (270, Verdict.WATCH)):
        subject = judge()
        serve(subject, canary=270, stable=2700 - of_stable)
        serve(subject, canary=30, stable=0, status=500)
        for number in range(of_stable):
            subject.record(Response(500, STABLE, False, "/now", 2 * number))
        subject.probe(0, "OK")
        verdict, reason = subject.verdict(600)
        assert verdict is expected, reason
    verdict, reason = subject.verdict(1800)
    assert verdict is Verdict.UNDECIDED and "both fail" in reason


def test_failures_of_the_stable_do_not_count_against_the_canary():
    subject = judge()
    serve(subject, canary=300, stable=0)
    for number in range(1800):
        subject.record(Response(500, STABLE, False, "/now", number / 3))
    subject.probe(0, "OK")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_each_path_must_return_what_the_stable_returns():
    for expected, verdict in (({"/now": 200}, Verdict.WITHDRAW), ({"/now": 404}, Verdict.WATCH)):
        subject = judge(expected=expected)
        serve(subject, canary=15, stable=0 if verdict is Verdict.WATCH else 135, status=404)
        assert subject.verdict(30)[0] is verdict


@pytest.mark.parametrize(("seconds", "slow", "expected"), [
    (0.03, 300, Verdict.PROMOTE), (0.08, 300, Verdict.WITHDRAW), (3, 300, Verdict.WITHDRAW),
    # The first requests to a new version, or a machine that is busy for a moment, may be slow.
    (3, 20, Verdict.PROMOTE)])
def test_only_a_canary_that_stays_slower_by_the_factor_is_withdrawn(seconds, slow, expected):
    subject = judge()
    subject.probe(0, "OK")
    for number in range(3001):
        canary, usual = number % 10 == 9, 0.02 + 0.01 * (number % 9) / 10
        slower = seconds / 0.02 if canary and number < 10 * slow else 1
        subject.record(Response(200, CANARY if canary else STABLE, False, "/now", number / 5, slower * usual))
        verdict, reason = subject.verdict(number / 5)
        if verdict is not Verdict.WATCH:
            break
    assert verdict is expected, reason
    assert number / 5 == 600 if expected is Verdict.PROMOTE else number / 5 <= 180


def test_slow_responses_by_chance_do_not_count_against_the_canary():
    """About a tenth of either version's responses wait for something, and a tenth is just at the percentile."""
    subject = judge()
    for number in range(3000):
        canary = number % 10 == 9
        slow = number % 90 == 9 if canary else number % 100 < 8
        subject.record(Response(200, CANARY if canary else STABLE, False, "/now", number / 5, 0.5 if slow else 0.01))
    subject.probe(0, "OK")
    assert subject.canary.times["/now"][269] == 0.5 and subject.stable.times["/now"][2429] == 0.01
    assert subject.verdict(600)[0] is Verdict.PROMOTE


@pytest.mark.parametrize("status", [0, 502])
@pytest.mark.parametrize(("canary", "lost", "expected"), [
    (300, 3, Verdict.PROMOTE), (300, 30, Verdict.UNDECIDED), (0, 300, Verdict.WITHDRAW)])
def test_failures_without_a_version_are_the_canarys_only_if_its_own_responses_are_missing(
    status, canary, lost, expected
):
    subject = judge()
    serve(subject, canary)
    for number in range(lost):
        subject.record(Response(status, sent=600 * number / lost))
    subject.probe(0, "OK")
    verdict, reason = subject.verdict(600)
    assert verdict is (Verdict.WATCH if expected is Verdict.UNDECIDED else expected), reason
    if verdict is Verdict.WATCH:
        verdict, reason = subject.verdict(1800)
    assert verdict is expected
    assert {3: "succeeded", 30: "may have gone to the canary", 300: "less than its share of 10 %"}[lost] in reason


@pytest.mark.parametrize("seconds", [8, 14, 60])
def test_losses_during_a_network_outage_count_against_nobody(seconds):
    subject = judge()
    serve(subject, canary=300)
    for number in range(5 * seconds):
        subject.record(Response(0, sent=204 + number / 5))
    subject.probe(0, "OK")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_a_network_that_is_down_all_the_time_decides_nothing():
    subject = judge()
    for number in range(9000):
        subject.record(Response(0, sent=number / 5))
    assert subject.verdict(600)[0] is Verdict.WATCH
    assert subject.verdict(1800)[0] is Verdict.UNDECIDED


def test_too_little_traffic_waits_and_finally_withdraws():
    subject = judge()
    serve(subject, canary=299)
    subject.probe(0, "OK")
    verdict, reason = subject.verdict(1799)
    assert verdict is Verdict.WATCH and "only 299 of 300" in reason
    assert subject.verdict(1800)[0] is Verdict.WITHDRAW


def test_the_last_missing_response_promotes():
    subject = judge()
    serve(subject, canary=300)
    subject.probe(0, "OK")
    assert subject.verdict(1799)[0] is Verdict.PROMOTE


def test_a_missing_version_is_named_as_the_reason():
    subject = judge()
    for _ in range(3000):
        subject.record(Response(200))
    verdict, reason = subject.verdict(1800)
    assert verdict is Verdict.WITHDRAW and "Service-Version" in reason and "MERIDIAN_VERSION" in reason


def test_a_clock_outside_its_tolerance_withdraws_at_once():
    subject = judge()
    subject.probe(0, "OK")
    subject.probe(1, "Failed: clock +1500 ms")
    verdict, reason = subject.verdict(5)
    assert verdict is Verdict.WITHDRAW and "+1500 ms" in reason


def test_responses_of_the_canary_with_a_wrong_time_withdraw_it():
    subject = judge()
    serve(subject, canary=0, stable=135)
    for _ in range(15):
        subject.record(Response(200, CANARY, clock_off=True))
    assert subject.verdict(30)[0] is Verdict.WITHDRAW


@pytest.mark.parametrize("exit_code", [2, 3, 64, 127, -9])
def test_a_probe_that_fails_for_a_while_decides_nothing(exit_code):
    subject = judge()
    serve(subject, canary=300)
    subject.probe(0, "OK")
    for _ in range(10):
        subject.probe(exit_code, "no connection")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_without_an_ok_probe_nothing_is_promoted():
    subject = judge()
    serve(subject, canary=300)
    subject.probe(2, "no connection")
    verdict, reason = subject.verdict(600)
    assert verdict is Verdict.WATCH and "no connection" in reason
    assert subject.verdict(1800)[0] is Verdict.WITHDRAW


def test_the_same_version_twice_is_refused():
    with pytest.raises(ValueError, match="tells them apart"):
        Judge(STABLE, STABLE)


@pytest.mark.parametrize(("limits", "named"),
    [({"responses": 200_000}, "2,000,000 responses of both versions; 1,000,000 is the most"),
        ({"failed_percent": 0.5}, "if 0.5 % of its requests fail, that is only 0.05 % of all requests, and 0.1 %")])
def test_limits_that_are_too_fine_for_all_responses_are_refused(limits, named):
    with pytest.raises(ValueError, match=re.escape(named)):
        Limits(**limits).spread(10)


# What the requests observe


@pytest.fixture
def service():
    """A tenth of the requests go to the canary, which fails every second time; the rest go to the stable."""
    numbers = itertools.count()

    def respond(_):
        number = next(numbers)
        canary = number % 10 == 9
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        return reply({"now": now}, 500 if canary and number % 20 == 9 else 200,
            Service_Version=CANARY if canary else STABLE)

    with Front(respond) as front:
        yield front.url


def test_requests_over_real_sockets_distinguish_the_versions(service):
    subject = judge(seconds=60)
    begin = time.monotonic()
    with Traffic(service, ["/now", "/"], per_second=50) as traffic:
        while subject.canary.responses < 10 and time.monotonic() < begin + 30:
            time.sleep(0.1)
            for response in traffic.responses():
                subject.record(response)
    assert subject.stable.failed == 0 and subject.stable.responses > 4 * subject.canary.responses
    assert subject.canary.failed in range(subject.canary.responses // 2 - 2, subject.canary.responses // 2 + 3)
    assert subject.verdict(5)[0] is Verdict.WITHDRAW


def test_the_rate_is_kept(service):
    with Traffic(service, ["/now"], per_second=20) as traffic:
        time.sleep(2)
        count = len(list(traffic.responses()))
    assert 25 <= count <= 45


@pytest.mark.check
def test_requests_missed_during_an_outage_are_not_caught_up():
    gate = threading.Event()

    def respond(_):
        gate.wait(30)
        times.append(time.monotonic())
        return reply({})

    times = []
    with Front(respond) as front, Traffic(front.url, ["/now"], per_second=20, timeout=1) as traffic:
        time.sleep(3)
        gate.set()
        opened = time.monotonic()
        time.sleep(2)
        list(traffic.responses())
    # Requests that were already waiting are answered at once; the rest come at the set rate.
    assert sum(opened + 0.5 <= at <= opened + 1.5 for at in times) <= 25


def test_no_connection_counts_as_a_response():
    response = visit("http://127.0.0.1:9/now", 1, "/now")
    assert (response.status, response.path) == (0, "/now")


def test_a_redirect_is_not_followed_to_another_service(service):
    with Front(lambda _: reply(status=302, Location=service)) as front:
        assert visit(front.url, 5).status == 302


@pytest.mark.parametrize(
    ("reported", "off"),
    [(99.1, False), (98.9, True), (101.2, False), (101.6, True), (100.2, False)],
)
def test_a_time_is_off_only_if_no_delay_could_explain_it(reported, off):
    """Sent at 100, answered at 100.5: the offset lies in [reported - 100.5, reported - 100]."""
    text = datetime.datetime.fromtimestamp(reported, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    assert clock_off(b'{"now":"%s"}' % text.encode(), 100, 100.5) is off
    assert clock_off(b'{"timestamp":"%s","ip":"192.0.2.1"}' % text.encode(), 100, 100.5) is off


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"now":7}', b'{"foo":"bar"}', b'{"now":"soon"}', b"\xff"])
def test_a_response_without_a_time_is_not_judged_by_it(body):
    assert clock_off(body, 100, 100.5) is False
