"""HTTP server of the tests, which responds by a function: a miniature service, or a proxy before an emulator.

A front passes requests on unchanged, unless a test orders a fault as networks and clouds cause them.
"""

import collections
import contextlib
import http.client
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: http.client.HTTPMessage
    body: bytes


class Response(NamedTuple):
    status: int
    body: bytes = b""
    headers: tuple = ()


def reply(value=b"", status=200, **headers):
    """A Response with bytes or JSON. In header names _ stands for -."""
    body, kind = (value, "text/plain") if isinstance(value, bytes) else (json.dumps(value).encode(), "application/json")
    return Response(status, body,
        tuple((name.replace("_", "-"), text) for name, text in {"Content_Type": kind, **headers}.items()))


class Seen(NamedTuple):
    request: Request
    status: int  # 0 if `respond` was not called


class Front:
    """A server on a free port; `respond` maps a Request to a Response. As a context manager it stops on exit."""

    def __init__(self, respond, certificate=None, address="127.0.0.1", port=0):
        """certificate: files of certificate and key, for TLS."""
        self.respond = respond
        self.seen = []
        self.faults = collections.deque()  # each for one request
        self.fault = None  # for all requests while the queue is empty
        self.handshake = 0  # seconds that a TLS handshake is delayed
        self.released = threading.Event()  # ends faults that wait
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, ssl.SSLError):
                    self.close_connection = True

            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                front.take(self, Request(self.command, self.path, self.headers, self.rfile.read(length)))

            do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = do_GET

            def log_message(self, *arguments):
                pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def finish_request(self, request, client_address):
                front.connections.add(request)
                if certificate:  # in the connection's own thread, so that no handshake blocks another
                    time.sleep(front.handshake)
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(*certificate)
                    front.connections.discard(request)
                    request = context.wrap_socket(request, server_side=True)
                    front.connections.add(request)
                try:
                    super().finish_request(request, client_address)
                finally:
                    front.connections.discard(request)
                    request.close()

            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], OSError):  # client and upstream may disconnect
                    super().handle_error(request, client_address)

        self.kind, self.handler, self.address, self.port = Threads, Handler, address, port
        self.connections = set()
        self.listen()
        self.host = f"{address}:{self.port}"
        self.url = f"{'https' if certificate else 'http'}://{self.host}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def listen(self):
        self.server = self.kind((self.address, self.port), self.handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def vanish(self):
        """Close the port and all connections, until `listen`."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def take(self, handler, request):
        fault = self.faults.popleft() if self.faults else self.fault
        if fault:
            fault(self, handler, request)
        else:
            self.send(handler, self.ask(request))

    def ask(self, request):
        response = self.respond(request)
        self.seen.append(Seen(request, response.status))
        return response

    def send(self, handler, response, start=None, then=None):
        """Send a response; with `start` only that many bytes of its body, then call `then` with the rest."""
        handler.send_response_only(response.status)
        for name, value in response.headers:
            handler.send_header(name, value)
        if response.status not in (204, 304):
            handler.send_header("Content-Length", str(len(response.body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(response.body if start is None else response.body[:start])
        handler.wfile.flush()
        if then:
            then(response.body[start:])
            handler.close_connection = True

    def heal(self):
        """End waiting faults and cancel the others."""
        self.faults.clear()
        self.fault = None
        self.handshake = 0
        self.released.set()
        self.released = threading.Event()

    def stop(self):
        self.released.set()
        self.vanish()


def upstream(port, certificate=None, host="127.0.0.1"):
    """Forward requests to a server, on this machine by default; without one the result raises OSError."""
    context = ssl.create_default_context(cafile=certificate) if certificate else None

    def respond(request):
        kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
        connection = kind(host, port, timeout=30, **({"context": context} if context else {}))
        try:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.endheaders(request.body)
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        kept = tuple(
            (name, value)
            for name, value in reply.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive")
        )
        return Response(reply.status, body, kept)

    return respond


def response(status, body=b"", headers=()):
    """Fault: respond without calling `respond`."""

    def fault(front, handler, request):
        front.seen.append(Seen(request, 0))
        front.send(handler, Response(status, body, headers))

    return fault


def stall(front, handler, request):
    """Fault: accept the request and send nothing."""
    front.seen.append(Seen(request, 0))
    front.released.wait(60)
    handler.close_connection = True


def reset(front, handler, request):
    """Fault: accept the request and reset the connection."""
    front.seen.append(Seen(request, 0))
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def cut(front, handler, request):
    """Fault: send half of the body and close the connection."""
    response = front.ask(request)
    front.send(handler, response, start=len(response.body) // 2, then=lambda rest: None)


def stick(front, handler, request):
    """Fault: send half of the body, then nothing."""
    response = front.ask(request)
    front.send(handler, response, start=len(response.body) // 2, then=lambda rest: front.released.wait(60))


def drip(front, handler, request):
    """Fault: send the body byte by byte, so that no single read times out but the whole takes too long."""
    response, released = front.ask(request), front.released

    def drops(rest):
        for byte in rest:
            if released.wait(0.5):
                return
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()

    front.send(handler, response, start=0, then=drops)


def late(seconds):
    """Fault: send the whole response, but late."""

    def fault(front, handler, request):
        response = front.ask(request)
        time.sleep(seconds)
        front.send(handler, response)

    return fault
