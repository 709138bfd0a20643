"""A request to an interface of JSON that takes a token."""

import json
import urllib.request


def ask(url, token, body=None, method=None, **headers):
    """The answer, parsed; OSError where there is none, HTTPError among them."""
    given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), given, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")
