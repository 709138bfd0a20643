"""Requests inside requests, sent through proxies that keep their connections to the service.

Every request names a document by a word that nobody can guess. The service's log shows what it executed, the proxy's
log what the proxy treated as a request, and each response, a 404, contains the word it is for.
"""

import concurrent.futures
import contextlib
import itertools
import re
import secrets
import signal
import socket
import subprocess

import pytest
from raw_requests import chunked, get
from support.images import wait_for
from support.service import Service, free_port
from support.wire import Unreadable, Wire

pytestmark = pytest.mark.check

ORDINARY, SMUGGLING = 10_000, 1_000

NGINX = """
    daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
    events { worker_connections 1024; }
    http {
      log_format path "$request_uri";
      access_log seen path;
      client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
      client_header_timeout 5s; client_body_timeout 5s;
      upstream service { server 127.0.0.1:UPSTREAM max_fails=0; keepalive 16; }
      server {
        listen 127.0.0.1:PORT;
        location / {
          proxy_pass http://service;
          proxy_http_version 1.1;
          proxy_request_buffering off;
          proxy_set_header Connection "";
        }
      }
    }
    """

# All clients share the connections to the service at once, not only after these have proved good. With more than
# one thread, some log lines are lost.
HAPROXY = """
    global
      nbthread 1
      log stdout format raw daemon
    defaults
      mode http
      log global
      log-format "%HPO"
      timeout connect 5s
      timeout client 5s
      timeout server 20s
      http-reuse always
    frontend public
      bind 127.0.0.1:PORT
      default_backend service
    backend service
      server service 127.0.0.1:UPSTREAM
    """

WORD = re.compile(r"\bw[0-9a-f]{24}\b")


def word():
    return "w" + secrets.token_hex(12)


class Proxy:
    """A proxy as Debian packages it, between the tests and the service."""

    def __init__(self, command, configuration, upstream, folder):
        self.port, self.seen = free_port(), folder / "seen"
        text = configuration.replace("PORT", str(self.port)).replace("UPSTREAM", str(upstream))
        (folder / "proxy.conf").write_text("\n".join(line.strip() for line in text.splitlines()) + "\n")
        with open(self.seen, "ab") as output:
            self.process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.DEVNULL)
        wait_for(f"http://127.0.0.1:{self.port}/")

    def stop(self, softly):
        """Stop after the last connections have ended; return the words of all requests that it saw."""
        self.process.send_signal(softly)
        self.process.wait(30)
        return set(WORD.findall(self.seen.read_text(errors="replace")))


def ordinary(port, number):
    """Send requests on kept-alive connections; return their words, and each response to another request."""
    words, wrong = [], []
    wire = Wire(port)
    for _ in range(number):
        mine = word()
        words.append(mine)
        wire.send(get(line=f"GET /api/{mine} HTTP/1.1"))
        response = wire.response()
        if response is None or response.status != 404 or f"called {mine}.".encode() not in response.body:
            wrong.append((mine, response))
        if response is None or response.fields.get("connection") == "close":
            wire.socket.close()
            wire = Wire(port)
    wire.socket.close()
    return words, wrong


def inner(path):
    return get(line=f"GET /api/{path} HTTP/1.1").decode()


