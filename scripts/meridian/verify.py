"""Looks at a deployed service or virtual machine as a stranger on the internet would."""

import html
import http.client
import json
import re
import socket
import time
import urllib.parse

from meridian.console import Problem, say

TIMEOUT = 10
# Documentation's own address (RFC 5737): nobody has it.
FORGED = "192.0.2.66"
# How often it is asked without a forged header, when the address was another with one.
GATEWAYS = 8


def get(url, path="/", headers=None):
    """Status, headers and text, without following redirects."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")
    finally:
        connection.close()


def until_it_answers(url, version=None, minutes=5):
    """Until the version answers, or anything does. The name of a new load balancer takes a minute or two to be known; a
    new machine starts, pulls the image and is found healthy, and only then it takes the old one's place."""
    end, wanted = time.monotonic() + 60 * minutes, version or url
    takes = "A new machine takes 3 to 5 minutes" if version else "A new name takes a minute or two"
    told = None
    while True:
        try:
            status, headers, _ = get(url, "/now")
            answers = headers.get("Service-Version") or "something else"
            if status == 200 and version in (None, answers):
                return
            seen = f"{answers if version else 'it'} answers {status}"
        except (OSError, http.client.HTTPException) as error:
            seen = str(error) or type(error).__name__
        if time.monotonic() > end:
            what = f"{wanted} did not answer{f' at {url}' if version else ''} within {minutes} minutes: {seen}."
            raise Problem(what, "Troubleshooting in the cloud's guide says where to look.")
        if told != seen:
            say(f"Waits for {wanted}: {seen}. {takes}, at most {minutes} are given.")
            told = seen
        time.sleep(2)


class Verification:
    """Each method returns what it saw, or raises Problem."""

    redirected = "/now"  # a path that port 80 sends to HTTPS

    def __init__(self, url, closed, forged=(), versions=(), documents=None):
        self.url = url
        self.closed = closed
        self.forged = forged
        self.versions = versions
        self.documents = documents or {}

    def all(self):
        yield from self.contents()
        yield self.private_pages
        yield from (lambda port=port: self.port(port) for port in self.closed)
        if self.url.startswith("https:"):
            yield self.redirect

    def contents(self):
        yield self.home
        yield self.forgery
        if self.versions:
            yield self.version
        yield from (lambda name=name, text=text: self.document(name, text)
            for name, text in sorted(self.documents.items()))

    def address(self, headers=None):
        status, _, text = get(self.url, "/", headers)
        try:
            answer = json.loads(text)
            right = status == 200 and set(answer) == {"timestamp", "ip"}
        except ValueError:
            right = False
        if not right:
            raise Problem(
                f"GET / answered {status} {text[:200]!r}.",
                'It should be {"timestamp": …, "ip": …}; with MERIDIAN_HOME=hello it is a page, and this check does '
                'not apply.',
            )
        return answer["ip"], text.strip()

    def home(self):
        return f"GET / {self.address()[1]}"

    def forgery(self):
        own, _ = self.address()
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP", *self.forged):
            value = f"for={FORGED}" if header == "Forwarded" else FORGED
            seen, _ = self.address({header: value})
            # Who comes through several gateways shows another address now and then, without any header too.
            if seen != own and seen not in {self.address()[0] for _ in range(GATEWAYS)}:
                raise Problem(
                    f"{header}: {value} makes the service say {seen}.",
                    "Visitors can forge their address: MERIDIAN_CLIENT_ADDRESS does not fit the load balancer.",
                )
        return f"Forged address headers change nothing: {own}"

    def version(self):
        _, headers, _ = get(self.url, "/now")
        seen = headers.get("Service-Version")
        if seen not in self.versions:
            raise Problem(f"{seen} answers, and not {' or '.join(self.versions)}.", "Did the last deployment end well?")
        return f"Version {seen}"

    def document(self, name, text):
        status, _, seen = get(self.url, f"/api/{name}")
        try:
            same = status == 200 and json.loads(seen) == json.loads(text)
        except ValueError:
            same = False
        if not same:
            raise Problem(f"GET /api/{name} answered {status} {seen[:200]!r}.",
                "The object store holds another document, or may not be read.")
        return f"GET /api/{name} is the document of the object store"

    def private_pages(self):
        for path in ("/metrics", "/ready", "/live"):
            status, _, _ = get(self.url, path)
            if status != 404:
                raise Problem(f"GET {path} answered {status} to the world.",
                    "It belongs to the admin port, which the load balancer must not forward.")
        return "Metrics and health are not public"

    def port(self, port):
        host = urllib.parse.urlsplit(self.url).hostname
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                socket.create_connection(address[:2], timeout=3).close()
            except OSError:
                continue
            raise Problem(f"TCP {port} of {address[0]} is open.",
                "The firewall in front of the load balancer lets too much in.")
        return f"TCP {port} is closed"

    def redirect(self):
        host = urllib.parse.urlsplit(self.url).hostname
        status, headers, _ = get(f"http://{host}", self.redirected)
        target = headers.get("Location", "")
        if status not in (301, 308) or not re.fullmatch(rf"https://{re.escape(host)}(:443)?{self.redirected}", target):
            raise Problem(f"Port 80 answered {status} {target}.",
                f"It should send everybody to https://{host}{self.redirected}.")
        return f"Port 80 sends to {target}"


class Page(Verification):
    """A virtual machine, which serves a page."""

    redirected = "/hello"

    def __init__(self, *arguments, greeting, addresses, **named):
        super().__init__(*arguments, **named)
        self.greeting = greeting
        self.addresses = addresses

    def contents(self):
        for path in ("/", "/hello"):
            yield lambda path=path: self.page(path)
        yield self.version
        yield from (lambda address=address: self.address_answers(address) for address in self.addresses)

    def page(self, path):
        status, headers, text = get(self.url, path)
        kind = headers.get("Content-Type", "")
        if status != 200 or not kind.startswith("text/html") or self.greeting not in html.unescape(text):
            raise Problem(f"GET {path} answered {status} {text[:200]!r}.",
                f"It should be a page that says {self.greeting!r}.")
        return f"GET {path} says {self.greeting!r}"

    def address_answers(self, address):
        status, _, _ = get(f"http://{address}", "/now")
        if status != 200:
            raise Problem(f"The address {address} answered {status}.",
                "The load balancer does not find a healthy machine from there.")
        return f"{address} answers"
