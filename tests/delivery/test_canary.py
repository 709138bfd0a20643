"""The judge of a canary, and what it sees of a service."""

import datetime
import itertools
import random
import sys
import time

import pytest
from support.fronts import Front, reply
from support.machine import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from meridian.judge import Answer, Judge, Limits, Verdict
from meridian.traffic import Traffic, clock_off, visit

STABLE = "sha256:" + "a" * 64
CANARY = "sha256:" + "b" * 64


def judge(**limits):
    return Judge(STABLE, CANARY, Limits(**limits))


def serve(subject, canary, stable=1800, status=200):
    """The canary's answers, and nine times as many of the stable around them."""
    for _ in range(stable):
        subject.answer(Answer(200, STABLE))
    for _ in range(canary):
        subject.answer(Answer(status, CANARY))


def test_clean_traffic_and_a_probe_that_says_ok_promote():
    subject = judge()
    serve(subject, canary=200)
    subject.probe(0, "OK")
    assert subject.verdict(599)[0] is Verdict.WATCH
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_one_failure_less_than_the_limit_promotes_and_one_more_withdraws():
    subject = judge()
    serve(subject, canary=198)
    serve(subject, canary=2, stable=0, status=503)
    subject.probe(0, "OK")
    assert subject.verdict(600)[0] is Verdict.PROMOTE
    subject.answer(Answer(500, CANARY))
    assert subject.verdict(600)[0] is Verdict.WITHDRAW


def test_a_half_failing_canary_behind_a_healthy_stable_is_withdrawn_though_the_total_hides_it():
    subject = judge(failed_percent=10)
    subject.probe(0, "OK")
    chance = random.Random(7)
    verdict = Verdict.WATCH
    for second in range(600):
        for _ in range(5):
            if chance.random() < 0.1:
                subject.answer(Answer(500 if chance.random() < 0.5 else 200, CANARY))
            else:
                subject.answer(Answer(200, STABLE))
        verdict, reason = subject.verdict(second)
        if verdict is not Verdict.WATCH:
            break
    total = subject.canary.failed / (subject.canary.answers + subject.stable.answers) * 100
    assert total < 10, "or the total would have shown it"
    assert verdict is Verdict.WITHDRAW and "of the canary's" in reason


def test_failures_that_no_number_of_answers_could_excuse_withdraw_at_once():
    subject = judge()
    serve(subject, canary=3, stable=27, status=500)
    verdict, reason = subject.verdict(6)
    assert verdict is Verdict.WITHDRAW and "3 answers, 3 failed" in reason


def test_failures_of_the_stable_are_not_the_canarys():
    subject = judge()
    serve(subject, canary=200, stable=0)
    for _ in range(1800):
        subject.answer(Answer(500, STABLE))
    subject.probe(0, "OK")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_a_withdrawal_says_when_the_stable_fails_too():
    subject = judge()
    serve(subject, canary=50, stable=0, status=502)
    for _ in range(100):
        subject.answer(Answer(502, STABLE))
    assert "stable fails too" in subject.verdict(60)[1]


def test_what_a_load_balancer_says_for_a_dead_target_is_the_canarys():
    subject = judge()
    serve(subject, canary=20)
    for _ in range(3):
        subject.answer(Answer(502))
    assert subject.verdict(30)[0] is Verdict.WITHDRAW


def test_connections_that_break_now_and_then_are_the_canarys():
    subject = judge()
    for _ in range(3):
        subject.answer(Answer(0))
        subject.answer(Answer(200, STABLE))
    assert subject.canary.failed == 3
    assert subject.verdict(30)[0] is Verdict.WITHDRAW


def test_a_network_that_is_gone_for_a_while_is_nobodys_failure():
    subject = judge()
    serve(subject, canary=200)
    for _ in range(50):
        subject.answer(Answer(0))
    serve(subject, canary=10, stable=90)
    subject.probe(0, "OK")
    assert subject.canary.failed == 0
    assert subject.verdict(600)[0] is Verdict.PROMOTE


@pytest.mark.parametrize("status", [301, 400, 404, 429])
def test_answers_below_500_are_no_failures(status):
    subject = judge()
    serve(subject, canary=200, status=status)
    subject.probe(0, "OK")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_too_little_traffic_waits_and_in_the_end_withdraws():
    subject = judge()
    serve(subject, canary=199)
    subject.probe(0, "OK")
    verdict, reason = subject.verdict(1799)
    assert verdict is Verdict.WATCH and "199 of 200" in reason
    assert subject.verdict(1800)[0] is Verdict.WITHDRAW
    subject.answer(Answer(200, CANARY))
    assert subject.verdict(1799)[0] is Verdict.PROMOTE


