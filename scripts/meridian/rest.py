"""Requests: to an interface of JSON that takes a token, and as any visitor makes them."""

import http.client
import json
import urllib.parse
import urllib.request


def ask(url, token, body=None, method=None, **headers):
    """The answer, parsed; OSError where there is none, HTTPError among them."""
    # One that was pasted may end with a line's end, which no header can hold.
    given = {"Authorization": f"Bearer {token.strip()}", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), given, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")


def get(url, headers=None, timeout=10, most=None):
    """Status, headers and body, or its first bytes; follows no redirect and takes no proxy."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read(most)
    finally:
        connection.close()
