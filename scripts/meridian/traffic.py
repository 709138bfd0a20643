"""Visits a service at an even pace and tells what each answer was."""

import http.client
import itertools
import queue
import threading
import time

from meridian import clock, rest
from meridian.judge import Response

# A JSON answer that tells the time is short; of any other the head is enough.
MOST_BYTES = 4096


def visit(url, timeout, path="", judged=True):
    """One request on a connection of its own, so that the load balancer chooses anew."""
    sent, started = time.time(), time.monotonic()
    try:
        status, headers, body = rest.get(url, {"Cache-Control": "no-cache", "User-Agent": "meridian-canary"}, timeout,
            MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return Response(0, path=path, sent=started)
    seconds = time.monotonic() - started
    off = judged and clock_off(body, sent, sent + seconds)
    return Response(status, headers.get("Service-Version", ""), off, path, started, seconds)


def clock_off(body, sent, received):
    """Whether the time in an answer lies outside the tolerance for certain."""
    try:
        server = clock.stated_time(body)
    except clock.Down:
        return False
    low, high = clock.offset(round(sent * clock.SECOND), server, round(received * clock.SECOND))
    return clock.judge(low, high, clock.SECOND) == clock.OUTSIDE


class Traffic:
    """Asks in turn for the paths below a URL, `per_second` times, from as many threads as that takes."""

    def __init__(self, url, paths, per_second, timeout=10.0, judged=True):
        """judged: whether a time in an answer is the service's clock"""
        self._url = url.rstrip("/")
        self._judged = judged
        self._paths = itertools.cycle(paths)
        self._pause = 1 / per_second
        self._timeout = timeout
        self._responses = queue.Queue()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        # Enough that visits which all time out still go out at half the pace.
        workers = max(2, min(64, round(per_second * timeout / 2)))
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(workers)]

    def __enter__(self):
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()

    def end(self):
        """Asks no more, and waits for what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while True:
            with self._lock:
                path = next(self._paths)
                # What was missed in a stall is not caught up with: a rate rule would meet that.
                due = max(self._next, time.monotonic())
                self._next = due + self._pause
            if self._stop.wait(max(0, due - time.monotonic())):
                return
            self._responses.put(visit(f"{self._url}{path}", self._timeout, path, self._judged))

    def responses(self):
        """What has come in since the last call."""
        while not self._responses.empty():
            yield self._responses.get()
