"""The scripts' judge of clocks, with the table that ProbeTest and IntervalTest apply to the probe of app/."""

import datetime
import json
import re
import socket
import subprocess
import sys
import threading
import time

import pytest
from support.fronts import Front, reply
from support.machine import ROOT
from support.service import free_port

sys.path.insert(0, str(ROOT / "scripts"))
from meridian import clock

RANGES, RESPONSES, RAW, USAGE = json.loads((ROOT / "tests/commands/clock.json").read_text()).values()


@pytest.mark.parametrize(("low", "high", "verdict"), RANGES)
def test_the_verdict_is_what_the_range_proves(low, high, verdict):
    assert clock.judge(low * 10**6, high * 10**6, clock.SECOND) == getattr(clock, verdict)


def body(text):
    def instant(found):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=float(found[1] or 0))
        return now.isoformat(timespec="microseconds").replace("+00:00", "Z")

    return re.sub(r"NOW([+-][\d.]+)?", instant, text).encode()


@pytest.mark.parametrize(("local", "utc"), [
    ("2026-02-28T05:45:00+05:45", "2026-02-28T00:00:00Z"), ("2026-02-27T22:30:00.5-01:30", "2026-02-28T00:00:00.5Z")])
def test_a_time_in_another_zone_is_the_same_moment(local, utc):
    assert clock.moment(local) == clock.moment(utc)


NESTED = [200, '{"now":' + "[" * 3000, 2, "the response is not JSON"]


@pytest.mark.parametrize(("status", "text", "code", "words"), [*RESPONSES, NESTED])
def test_a_response_is_judged_as_by_the_probe(status, text, code, words):
    with Front(lambda _: reply(body(text), status)) as front:
        seen, line = clock.Checker(front.url).check()
        assert (seen, words in line, line.endswith(f", {front.url}/now")) == (code, True, True), line


@pytest.mark.parametrize(("text", "drips", "words"), RAW)
def test_an_invalid_response_is_down_within_the_timeout(text, drips, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            client, _ = listener.accept()
            client.sendall(text.encode())
            for _ in range(30):
                time.sleep(0.1)
                try:
                    client.sendall(b"x" * drips)
                except OSError:
                    break

        threading.Thread(target=serve, daemon=True).start()
        start = time.monotonic()
        code, line = clock.Checker(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.5).check()
        assert code == 2 and words in line and time.monotonic() < start + 3, line


@pytest.mark.parametrize("arguments", USAGE)
def test_wrong_usage_is_explained_without_printing_a_password(arguments):
    done = subprocess.run([sys.executable, ROOT / "scripts/meridian/clock.py", *arguments.split()], text=True,
        capture_output=True)
    assert (done.returncode, done.stdout) == (64, "") and "usage: probe" in done.stderr
    assert "s3cret" not in done.stderr and "Traceback" not in done.stderr


def test_it_ends_when_its_reader_ends():
    probe = f"{sys.executable} {ROOT}/scripts/meridian/clock.py --every 100ms http://127.0.0.1:{free_port()}"
    done = subprocess.run(f"{probe} | head -1", shell=True, timeout=30, text=True, capture_output=True)
    assert (done.stdout.startswith("Failed: down"), done.stdout.count("\n"), done.stderr) == (True, 1, "")


def test_samples_share_a_connection_and_narrow_the_range():
    with Front(lambda _: time.sleep(0.03) or reply(body('{"now":"NOW"}'))) as front:
        assert clock.Checker(front.url, tolerance=0.005).check()[0] == clock.INCONCLUSIVE
        assert len(front.seen) == 11


def test_no_connection_is_down_and_a_password_is_sent_but_never_printed():
    with Front(lambda _: reply(body("NOW"))) as front:
        code, line = clock.Checker(front.url.replace("//", "//m%40e:s3cret@") + "?zone=x").check()
        assert code == 0 and line.endswith(f", {front.url}/now?zone=x")
        assert front.seen[0].request.headers["Authorization"] == "Basic bUBlOnMzY3JldA=="
    assert clock.Checker(f"http://127.0.0.1:{free_port()}").check()[1].startswith("Failed: down: no connection, ")
    assert "the host no_such_host.invalid is not known" in clock.Checker("http://no_such_host.invalid").check()[1]
