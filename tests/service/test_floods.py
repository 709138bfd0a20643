"""All floods at once, on one CPU and little memory, while another client sends requests."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from floods import FLOODS
from bench.limits import Limits
from support.service import Service

pytestmark = [pytest.mark.check, pytest.mark.needs("root")]

SECONDS = 60


def started(what, port, prepare):
    return subprocess.Popen(
        [sys.executable, pathlib.Path(__file__).with_name("floods.py"), what, str(port), str(SECONDS)],
        stdout=subprocess.PIPE,
        preexec_fn=prepare,
    )


def first():
    """Give the calling process top priority, so that the machine's other load does not matter."""
    os.setsid()
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    group = pathlib.Path("/proc/self/autogroup")  # With autogroups, priorities count within a session only.
    if group.exists():
        group.write_text("-20")


def printed(process):
    return json.loads(process.communicate(timeout=SECONDS + 60)[0])


@pytest.mark.parametrize("memory_mib", [512, 256])
def test_other_clients_are_served(service_command, tmp_path, memory_mib):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "large.json").write_text(json.dumps({"text": "x" * 1_000_000}))
    limits = Limits(memory_mib)
    assert limits.group, "no control group limits its memory"

    def served():
        limits.apply()
        first()

    service = Service(service_command, {"MERIDIAN_DOCUMENTS_LOCATION": str(documents)}, tmp_path, prepare=served)
    try:
        for _ in range(2_000):  # The image's cache contains profiles, which these plain classes lack.
            service.get("/")
        asking = started("ask", service.port, first)
        flooding = [started(kind, service.port, limits.apply_to_load) for kind in FLOODS]
        responses = printed(asking)
        did = sum((collections.Counter(printed(process)) for process in flooding), collections.Counter())
        assert service.process.poll() is None, service.path.read_text()[-2000:]
        print(f"{memory_mib} MiB: {dict(did)}; {summary(responses)}; at most {peak(service.process.pid)} KiB of memory")

        in_time = sum(status == 200 and seconds < 1 for status, seconds in responses)
        reported = sum(status in (200, 503) for status, _ in responses)
        assert in_time >= 0.99 * len(responses) and reported == len(responses), summary(responses)
        assert [line for line in service.log() if line["severity"] != "INFO" or "stack_trace" in line] == []
        # Each was a flood, for all that time.
        assert did["chunk_line_bytes"] > 10 << 20 and did["resets"] > 10 * SECONDS
        assert all(did[kind] >= number for kind, number in FLOODS.items())
    finally:
        service.process.kill()
        service.process.wait()
        limits.close()


def peak(pid):
    """Return the peak memory of a process in KiB."""
    return int(re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def summary(responses):
    times = sorted(seconds for _, seconds in responses)
    median, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    statuses = dict(collections.Counter(status for status, _ in responses))
    return f"statuses {statuses}, seconds: median {median:.3f}, p99 {p99:.3f}, most {times[-1]:.3f}"
