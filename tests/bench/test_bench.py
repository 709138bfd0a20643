"""The benchmark's arithmetic, and a short run of it. The benchmark itself shows how fast the service is."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from support import service

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "tests/bench/bench"
sys.path.insert(0, str(BENCH.parent))

import image  # noqa: E402
import limits  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402


def run(*arguments, **environment):
    return subprocess.run(
        [BENCH, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=900
    )


def test_ratio_is_the_median_of_the_rounds_own_ratios():
    ours = [{"start_ms": [100, 120, 110]}, {"start_ms": [300]}, {"start_ms": [50]}]
    peers = [{"start_ms": [1000, 1100, 1300]}, {"start_ms": [1000]}, {"start_ms": [1000]}]
    assert report.ratios(ours, peers, "start_ms") == pytest.approx([0.1, 0.3, 0.05])
    assert report.spread(report.ratios(ours, peers, "start_ms"), 2) == "0.10 (0.05–0.30)"


def test_figure_too_small_to_count_gives_no_ratio():
    assert report.ratios([{"start_cpu_ms": [300]}], [{"start_cpu_ms": [0]}], "start_cpu_ms") == []
    assert report.spread([], 2) == "–"


def test_reports_when_a_peer_cannot_keep_the_rate():
    plan = measure.Plan(1, 1, 1, 64, 2000)
    assert report.kept_pace([{"paced_rate": 1990}], plan)
    assert not report.kept_pace([{"paced_rate": 900}], plan)


def test_warm_up_is_measured_in_cpu_time():
    served = [[0, 0], [0.5, 100], [1.5, 1100], [2.5, 3100]]
    assert report.by_then(served, 1) == 600
    assert report.by_then(served, 2) == 2100
    assert report.by_then(served, 4) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("java", "/x/opt/java/bin/java"),
        ("@/app/jvm.options", "@/x/app/jvm.options"),
        ("-XX:AOTCache=/opt/meridian/meridian.aot", "-XX:AOTCache=/x/opt/meridian/meridian.aot"),
        ("/app/classpath/*:/app/libraries.jar", "/x/app/classpath/*:/x/app/libraries.jar"),
        ("meridian.Main", "meridian.Main"),
    ],
)
def test_paths_of_the_image_are_moved_below_the_folder(word, expected):
    assert image.moved(word, pathlib.Path("/x")) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"timestamp": "2026-01-01T00:00:00Z", "ip": "127.0.0.1"}'),
        (200, b'{"timestamp": "2026-01-01T00:00:00Z"}'),
        (200, b'{"timestamp": "2026-01-01T00:00:00Z", "ip": "127.0.0.1", "more": 1}'),
        (200, b'{"timestamp": "2026-01-01T00:00:00Z", "ip": "10.0.0.1"}'),
    ],
)
def test_an_unexpected_response_is_refused(status, body):
    with pytest.raises(RuntimeError):
        measure.check((status, body))


def python(code):
    return servers.Server("test", "A test", lambda port: [sys.executable, "-c", code, str(port)], ROOT)


class NoLimits:
    def environment(self):
        return {}

    def apply(self):
        pass


WORKERS = """
import http.server, json, os, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"timestamp": "now", "ip": "127.0.0.1"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.check
def test_no_process_of_a_server_remains():
    with measure.running(python(WORKERS), NoLimits()) as ((_, session), (wall, cpu)):
        assert len(list(limits.processes(session))) == 2
        assert wall > 0 and cpu > 0
        assert limits.memory_mib(session) > 1
    assert not list(limits.processes(session))


def test_the_output_of_a_server_that_exits_at_once_is_shown():
    with pytest.raises(SystemExit, match="ended with 3 before it answered\n.*no port"):
        with measure.running(python("import sys; print('no port', flush=True); sys.exit(3)"), NoLimits()):
            pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--peers", "go,cobol"], "cobol is none of go, fastapi, flask, spring"),
        (["--rounds", "0"], "0 is not a number from 1 on"),
        (["--image", "/nowhere.tar"], "/nowhere.tar is not a file"),
    ],
)
def test_bad_option_is_refused(arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert message in result.stderr


@pytest.mark.check
@pytest.mark.needs("wrk")
def test_quick_run_compares(bench_image, tmp_path):
    result = run("--quick", "--peers", "flask", "--image", str(bench_image), "--json", str(tmp_path / "samples"))
    assert result.returncode == 0, result.stderr
    rows = {cells[0]: cells[1:] for cells in map(cells_of, result.stdout.splitlines()) if cells}
    (flask,) = (label for label in rows if label.startswith("Flask"))
    for label in ("Meridian", "Meridian without its AOT cache", flask, "Ratio", "`/opt/java`", "All"):
        assert label in rows, result.stdout

    samples = json.loads((tmp_path / "samples").read_text())
    assert set(samples) == {"meridian", "no-cache", "flask"}
    ours, without, peer = (samples[name][0] for name in ("meridian", "no-cache", "flask"))
    # Wide enough for a busy machine.
    assert ours["start_cpu_ms"][0] < without["start_cpu_ms"][0]
    assert 1 < peer["cpu_us_per_request"] / ours["cpu_us_per_request"] < 300
    for sample in (ours, without, peer):
        assert 10 < sample["memory_mib"] < limits.MEMORY_MIB
        assert 0 < sample["cpu_share"] < 1.1
        assert sample["requests_per_second"] > 1 and sample["p99_ms"] > 0


def cells_of(line):
    return [cell.strip() for cell in line.split("|")[1:-1]] if re.match(r"\| [^-]", line) else None


@pytest.fixture(scope="module")
def bench_image(with_base):
    """The image that BENCH_IMAGE names; without it one is built, on Debian's glibc if apt-get exists."""
    if os.environ.get("BENCH_IMAGE"):
        return pathlib.Path(os.environ["BENCH_IMAGE"])
    with service.alone("app"), pytest.MonkeyPatch.context() as patch:
        for name, value in with_base.items():
            patch.setenv(name, value)
        return image.build()
