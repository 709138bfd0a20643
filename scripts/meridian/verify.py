"""Checks a deployed service or virtual machine as a stranger on the internet would see it."""

import html
import http.client
import json
import re
import socket
import time
import urllib.parse

from meridian import rest
from meridian.console import Problem, say

# An address for documentation (RFC 5737): nobody has it.
FORGED = "192.0.2.66"
# For a stack without the output checks.
CHECKS = ({"path": "/now", "status": 200},)
# Requests without a forged header to compare with, if one with it shows another address.
GATEWAYS = 8


def get(url, path="/", headers=None):
    """Status, headers and text."""
    status, found, body = rest.get(f"{url}{path}", headers)
    return status, found, body.decode(errors="replace")


def until_it_answers(url, version=None, minutes=5, check=CHECKS[0]):
    """Wait until the version responds, or if none is given, any response has the expected status.

    The name of a new load balancer takes a minute or two to resolve. A new machine replaces the old one only after it
    has started, pulled the image and passed its health checks.
    """
    end, wanted = time.monotonic() + 60 * minutes, version or url
    takes = "A new machine takes 3 to 5 minutes" if version else "A new load balancer takes 1 to 5 minutes"
    reported = None
    while True:
        try:
            status, headers, _ = get(url, check["path"])
            serving = headers.get("Service-Version") or "something else"
            if status == check["status"] and version in (None, serving):
                return
            seen = f"{serving if version else 'it'} answered {status}"
        except (OSError, http.client.HTTPException) as error:
            seen = str(error) or type(error).__name__
        if time.monotonic() > end:
            what = (f"{wanted} did not answer with status {check['status']}{f' at {url}' if version else ''} within "
                f"{minutes} minutes: {seen}.")
            raise Problem(what, "The section Troubleshooting of the cloud's guide says where to look.")
        if reported != seen:
            say(f"Waiting for {wanted}: {seen}. {takes}. This command gives up after {minutes} minutes.")
            reported = seen
        time.sleep(2)


class Verification:
    """Checks that any service must pass from outside. Each method returns what it saw, or raises Problem."""

    forged_by = (
        "The load balancer passes this header on, and it changes the response. "
        "The service should not trust this header."
    )

    def __init__(self, url, closed, forged=(), versions=(), checks=CHECKS):
        self.url = url
        self.checks = checks
        self.first = self.redirected = checks[0]["path"]
        self.says = f"GET {self.first} answer"
        self.closed = closed
        self.forged = forged
        self.versions = versions

    def all(self):
        yield from (lambda check=check: self.responses(check["path"], check["status"]) for check in self.checks)
        yield from self.contents()
        yield from (lambda port=port: self.port(port) for port in self.closed)
        if self.url.startswith("https:"):
            yield self.redirect

    def contents(self):
        yield self.forgery
        yield self.version

    def responses(self, path, status):
        seen, _, text = get(self.url, path)
        if seen != status:
            raise Problem(f"GET {path} answered {seen} instead of {status}.", text[:200] or "The response was empty.")
        return f"GET {path} answers {seen}"

    def believed(self, headers=None):
        """The part of a response that a forged header could change."""
        if headers:
            return get(self.url, self.first, headers)[0]
        self.responses(self.first, self.checks[0]["status"])
        return self.checks[0]["status"]

    def forgery(self):
        own = self.believed()
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP", *self.forged):
            value = f"for={FORGED}" if header == "Forwarded" else FORGED
            seen = self.believed({header: value})
            # Behind several gateways, the address changes now and then even without a header.
            if seen != own and seen not in {self.believed() for _ in range(GATEWAYS)}:
                raise Problem(f"{header}: {value} makes {self.says} {seen}.", self.forged_by)
        return f"Forged address headers change nothing; the response is still {own}"

    def version(self):
        seen = get(self.url, self.first)[1].get("Service-Version") or ""
        if seen in self.versions:
            return f"Version {seen}"
        if not seen.startswith("sha256:"):
            return "The service's responses carry no digest as Service-Version, so they do not show which image answers"
        raise Problem(f"{seen} answers, and not {' or '.join(self.versions)}.", "Did the last deployment succeed?")

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
        host, path = urllib.parse.urlsplit(self.url).hostname, self.redirected
        status, headers, _ = get(f"http://{host}", path)
        target = headers.get("Location", "")
        if status not in (301, 308) or not re.fullmatch(rf"https://{re.escape(host)}(:443)?{re.escape(path)}", target):
            raise Problem(f"Port 80 answered {status} {target}.", f"It should redirect to https://{host}{path}.")
        return f"Port 80 redirects to {target}"


class Meridian(Verification):
    """Also checks the responses that only Meridian gives."""

    forged_by = "Visitors can forge their address: MERIDIAN_CLIENT_ADDRESS does not fit the load balancer."

    def __init__(self, *arguments, documents, **named):
        super().__init__(*arguments, **named)
        self.documents = documents
        self.says = "the service say"

    def contents(self):
        yield self.home
        yield self.forgery
        yield self.version
        yield from (lambda name=name, text=text: self.document(name, text)
            for name, text in sorted(self.documents.items()))
        yield self.private_pages

    def address(self, headers=None):
        status, kind, text = get(self.url, "/", headers)
        if status == 200 and kind.get("Content-Type", "").startswith("text/html"):
            return None, "is a page, as it should be with MERIDIAN_HOME=hello"
        try:
            response = json.loads(text)
            if status == 200 and set(response) == {"timestamp", "ip"}:
                return response["ip"], text.strip()
        except ValueError:
            pass
        raise Problem(f"GET / answered {status} {text[:200]!r}.", 'It should be {"timestamp": …, "ip": …}.')

    def believed(self, headers=None):
        return self.address(headers)[0]

    def home(self):
        return f"GET / {self.address()[1]}"

    def forgery(self):
        own, page = self.address()
        return super().forgery() if own else f"Forged addresses were not checked, as no address is shown: GET / {page}"

    def version(self):
        seen = super().version()
        if not seen.startswith("Version"):
            raise Problem(f"The response's Service-Version is not a digest; it should be {' or '.join(self.versions)}.",
                "If the service is not Meridian, set service.meridian = false.")
        return seen

    def document(self, name, text):
        status, _, seen = get(self.url, f"/api/{name}")
        try:
            same = status == 200 and json.loads(seen) == json.loads(text)
        except ValueError:
            same = False
        if not same:
            raise Problem(f"GET /api/{name} answered {status} {seen[:200]!r}.",
                "The object store holds a different document, or the service has no right to read it.")
        return f"GET /api/{name} is the document of the object store"

    def private_pages(self):
        for path in ("/metrics", "/ready", "/live"):
            status, _, _ = get(self.url, path)
            if status != 404:
                raise Problem(f"GET {path} answered {status} to the world.",
                    "It belongs to the admin port, which the load balancer must not forward.")
        return "Metrics and health are not public"


class Page(Meridian):
    """A virtual machine, which serves a page."""

    def __init__(self, *arguments, greeting, addresses, **named):
        super().__init__(*arguments, documents={}, **named)
        self.greeting = greeting
        self.addresses = addresses
        self.redirected = "/hello"

    def contents(self):
        for path in ("/", "/hello"):
            yield lambda path=path: self.page(path)
        yield self.version
        yield from (lambda address=address: self.address_answers(address) for address in self.addresses)
        yield self.private_pages

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
                "The load balancer finds no healthy machine behind this address.")
        return f"{address} answers"
