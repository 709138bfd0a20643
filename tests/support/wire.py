"""HTTP/1.1 over raw sockets, for requests that no client library would send."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from typing import NamedTuple

# Seconds; longer than any deadline of the tests' servers.
PATIENCE = 10


class Response(NamedTuple):
    status: int
    fields: dict[str, str]  # names in lower case
    body: bytes


class Unreadable(Exception):
    """The response is not HTTP/1 as in RFC 9112."""


class Wire:
    """A connection. A reset ends it like a close: data that came before can still be read."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send as much of it as the other side accepts."""
        with contextlib.suppress(ConnectionError, socket.timeout):
            self.socket.sendall(data)

    def half_close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def more(self):
        """Whether more arrived before the connection ended; raises socket.timeout if neither happens."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        self.received += data
        self.ended = not data
        return not self.ended

    def response(self, head=False):
        """The next response; None if the connection ended before it. head: whether it is to a HEAD."""
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            if not self.more():
                if self.received:
                    raise Unreadable(bytes(self.received[:200]))
                return None
        status, *lines = self.received[:end].decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.[01] (\d{3}) [\t -~]*", status)
        if not match or not all(re.fullmatch(r"[!#-'*+.^-z|~0-9A-Z-]+:[ \t]*[^\r\n\0]*", line) for line in lines):
            raise Unreadable(bytes(self.received[: end + 4]))
        del self.received[: end + 4]
        fields = {}
        for line in lines:
            name, value = line.split(":", 1)
            fields[name.lower()] = ", ".join(filter(None, [fields.get(name.lower()), value.strip()]))
        code = int(match[1])
        body = b"" if head or code < 200 or code in (204, 304) else self._body(fields)
        return Response(code, fields, body)

    def _body(self, fields):
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._line(), 16):
                body += self._take(size + 2)[:-2]
            while self._line():
                pass
            return body
        if "content-length" in fields:
            return self._take(int(fields["content-length"]))
        while self.more():
            pass
        return self._take(len(self.received))

    def _line(self):
        while (end := self.received.find(b"\r\n")) < 0:
            if not self.more():
                raise Unreadable(bytes(self.received))
        return self._take(end + 2)[:-2]

    def _take(self, size):
        while len(self.received) < size:
            if not self.more():
                raise Unreadable(f"{size - len(self.received)} bytes of a body are missing")
        data = bytes(self.received[:size])
        del self.received[:size]
        return data


def methods(data):
    """Methods of the requests in these bytes, precise enough to find a HEAD."""
    return re.findall(rb"(?m)^([A-Z]+) [^ ]+ HTTP/1\.1\r$", data)


def conversation(port, data, half_close=False, seconds=PATIENCE, piece=None):
    """Send data; return all responses until the connection ends, and whether it ended before the time was up.

    `piece`: bytes that are sent at a time, all by default.
    """
    heads = [method == b"HEAD" for method in methods(data)]
    responses = []
    end = time.monotonic() + seconds
    with Wire(port) as wire:
        for start in range(0, len(data), piece or len(data) or 1):
            wire.send(data[start : start + (piece or len(data))])
        if half_close:
            wire.half_close()
        try:
            while True:
                wire.socket.settimeout(max(0.01, end - time.monotonic()))
                response = wire.response(head=heads[:1] == [True])
                if response is None:
                    return responses, True
                responses.append(response)
                if response.status >= 200:
                    heads = heads[1:]
        except socket.timeout:
            return responses, False
