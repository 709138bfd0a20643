"""Requests that nobody thought of: those of the table, mutated at random, the same in every run."""

import concurrent.futures
import random

import pytest
from raw_requests import ROWS
from support.service import Service
from support.wire import Unreadable, conversation

pytestmark = pytest.mark.check

SEED, REQUESTS = 9112, 6_000

# Without HEAD: to parse the responses, one has to know which of them are to HEAD.
CORPUS = [row.sent for row in ROWS if 0 < len(row.sent) < 2_000 and b"HEAD" not in row.sent]
WORDS = [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b"\t", b" ", b":", b";", b",", b"=", b'"', b"%", b"%00", b"/", b"?",
    b"#",
    b"..", b"\x0b", b"\x1b", b"\x7f", b"\x80", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"0", b"-1",
    b"99999999999999999999", b"GET", b"POST", b"OPTIONS", b"CONNECT", b"/api/foo", b"/now", b"/hello", b"*", b"http://",
    b"//", b"HTTP/1.1", b"HTTP/1.0", b"\r\nHost: a", b"\r\nHost:", b"\r\nAccept: */*;q=", b"\r\nAccept: text/html",
    b"\r\nIf-None-Match: \"", b"\r\nIf-Match: W/\"", b"\r\nConnection: close", b"\r\nConnection: keep-alive",
    b"\r\nExpect: 100-continue", b"\r\nContent-Length: 5", b"\r\nTransfer-Encoding: chunked", b"\r\nUpgrade: h2c",
    b"\r\ntraceparent: 00-", b"\r\nX-Forwarded-For: 1", b"\r\nCookie: a=b; c", b"\r\nAccept-Encoding: gzip",
    b"\r\nRange: bytes=0-", b"\r\nUser-Agent: ",
]  # fmt: skip


def mutated(chance):
    data = bytearray(chance.choice(CORPUS))
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([1, 1, 2, 5, 40]))
        kind = chance.randrange(8)
        if kind <= 2:
            data[start:start] = chance.choice(WORDS)
        elif kind == 3:
            data[start:end] = chance.choice(WORDS)
        elif kind == 4:
            del data[start:end]
        elif kind == 5:
            data[start:start] = data[start:end] * chance.choice([1, 2, 300, 5_000])
        elif kind == 6:
            data[start:end] = chance.randbytes(end - start)
        else:
            data += chance.choice(CORPUS)
    return bytes(data)


def wrong(port, data):
    """Return what is wrong with the responses, or an empty string."""
    try:
        responses, ended = conversation(port, data, half_close=True)
    except Unreadable as error:
        return f"unreadable: {error}"
    statuses = [response.status for response in responses]
    if not ended:
        return f"{statuses}, and the connection stays"
    if any(status >= 500 and status not in (501, 505) for status in statuses):
        return f"{statuses}"
    return ""


def test_no_request_makes_it_fail(service_command, tmp_path):
    chance = random.Random(SEED)
    requests = [mutated(chance) for _ in range(REQUESTS)]
    service = Service(service_command, {}, tmp_path)
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            found = zip(requests, threads.map(lambda data: wrong(service.port, data), requests))
            failed = [f"{data[:500]!r}: {what}" for data, what in found if what]
        assert failed == [], f"{len(failed)} of {REQUESTS}"
        assert service.process.poll() is None
        assert [line for line in service.log() if line["severity"] != "INFO" or "stack_trace" in line] == []
        assert service.get("/").status == 200
    finally:
        service.stop()
