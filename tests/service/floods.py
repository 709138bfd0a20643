"""Floods of a server by its clients, and a client that sends requests meanwhile; each a separate process.

floods.py KIND PORT SECONDS   one of the floods; prints its counts as JSON
floods.py ask PORT SECONDS    50 requests a second; prints the status and seconds of each response as JSON
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import socket
import struct
import sys
import time

RATE = 50
# The connections of each flood: together more than the service allows, so it has to make room for others.
FLOODS = {"chunk_line": 50, "fields": 400, "silent": 200, "resets": 50, "slow_reader": 200}

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
LARGE = "/api/large"
PATIENCE = 10


class Flood:
    """Connections of one kind, each reopened as soon as it is closed."""

    def __init__(self, port):
        self.address = ("127.0.0.1", port)
        self.loop = asyncio.get_running_loop()
        self.counts = collections.Counter()

    async def connect(self, **options):
        connection = socket.socket()
        connection.setblocking(False)
        if "buffer" in options:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["buffer"])
        try:
            await self.loop.sock_connect(connection, self.address)
        except BaseException:
            connection.close()
            raise
        return connection

    async def repeat(self, kind, number):
        async def one():
            while True:
                self.counts[kind.__name__] += 1
                with contextlib.suppress(OSError):
                    await kind()
                await asyncio.sleep(0.01)

        await asyncio.gather(*[one() for _ in range(number)])

    async def until_closed(self, connection):
        while await self.loop.sock_recv(connection, 1 << 16):
            pass

    async def chunk_line(self):
        """Send a chunk size that never ends."""
        zeros = b"0" * (16 << 10)
        with await self.connect() as connection:
            await self.loop.sock_sendall(connection, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                await self.loop.sock_sendall(connection, zeros)
                self.counts["chunk_line_bytes"] += len(zeros)

    async def fields(self):
        """Send as many fields as the size limit allows, and never end the header."""
        lines = b"".join(b"x-%d: v\r\n" % number for number in range(1_370))
        with await self.connect() as connection:
            await self.loop.sock_sendall(connection, HEAD + lines[: 15 << 10])
            await self.until_closed(connection)

    async def silent(self):
        with await self.connect() as connection:
            await self.until_closed(connection)

    async def resets(self):
        with await self.connect() as connection:
            await self.loop.sock_sendall(connection, HEAD + b"\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def slow_reader(self):
        """Request 20 large documents, read a little every second, and reconnect after ten seconds."""
        with await self.connect(buffer=4 << 10) as connection:
            await self.loop.sock_sendall(connection, (HEAD.replace(b"/", LARGE.encode(), 1) + b"\r\n") * 20)
            for _ in range(10):
                if await self.loop.sock_recv(connection, 512):
                    await asyncio.sleep(1)


async def flood(kind, port, seconds):
    it = Flood(port)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(it.repeat(getattr(it, kind), FLOODS[kind]), seconds)
    return it.counts


class Asker:
    """Sends every other request on a new connection, and the rest on shared, kept-alive ones."""

    def __init__(self, port):
        self.port = port
        self.kept = []

    async def ask(self, keep):
        """Return the status, 0 if there was none, and the duration in seconds."""
        started = time.monotonic()
        try:
            status = await asyncio.wait_for(self.response(keep), PATIENCE)
        except (OSError, EOFError, asyncio.TimeoutError):
            status = 0
        return status, time.monotonic() - started

    async def response(self, keep):
        while True:
            old = bool(keep and self.kept)
            reader, writer = self.kept.pop() if old else await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(HEAD + (b"\r\n" if keep else b"Connection: close\r\n\r\n"))
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
            except (OSError, EOFError):
                writer.close()
                if old:
                    continue  # The server closed it while it was idle; RFC 9112 9.3.1 allows a retry.
                raise
            if keep and "connection: close" not in head:
                self.kept.append((reader, writer))
            else:
                writer.close()
            return int(head.split()[1])


async def ask(port, seconds):
    asker, tasks = Asker(port), []
    started = time.monotonic()
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0, started + number / RATE - time.monotonic()))
        tasks.append(asyncio.create_task(asker.ask(keep=number % 2 == 0)))
    return await asyncio.gather(*tasks)


if __name__ == "__main__":
    kind, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    print(json.dumps(asyncio.run(ask(port, seconds) if kind == "ask" else flood(kind, port, seconds))))
