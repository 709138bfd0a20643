"""./taskw as users type it: its standard output, its exit codes, and characters in any locale."""

import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest
from support.fronts import Front, reply
from support.images import get, wait_for
from support.machine import ROOT
from support.service import free_port

pytestmark = pytest.mark.usefixtures("service_command")


@pytest.fixture(scope="module")
def clock():
    """Serves the time; /late serves it ten seconds late."""

    def respond(request):
        late = datetime.timedelta(seconds=10 if request.path == "/late" else 0)
        return reply((datetime.datetime.now(datetime.timezone.utc) - late).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode())

    with Front(respond) as front:
        yield front.url


def taskw(*arguments, **environment):
    # Task colours its own lines in a pipeline.
    env = os.environ | {"NO_COLOR": "1"} | environment
    return subprocess.run(
        [ROOT / "taskw", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
    )


def compiles_again():
    """Make Task forget that it has compiled, so that Maven runs and may print something."""
    shutil.rmtree(ROOT / ".task", ignore_errors=True)


def test_the_probe_prints_its_line_and_nothing_else():
    compiles_again()
    url = f"http://127.0.0.1:{free_port()}/now"
    done = taskw("probe", f"URL={url}")
    assert (done.returncode, done.stdout) == (2, f"Failed: down: no connection, {url}\n"), done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "arguments, code, line",
    [
        (["URL={clock}"], 0, "OK: clock "),
        (["URL={clock}/late"], 1, "Failed: clock "),
        (["URL={clock}", "--", "--tolerance", "1ms", "--timeout", "1ms"], 2, "Failed: down: "),
        (["URL={clock}", "--", "--tolerance", "soon"], 64, ""),
        (["URL=ftp://nowhere"], 64, ""),
        ([], 64, ""),
        (["--", "--help"], 0, "Usage: probe "),
    ],
)
def test_the_probes_exit_codes_are_passed_on(clock, arguments, code, line):
    done = taskw("probe", *(argument.format(clock=clock) for argument in arguments))
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.startswith(line) and bool(done.stdout) == bool(line)
    assert ("Usage: probe" in done.stderr) == (code == 64)


@pytest.mark.check
@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "C"}, {"LC_ALL": "", "LANG": "POSIX"}])
def test_run_prints_only_json_and_keeps_the_greeting_in_any_locale(locale):
    compiles_again()
    run = subprocess.Popen(
        [ROOT / "taskw", "run"],
        cwd=ROOT,
        env=os.environ | locale | {"PORT": "0", "MERIDIAN_ADMIN_PORT": "0", "MERIDIAN_GREETING": "Grüße 👋"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        message = json.loads(run.stdout.readline())["message"]
        (port,) = re.findall(r"Serving on port (\d+)", message)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=30) as page:
            assert "<h1>Grüße 👋</h1>" in page.read().decode()
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.wait(60)


def test_run_serves_what_the_readme_shows_and_shuts_down_cleanly():
    port = free_port()
    process = subprocess.Popen(
        [ROOT / "taskw", "run"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), "MERIDIAN_ADMIN_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        url = f"http://localhost:{port}"
        wait_for(f"{url}/", 120)
        assert set(json.loads(get(f"{url}/")[2])) == {"timestamp", "ip"}
        assert set(json.loads(get(f"{url}/now")[2])) == {"now"}
        assert json.loads(get(f"{url}/api/foo")[2]) == json.loads((ROOT / "app/documents/foo.json").read_text())
        assert "Hello World from BenchSci!" in get(f"{url}/hello")[2]
        assert get(f"{url}/openapi.yaml")[2].startswith("openapi: 3.1")

        probe = taskw("probe", f"URL={url}")
        assert (probe.returncode, probe.stdout.split(":")[0]) == (0, "OK"), probe

        # As with Ctrl-C in a terminal, the signal reaches each process.
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0, out + err
        assert time.monotonic() - began < 10
        assert json.loads(out.splitlines()[-1])["message"] == "Stopped"
    finally:
        process.kill()