def attempts(outer, hidden):
    """Yield requests for `outer`, from which a server might read another, for `hidden`."""
    body = inner(hidden)
    size, chunk = len(body), f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    first = f"POST /api/{outer} HTTP/1.1"
    second = f"GET /api/{outer} HTTP/1.1"
    zero = f"0\r\n\r\n{body}"
    for line in (first, second, first.replace("POST", "HEAD"), first.replace("POST", "WHAT")):
        # A body after Expect that is never read.
        yield get("Expect: 100-continue", f"Content-Length: {size}", line=line, body=body)
        yield chunked(chunk, "Expect: 100-continue", line=line)
        yield get("Expect: 100-Continue, x", f"Content-Length: {size}", line=line, body=body)
        # A body that the server does not wait for.
        yield get(f"Content-Length: {size}", line=line, body=body)
        yield get(f"Content-Length: {size}", "Connection: keep-alive, Content-Length", line=line, body=body)
        yield chunked(chunk, line=line)
    for coding in [
        "Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked",
        "Transfer-Encoding:\tchunked", "Transfer-Encoding:\r\n chunked", " Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: CHUNKED",
        "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x0c", "Transfer-Encoding: 'chunked'",
        "X: y\rTransfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "Transfer_Encoding: chunked",
        "Transfer-Encoding\0: chunked", "Transfer-Encoding: chunked;x", "\x00Transfer-Encoding: chunked",
    ]:
        # One server reads the length and the other the chunks.
        yield get(f"Content-Length: {len(zero)}", coding, line=first, body=zero)
        yield get(coding, f"Content-Length: {len(zero)}", line=first, body=zero)
        yield get(coding, "Content-Length: 4", line=first, body=chunk)
        yield get(coding, line=first, body=zero)
    for length in [f"{size}, 0", f"0, {size}", f"+{size}", f"{size}\r\nContent-Length: 0",
                   f"0\r\nContent-Length: {size}", f" {size}\x0b", f"0x{size:x}", "0\r\n 5", f"-{size}", "0;"]:
        yield get(f"Content-Length: {length}", line=first, body=body)
    yield get("Content-Length : 0", line=first, body=body)
    yield get(f"Content_Length: {size}", "Content-Length: 0", line=first)
    for broken in ["+0\r\n\r\n{}", "0 \r\n\r\n{}", "0;\r\n\r\n{}", "0;a\n\r\n\r\n{}", "0x0\r\n\r\n{}",
                   "00000000000000000\r\n\r\n{}", "1\r\nxX0\r\n\r\n{}", "1\r\nx0\r\n\r\n{}", "1\nx\n0\n\n{}",
                   "5;a\r\n\r\n{}", "-1\r\n\r\n{}", "1_0\r\n\r\n{}", "10000000000000000\r\n\r\n{}",
                   '1;a="\r\n"\r\nx\r\n0\r\n\r\n{}', "0\r\nX: y\n\n{}", "\r\n\r\n{}", "0\r\n{}"]:
        # Servers may disagree on where the body ends.
        yield chunked(broken.format(body), line=first)


def smuggle(port, turns):
    """Send these attempts; return their words, and each response to another client's request."""
    words, wrong = [], []
    for turn in turns:
        mine = [word(), word(), word()]
        words += mine
        forms = attempts(*mine[:2])
        data = next(itertools.islice(forms, turn % FORMS, None))
        with contextlib.suppress(socket.timeout, Unreadable), Wire(port) as wire:
            wire.socket.settimeout(0.5)
            # A server that still expects input treats this as the rest of it.
            wire.send(data + get("Connection: close", line=f"GET /api/{mine[2]} HTTP/1.1"))
            while response := wire.response():
                others = set(WORD.findall(response.body.decode("latin-1"))) - set(mine)
                if others:
                    wrong.append((data, others, response))
    return words, wrong


FORMS = sum(1 for _ in attempts("", ""))


@pytest.mark.parametrize(
    "command, softly, configuration",
    [
        pytest.param(
            "nginx -p . -c proxy.conf -e error.log", signal.SIGQUIT, NGINX, marks=pytest.mark.needs("nginx"), id="nginx"
        ),
        pytest.param(
            "haproxy -db -f proxy.conf", signal.SIGUSR1, HAPROXY, marks=pytest.mark.needs("haproxy"), id="haproxy"
        ),
    ],
)
def test_no_request_is_smuggled(service_command, tmp_path, command, softly, configuration):
    service = Service(service_command, {}, tmp_path)
    proxy = Proxy(command.split(), configuration, service.port, tmp_path)
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            asked = [threads.submit(ordinary, proxy.port, ORDINARY // 8) for _ in range(8)]
            tried = [threads.submit(smuggle, proxy.port, range(first, SMUGGLING, 8)) for first in range(8)]
            asked, tried = ([future.result() for future in futures] for futures in (asked, tried))
        seen = proxy.stop(softly)
        executed = {line["path"].rpartition("/")[2] for line in service.log() if line["message"] == "request"}

        assert [wrong for _, wrongs in asked for wrong in wrongs] == [], "a response is not to its request"
        assert [wrong for _, wrongs in tried for wrong in wrongs] == [], "a response went to another client"
        words = {word for words, _ in asked for word in words}
        assert words <= executed
        assert words <= seen, "the proxy's log is complete"
        hidden = {word for words, _ in tried for word in words}
        assert len(executed & hidden) > SMUGGLING / 4, "the proxy let some of them through"
        assert {word for word in executed if WORD.fullmatch(word)} <= seen, "the proxy never saw these requests"
    finally:
        proxy.process.kill()
        service.stop()
