"""Raw requests against the service and, in the same run, Go's net/http and nginx."""

import concurrent.futures
import os
import re
import subprocess

import pytest
from raw_requests import FOLLOW_UP, ROWS
from support.images import wait_for
from support.machine import ROOT
from support.service import Service, free_port
from support.wire import Unreadable, conversation

pytestmark = [pytest.mark.check, pytest.mark.needs("nginx", "go")]

# Timeout of the service and nginx for an incomplete request. By default, net/http has none.
SECONDS = 5

NGINX = f"""
    daemon off; pid nginx.pid; error_log error.log;
    events {{}}
    http {{
      access_log off; default_type application/json;
      client_header_timeout {SECONDS}s; client_body_timeout {SECONDS}s;
      client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
      server {{
        listen 127.0.0.1:PORT;
        if ($request_method !~ ^(GET|HEAD)$) {{ return 405; }}
        location = / {{ return 200 "{{}}"; }}
        location / {{ return 404; }}
      }}
    }}
    """


@pytest.fixture(scope="module")
def service(service_command, tmp_path_factory):
    started = Service(service_command, {"MERIDIAN_REQUEST_TIMEOUT": f"{SECONDS}s"}, tmp_path_factory.mktemp("service"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "nginx.conf").write_text(NGINX.replace("PORT", str(port)))
    yield from peer(["nginx", "-p", folder, "-c", "nginx.conf", "-e", "error.log"], port)


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    program, port = tmp_path_factory.mktemp("go") / "peer", free_port()
    subprocess.run(["go", "build", "-o", program, "."], cwd=ROOT / "tests/bench/peers/go", check=True)
    yield from peer([program], port)


def peer(command, port):
    process = subprocess.Popen(command, env={**os.environ, "PORT": str(port)})
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def outcome(port, row, piece=None):
    """Return the outcome in the table's notation, and the responses."""
    try:
        responses, ended = conversation(
            port,
            row.sent + (FOLLOW_UP if row.end == "follow-up" else b""),
            half_close=row.end == "half-close",
            piece=piece,
            # Others wait until the connection ends; here only what the server does on its own counts.
            **({"seconds": SECONDS + 3} if row.end == "silence" else {}),
        )
    except Unreadable as error:
        return f"unreadable: {error}", []
    statuses = [response.status for response in responses]
    # FOLLOW_UP gets a 404, after the responses to the row's own requests.
    kept = row.end == "follow-up" and sum(status >= 200 for status in statuses) > 1 and statuses[-1] == 404
    if kept:
        statuses.pop()
    return " ".join([*map(str, statuses), "kept" if kept else "closed" if ended else "waits"]), responses


@pytest.fixture(scope="module")
def outcomes(service, nginx, go):
    """For each row, the outcome of each server, the service first, and the service's responses."""
    with concurrent.futures.ThreadPoolExecutor(32) as threads:
        asked = [[threads.submit(outcome, port, row) for port in (service.port, go, nginx)] for row in ROWS]
        done = [[future.result() for future in futures] for futures in asked]
    return [([did for did, _ in row], row[0][1]) for row in done]


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[f"RFC {row.section}: {row.name}" for row in ROWS])
def test_raw_request(outcomes, number):
    row, ((ours, go, nginx), responses) = ROWS[number], outcomes[number]
    seen = f"{row.sent[:200]!r}: the service {ours}, Go {go}, nginx {nginx}; RFC {row.section}: {row.expected}"
    if ours not in row.outcomes:
        pytest.fail(seen, pytrace=False)
    if ours not in (go, nginx) and not row.why:
        pytest.fail(f"No reason is given why it behaves like neither: {seen}", pytrace=False)
    for name, value in row.fields.items():
        assert re.fullmatch(value, responses[0].fields.get(name, "")), f"{name}: {responses[0].fields}"
    for response in responses:
        assert response.status < 200 or "date" in response.fields, response


def test_the_outcome_does_not_depend_on_how_the_octets_arrive(service, outcomes):
    rows = [number for number, row in enumerate(ROWS) if 0 < len(row.sent) < 300 and row.end == "follow-up"]
    for piece in (1, 7):
        with concurrent.futures.ThreadPoolExecutor(4) as threads:  # few, so that each ends well before SECONDS
            again = list(threads.map(lambda number, piece=piece: outcome(service.port, ROWS[number], piece)[0], rows))
        before = [outcomes[number][0][0] for number in rows]
        differ = [(ROWS[number], *did) for number, *did in zip(rows, before, again) if did[0] != did[1]]
        assert differ == [], f"in pieces of {piece}"


def test_the_admin_port_withstands_them_too(service):
    with concurrent.futures.ThreadPoolExecutor(32) as threads:
        did = list(threads.map(lambda row: outcome(service.admin_port, row)[0], ROWS))
    allowed = re.compile(r"((1\d\d|[234]\d\d|501|505) )*(kept|closed)")
    assert [(row, what) for row, what in zip(ROWS, did) if not allowed.fullmatch(what)] == []
    assert service.get("/live", port=service.admin_port).status == 200


def test_no_hidden_request_was_executed(service, outcomes):
    log = service.log()
    assert service.process.poll() is None
    assert [line for line in log if line["severity"] not in ("INFO", "DEBUG")] == []
    assert [line for line in log if line.get("path", "").startswith("/inner")] == []
    statuses = {line["status"] for line in log if "status" in line}
    assert {status for status in statuses if status >= 500} <= {501, 505}
