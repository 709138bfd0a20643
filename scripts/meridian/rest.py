"""HTTP requests: to JSON APIs with a token, and as any visitor sends them."""

import http.client
import json
import urllib.parse
import urllib.request


def ask(url, token, body=None, method=None, **headers):
    """Parsed response; raises OSError without one, such as HTTPError for an error status."""
    # A pasted token may end with a newline, which no header can hold.
    given = {"Authorization": f"Bearer {token.strip()}", "Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), given, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or "null")


def get(url, headers=None, timeout=10, most=None):
    """Status, headers and body, or its first `most` bytes. Follows no redirect and uses no proxy."""
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
