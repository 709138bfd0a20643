"""Measures one server: start, warm-up, load, and its use of CPU and memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
from typing import NamedTuple

import limits

WRK_LUA = pathlib.Path(__file__).resolve().parent / "wrk.lua"
START_SECONDS = 120


class Plan(NamedTuple):
    starts: int
    warm_up: int
    seconds: int
    connections: int
    rate: int


def life(server, plan, box):
    """Measure one server for one round, in processes of its own, alone on its CPU."""
    sample = {"start_ms": [], "start_cpu_ms": []}
    for _ in range(plan.starts - 1):
        with running(server, box) as (_, started):
            record(sample, started)
    with running(server, box) as (running_server, started):
        record(sample, started)
        port, session = running_server
        sample["warm_up"] = warm_up(port, session, plan.warm_up if server.jit else 1, plan, box)

        before = limits.cpu_seconds(session)
        full = load(port, plan.seconds, plan, box)
        if not full["requests"]:
            raise RuntimeError(f"no answer in {plan.seconds} s of load")
        used = limits.cpu_seconds(session) - before
        sample["requests_per_second"] = full["requests"] / full["seconds"]
        sample["cpu_us_per_request"] = used / full["requests"] * 1e6
        sample["cpu_share"] = used / full["seconds"]
        sample["full_memory_mib"] = limits.memory_mib(session)
        sample["p99_ms"] = full["p99_ms"]

        paced = load(port, plan.seconds, plan, box, plan.rate)
        sample["paced_rate"] = paced["requests"] / paced["seconds"]
        sample["paced_p99_ms"] = paced["p99_ms"]
        sample["memory_mib"] = limits.memory_mib(session)
        check(ask(port))
    return sample


def warm_up(port, session, seconds, plan, box):
    """Load until the server has used so many seconds of CPU; return readings of [CPU seconds, requests answered].

    CPU time, because a server that compiles as it runs needs that, and gets less of it per second on a busy machine.
    """
    until = time.monotonic() + 6 * seconds
    began = limits.cpu_seconds(session)
    served = [[0, 0]]
    while served[-1][0] < seconds and time.monotonic() < until:
        requests = load(port, 1, plan, box)["requests"]
        served.append([limits.cpu_seconds(session) - began, served[-1][1] + requests])
    return served


def record(sample, started):
    sample["start_ms"].append(started[0] * 1e3)
    sample["start_cpu_ms"].append(started[1] * 1e3)


@contextlib.contextmanager
def running(server, box):
    """Start a server, wait for its first response, and end it with all its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    unwanted = ("MERIDIAN_", "JAVA_", "JDK_JAVA_", "_JAVA_", "GO", "WEB_CONCURRENCY", "GUNICORN_", "UVICORN_",
        "SPRING_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    environment.update(box.environment(), **server.environment, PORT=str(port))
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(server.command(port), cwd=server.folder, env=environment, stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=box.apply)
        try:
            response = first_response(process, port, began + START_SECONDS)
            wall = time.perf_counter() - began
            cpu = limits.cpu_seconds(process.pid)
            check(response)
            yield (port, process.pid), (wall, cpu)
            if process.poll() is not None:
                raise RuntimeError(f"it ended by itself with {process.returncode}")
        except (OSError, RuntimeError, http.client.HTTPException) as problem:
            log.seek(0)
            said = log.read().decode(errors="replace")[-3000:]
            raise SystemExit(f"{server.label}: {problem}\n{said}") from problem
        finally:
            end(process)


def first_response(process, port, until):
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode} before it answered")
        with contextlib.suppress(ConnectionError):
            return ask(port)
        time.sleep(0.001)
    raise RuntimeError(f"no answer within {START_SECONDS} s")


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.read()


def check(response):
    """Check that the response is the one that all servers must send."""
    status, body = response
    if status != 200:
        raise RuntimeError(f"/ answers {status}: {body[:200]!r}")
    if set(json.loads(body)) != {"timestamp", "ip"} or json.loads(body)["ip"] != "127.0.0.1":
        raise RuntimeError(f"/ answers {body[:200]!r}")


def end(process):
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not list(limits.processes(process.pid)):
                return
            time.sleep(0.01)


def load(port, seconds, plan, box, rate=None):
    """Figures of wrk, for as much as the connections can carry or for a rate well below that."""
    environment = dict(os.environ)
    if rate:
        environment["PACE_MS"] = str(round(plan.connections / rate * 1e3))
    command = ["wrk", "--threads", "1", "--connections", str(plan.connections), "--duration", f"{seconds}s",
               "--timeout", "30s", "--latency", "--script", str(WRK_LUA), f"http://127.0.0.1:{port}/"]
    result = subprocess.run(command, env=environment, preexec_fn=box.apply_to_load, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise RuntimeError(f"wrk failed with {result.returncode}:\n{result.stdout}")
    figures = json.loads(result.stdout.splitlines()[-1])
    # wrk counts a status of 400 and above as an error; `check` finds lower ones.
    failed = {name: figures[name] for name in ("connect", "read", "write", "status", "timeout") if figures[name]}
    if failed:
        raise RuntimeError(f"beside {figures['requests']} requests some failed under load: {failed}")
    return figures
