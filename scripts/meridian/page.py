"""Looks at a deployed virtual machine as a stranger on the internet would."""

import html

from meridian.console import Problem
from meridian.verify import Verification, get


class Page(Verification):
    redirected = "/hello"

    def __init__(self, *arguments, greeting, addresses, **named):
        super().__init__(*arguments, **named)
        self.greeting = greeting
        self.addresses = addresses

    def all(self):
        for path in ("/", "/hello"):
            yield lambda path=path: self.page(path)
        yield self.version
        yield from (lambda address=address: self.address_answers(address) for address in self.addresses)
        yield self.private_pages
        yield from (lambda port=port: self.port(port) for port in self.closed)
        if self.url.startswith("https:"):
            yield self.redirect

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