def test_a_service_that_does_not_name_its_version_is_told_so():
    subject = judge()
    for _ in range(3000):
        subject.answer(Answer(200))
    verdict, reason = subject.verdict(1800)
    assert verdict is Verdict.WITHDRAW and "Service-Version" in reason and "MERIDIAN_VERSION" in reason


def test_a_clock_outside_its_tolerance_withdraws_at_once():
    subject = judge()
    subject.probe(0, "OK")
    subject.probe(1, "Failed: clock +1500 ms")
    verdict, reason = subject.verdict(5)
    assert verdict is Verdict.WITHDRAW and "+1500 ms" in reason


def test_answers_of_the_canary_with_a_wrong_time_withdraw_it():
    subject = judge()
    for _ in range(3):
        subject.answer(Answer(200, CANARY, clock_off=True))
    assert subject.verdict(5)[0] is Verdict.WITHDRAW


@pytest.mark.parametrize("exit_code", [2, 3, 64, 127, -9])
def test_a_probe_that_is_out_for_a_while_decides_nothing(exit_code):
    subject = judge()
    serve(subject, canary=300)
    subject.probe(0, "OK")
    for _ in range(10):
        subject.probe(exit_code, "no connection")
    assert subject.verdict(600)[0] is Verdict.PROMOTE


def test_without_one_probe_that_says_ok_nothing_is_promoted():
    subject = judge()
    serve(subject, canary=300)
    subject.probe(2, "no connection")
    verdict, reason = subject.verdict(600)
    assert verdict is Verdict.WATCH and "no connection" in reason
    assert subject.verdict(1800)[0] is Verdict.WITHDRAW


def test_the_same_version_twice_cannot_be_told_apart():
    with pytest.raises(ValueError, match="tells them apart"):
        Judge(STABLE, STABLE)


@pytest.mark.parametrize(
    "limits", [{"seconds": 0}, {"answers": 0}, {"failed_percent": 51}, {"patience": 0.5}, {"failed_percent": -1}]
)
def test_limits_that_would_promote_anything_are_refused(limits):
    with pytest.raises(ValueError, match=next(iter(limits))):
        Limits(**limits)


# What the visits see


@pytest.fixture
def service():
    """A tenth of the requests to the canary, which fails every second time; the rest to the stable."""
    numbers = itertools.count()

    def respond(_):
        number = next(numbers)
        canary = number % 10 == 9
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        return reply({"now": now}, 500 if canary and number % 20 == 9 else 200,
            Service_Version=CANARY if canary else STABLE)

    with Front(respond) as front:
        yield front.url


def test_visits_over_real_sockets_tell_the_versions_apart(service):
    subject = judge(seconds=60)
    begin = time.monotonic()
    with Traffic(service, ["/now", "/"], per_second=50) as traffic:
        while subject.canary.answers < 10 and time.monotonic() < begin + 30:
            time.sleep(0.1)
            for answer in traffic.answers():
                subject.answer(answer)
    assert subject.stable.failed == 0 and subject.stable.answers > 4 * subject.canary.answers
    assert subject.canary.failed in range(subject.canary.answers // 2 - 2, subject.canary.answers // 2 + 3)
    assert subject.verdict(5)[0] is Verdict.WITHDRAW


def test_the_pace_is_kept(service):
    with Traffic(service, ["/now"], per_second=20) as traffic:
        time.sleep(2)
        count = len(list(traffic.answers()))
    assert 25 <= count <= 45


def test_no_connection_is_an_answer_of_its_own():
    assert visit("http://127.0.0.1:9/now", 1) == Answer(0)


def test_a_redirect_is_not_followed_to_another_service(service):
    with Front(lambda _: reply(status=302, Location=service)) as front:
        assert visit(front.url, 5) == Answer(302)


@pytest.mark.parametrize(
    ("told", "off"),
    [(99.1, False), (98.9, True), (101.2, False), (101.6, True), (100.2, False)],
)
def test_a_time_is_off_only_where_no_delay_could_explain_it(told, off):
    """Sent at 100, answered at 100.5: the offset lies in [told - 100.5, told - 100]."""
    text = datetime.datetime.fromtimestamp(told, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    assert clock_off(b'{"now":"%s"}' % text.encode(), 100, 100.5) is off
    assert clock_off(b'{"timestamp":"%s","ip":"192.0.2.1"}' % text.encode(), 100, 100.5) is off


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"now":7}', b'{"foo":"bar"}', b'{"now":"soon"}', b"\xff"])
def test_an_answer_that_tells_no_time_is_not_judged_by_it(body):
    assert clock_off(body, 100, 100.5) is False
