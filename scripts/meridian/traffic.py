"""Sends requests to a service at a steady rate, and collects the responses."""

import http.client
import itertools
import queue
import threading
import time

from meridian import clock, rest
from meridian.judge import Response

# A JSON response with the time is short; of any other, the beginning is enough.
MOST_BYTES = 4096


def visit(url, timeout, path="", judged=True):
    """Send one request on its own connection, so that the load balancer chooses a target anew."""
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
    """Whether the time in a response is certainly outside the tolerance."""
    try:
        server = clock.stated_time(body)
    except clock.Down:
        return False
    low, high = clock.offset(round(sent * clock.SECOND), server, round(received * clock.SECOND))
    return clock.judge(low, high, clock.SECOND) == clock.OUTSIDE


class Traffic:
    """Requests the paths below a URL in turn, `per_second` in all, from as many threads as that takes."""

    def __init__(self, url, paths, per_second, timeout=10.0, judged=True):
        """judged: whether a time in a response is that of the service's clock"""
        self._url = url.rstrip("/")
        self._judged = judged
        self._paths = itertools.cycle(paths)
        self._pause = 1 / per_second
        self._timeout = timeout
        self._responses = queue.Queue()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        # Even if all requests time out, they still go out at half the rate.
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
        """Send no more requests, and wait for those in progress."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while True:
            with self._lock:
                path = next(self._paths)
                # Requests missed in a stall are not sent later: a rate rule could block the burst.
                due = max(self._next, time.monotonic())
                self._next = due + self._pause
            if self._stop.wait(max(0, due - time.monotonic())):
                return
            self._responses.put(visit(f"{self._url}{path}", self._timeout, path, self._judged))

    def responses(self):
        """Responses since the last call."""
        while not self._responses.empty():
            yield self._responses.get()
