"""Steady load over real connections, which records each request without a response."""

import asyncio
import collections
import threading
import time


class Load:
    """Sends GET PATH to an address, RATE a second spread over its connections, until stopped.

    A request is lost if it was sent, in whole or in part, and no complete response came back. A refused
    connection loses nothing, because nothing was sent; it is counted separately.
    """

    def __init__(self, host, port, path="/", rate=400, connections=20, keep_alive=True, patience=10, name=None):
        """name: for the header Host, if it is not `host`"""
        self.target = (host, port)
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: "
            f"{name or host}\r\n{'' if keep_alive else 'Connection: close' + chr(13) + chr(10)}\r\n"
        ).encode()
        self.patience = patience  # seconds until a request counts as lost
        self.pause = connections / rate
        self.connections = connections
        self.statuses = collections.Counter()
        self.versions = collections.Counter()
        self.lost = []
        self.refused = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        self._thread.join()

    @property
    def answered(self):
        return sum(self.statuses.values())

    def wait_for(self, responses, timeout=60):
        end = time.monotonic() + timeout
        while self.answered < responses:
            assert time.monotonic() < end, f"{self.answered} answers of {responses} after {timeout} s"
            time.sleep(0.05)

    async def _run(self):
        await asyncio.gather(*[self._client(n / self.connections) for n in range(self.connections)])

    async def _client(self, offset):
        await asyncio.sleep(offset * self.pause)
        reader = writer = None
        due = time.monotonic()
        while not self._stop.is_set():
            due = max(due + self.pause, time.monotonic() - 1)
            await asyncio.sleep(max(0, due - time.monotonic()))
            if writer is None:
                try:
                    reader, writer = await asyncio.wait_for(asyncio.open_connection(*self.target), 5)
                except OSError:
                    self.refused += 1
                    continue
            try:
                keep = await asyncio.wait_for(self._exchange(reader, writer), self.patience)
            except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                self.lost.append(f"{type(error).__name__}: {error}")
                keep = False
            if not keep:
                writer.close()
                writer = None

    async def _exchange(self, reader, writer):
        writer.write(self.request)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(headers["content-length"]))
        self.statuses[int(head.split()[1])] += 1
        self.versions[headers.get("service-version")] += 1
        return headers.get("connection", "keep-alive") != "close"
