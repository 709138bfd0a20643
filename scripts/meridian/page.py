"""Looks at a deployed virtual machine as a stranger on the internet would."""

import html
import http.client
import time
import urllib.parse

from meridian.console import Problem, say
from meridian.verify import Verification, get

CLOSED = (22, 8080, 8081)


def look(stack, outputs, minutes=15):
    """Waits until the image that was deployed answers, then checks everything; gives the exit code."""
    url, image = outputs["url"], outputs["image"]
    version = image.split("@")[1]
    until_it_is(url, version, minutes)
    closed = CLOSED if url.startswith("https:") else (443, *CLOSED)
    page = Page(url, closed=closed, versions=[version], greeting=outputs["greeting"], addresses=outputs["addresses"])
    wrong = 0
    for check in page.all():
        try:
            say(f"ok       {check()}")
        except (Problem, OSError) as problem:
            wrong += 1
            say(f"wrong    {problem}", f"         {getattr(problem, 'how', 'The connection failed.')}")
    say("Failed" if wrong else "All is as it should be.")
    return 1 if wrong else 0


def until_it_is(url, version, minutes):
    """A new machine starts, pulls the image and is found healthy; only then it takes the old one's place."""
    end = time.monotonic() + 60 * minutes
    told = None
    while True:
        try:
            status, headers, _ = get(url, "/now")
            seen = headers.get("Service-Version") or "something else"
            if status == 200 and seen == version:
                return
            seen = f"{seen} answers {status}"
        except (OSError, http.client.HTTPException) as error:
            seen = str(error) or type(error).__name__
        if time.monotonic() > end:
            raise Problem(
                f"{version} did not answer at {url} within {minutes} minutes: {seen}.",
                "The outputs session and logs look at the machine; Troubleshooting in the cloud's guide says what to look for.",
            )
        if seen != told:
            say(f"Waits for {version}: {seen}. A new machine takes 3 to 5 minutes, at most {minutes} are given.")
            told = seen
        time.sleep(5)


class Page(Verification):
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
            raise Problem(f"GET {path} answered {status} {text[:200]!r}.", f"It should be a page that says {self.greeting!r}.")
        return f"GET {path} says {self.greeting!r}"

    def address_answers(self, address):
        status, _, _ = get(f"http://{address}", "/now")
        if status != 200:
            raise Problem(f"The address {address} answered {status}.", "The load balancer does not find a healthy machine from there.")
        return f"{address} answers"

    def redirect(self):
        host = urllib.parse.urlsplit(self.url).hostname
        status, headers, _ = get(f"http://{host}", "/hello")
        if (status, headers.get("Location")) != (308, f"https://{host}/hello"):
            raise Problem(f"Port 80 answered {status} {headers.get('Location')}.", f"It should send everybody to https://{host}/.")
        return f"Port 80 sends to https://{host}/"
