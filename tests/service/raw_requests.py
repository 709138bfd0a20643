"""Requests byte for byte, with what RFC 9110 and RFC 9112 require of the server.

The expected outcomes were written from the RFCs, before any server was tried. Where the RFCs leave a choice, a row
lists each outcome that they allow. What such a table has to cover was learnt from Http11Probe
(https://github.com/MDA2AV/Http11Probe), h1spec (https://github.com/uNetworking/h1spec) and smuggler
(https://github.com/defparam/smuggler).
"""

from __future__ import annotations

from typing import NamedTuple

FOLLOW_UP = b"GET /follow-up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Row(NamedTuple):
    section: str  # number and section of the RFC that decides
    name: str
    sent: bytes
    # Statuses, and whether FOLLOW_UP, sent right after, got a response too: "200 kept", "400 closed".
    # Outcomes are separated by "|". "closed" alone means that the connection ended without a response.
    expected: str
    why: str = ""  # why the service behaves like neither Go nor nginx
    end: str = "follow-up"  # or "half-close": no more is sent; or "silence": not even a close
    fields: dict[str, str] = {}  # of the first response, as regular expressions; "" if there must be none

    @property
    def outcomes(self):
        return {outcome.strip() for outcome in self.expected.split("|")}


def get(*fields, line="GET / HTTP/1.1", host="Host: a", body=""):
    """Return a request with its body; without Host if that is empty."""
    return "\r\n".join([line, *([host] if host else []), *fields, "", body]).encode("latin-1")


def chunked(body, *fields, line="POST / HTTP/1.1"):
    return get("Transfer-Encoding: chunked", *fields, line=line, body=body)


def target(text):
    return get(line=f"GET {text} HTTP/1.1")


INNER = get(line="GET /inner HTTP/1.1").decode()

REFUSED = "400 closed"
# A method that is known but not allowed, or unknown.
NOT_ALLOWED = "405 kept | 501 kept"
# RFC 9112 9.3: the body is read, or the connection is closed after the response.
ACCEPTED = "200 kept | 200 closed"
POSTED = "405 kept | 405 closed"
# A body whose end cannot be known: nothing after it may be treated as a request.
LOST = "400 closed | 405 closed"
# RFC 9112 6.1: the response to an unknown coding SHOULD be 501.
CODING = "501 closed | 400 closed"
# RFC 9110 10.1.1: 100 and then the body is read, or a final status and the body is never read.
EXPECTED = "100 200 kept | 200 closed | 100 200 closed | 417 closed"
# RFC 9112 2.2: a recipient MAY accept a single LF as the end of a line.
LINE_FEED = "400 closed | 200 kept"

BODY = "no route reads a body, so the connection closes after the response instead (RFC 9112 9.3)"
UNCHUNKED = "RFC 9112 6.3 requires 400 if chunked is not the last coding"
STRICT = "what another server on the way might read differently is refused"
EARLY = "it is refused before the server sees it, which closes the connection, as RFC 9112 9.3 allows"
TUNNEL = "405 means that there is no tunnel; what a client sends as if there were one is ignored"
GRAMMAR = "RFC 9112 3 asks for 400 if the request line violates the grammar"
LIMIT = "our own limit keeps the input of all connections within the heap"
DOCUMENT = "the peers have no documents"

ROWS = [
    # Valid requests.
    Row("9110 9.3.1", "GET", get(), "200 kept", fields={"content-type": "application/json"}),
    Row("9110 5.6.7", "Date in GMT", get(), "200 kept", fields={
        "date": r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [JFMASOND][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"}),
    Row("9110 9.3.2", "HEAD", get(line="HEAD / HTTP/1.1"), "200 kept"),
    Row("9110 9.3.2", "HEAD of nothing", get(line="HEAD /none HTTP/1.1"), "404 kept"),
    Row("9112 9.3.2", "three requests at once", get() * 3, "200 200 200 kept"),
    Row("9112 9.3.2", "HEAD between two others", get() + get(line="HEAD / HTTP/1.1") + get(), "200 200 200 kept"),
    Row("9112 9.6", "a client that half-closes after its request", get(), "200 closed", end="half-close"),
    Row("9110 14.2", "Range, which may be ignored", get("Range: bytes=0-1"), "200 kept | 206 kept"),
    Row("9110 14.2", "a Range that makes no sense", get("Range: bytes=9-1,-,x"), "200 kept | 416 kept"),
    Row("9110 8.3", "two content types of no content", get("Content-Type: a/b", "Content-Type: c/d"), "200 kept"),
    Row("6265 5.4", "cookies that are none", get("Cookie: ;;=,a=b;\t\"", "Cookie:"), "200 kept"),
    Row("9112 6.3", "POST without a length, so without a body", get(line="POST / HTTP/1.1"), "405 kept"),
    Row("9110 10.1.4", "TE", get("TE: trailers, deflate;q=0.5"), "200 kept"),
    Row("9110 15.4.5", "304 says no other length than the 200", get("If-None-Match: *", line="GET /api/foo HTTP/1.1"),
        "304 kept", DOCUMENT, fields={"content-length": "", "etag": '".+"'}),
    Row("9110 12.5.1", "Accept with blanks", get("Accept: text/plain;q=0.1 , application/json ; q=0.5"), "200 kept"),
    Row("9110 5.6.1.2", "Accept with empty elements", get("Accept: , application/json ,,"), "200 kept"),

    # The request line.
    Row("9112 2.2", "an empty line before it", b"\r\n" + get(), "200 kept"),
    Row("9112 2.2", "100,000 empty lines before it", b"\r\n" * 100_000 + get(), "200 kept | 400 closed | closed"),
    Row("9112 2.2", "a bare LF before it", b"\n" + get(), LINE_FEED),
    Row("9112 3", "a blank before the method", get(line=" GET / HTTP/1.1"), REFUSED),
    Row("9112 3", "two blanks before the target", get(line="GET  / HTTP/1.1"), REFUSED),
    Row("9112 3", "two blanks before the version", get(line="GET /  HTTP/1.1"), REFUSED),
    Row("9112 3", "a tab before the target", get(line="GET\t/ HTTP/1.1"), REFUSED),
    Row("9112 3", "a tab before the target and a blank in it", get(line="GET\t/ x HTTP/1.1"), REFUSED),
    Row("9112 3", "a blank after the version", get(line="GET / HTTP/1.1 "), REFUSED),
    Row("9112 3", "one word", get(line="GET"), REFUSED),
    Row("9112 3", "no target", get(line="GET HTTP/1.1"), REFUSED),
    Row("9112 3", "no version", get(line="GET /"), REFUSED),
    Row("9112 2.2", "bare LF at its end", get().replace(b"\r\n", b"\n", 1), LINE_FEED, STRICT),
    Row("9112 2.2", "bare LF everywhere", get().replace(b"\r\n", b"\n"), LINE_FEED, STRICT),
    Row("9112 2.2", "bare CR everywhere", get().replace(b"\r\n", b"\r"), REFUSED),
    Row("9112 2.2", "CR in it", get(line="GET /\rx HTTP/1.1"), REFUSED),
    Row("9112 2.2", "CR CR LF at its end", get().replace(b"\r\n", b"\r\r\n", 1), REFUSED),
    Row("9112 3", "of 8,000 octets", target("/" + "x" * (8000 - len("GET / HTTP/1.1"))), "404 kept"),
    Row("9110 15.5.15", "of 40,000 octets", target("/" + "x" * 40_000), "414 closed | 400 closed"),
    Row("9110 15.5.15", "of 600,000 octets", target("/" + "x" * 600_000), "414 closed | 400 closed"),
    Row("9112 8", "cut off by the client", b"GET / HT", "400 closed | closed", end="half-close"),
    Row("9112 9.5", "never ended", b"GET / HT", "408 closed | closed", end="silence"),
    Row("9112 9.5", "never begun", b"", "closed | 408 closed", end="silence"),
    Row("9112 9.6", "nothing, and a half-close", b"", "closed", end="half-close"),

    # Other protocols on this port.
    Row("9112 2.3", "a TLS handshake", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x07" * 32 + b"\r\n\r\n",
        "400 closed | closed"),
    Row("9112 2.3", "a greeting of SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", REFUSED),
    Row("9112 2.3", "a PROXY line", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get(), REFUSED),
    Row("9113 3.4", "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 closed | 400 closed | closed",
        "RFC 9110 15.6.6 asks for 505"),
    Row("9110 7.8", "Upgrade to h2c", get(
        "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), "200 kept"),
    Row("9110 7.8", "Upgrade to a web socket", get(
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        "200 kept"),
    Row("9110 7.8", "Upgrade to nothing known, not named in Connection", get("Upgrade: x/9, y"), "200 kept"),

    # The version.
    Row("9112 2.3", "in lower case", get(line="GET / http/1.1"), REFUSED),
    Row("9112 2.3", "of one number", get(line="GET / HTTP/1"), REFUSED),
    Row("9112 2.3", "of two digits", get(line="GET / HTTP/1.10"), "400 closed | 505 closed"),
    Row("9112 2.3", "with a comma", get(line="GET / HTTP/1,1"), REFUSED),
    Row("9112 2.3", "another protocol's name", get(line="GET / HTP/1.1"), REFUSED),
    Row("9112 2.3", "with a leading zero", get(line="GET / HTTP/01.1"), "400 closed | 505 closed"),
    Row("9112 2.3", "with a blank in it", get(line="GET / HTTP/ 1.1"), REFUSED),
    Row("9110 2.5", "a later minor one", get(line="GET / HTTP/1.2"), "200 kept"),
    Row("9110 15.6.6", "a later major one", get(line="GET / HTTP/3.0"), "505 closed"),
    Row("9110 2.5", "HTTP/1.0", get(line="GET / HTTP/1.0"), "200 closed"),
    Row("9112 6.1", "HTTP/1.0 with chunks", chunked("0\r\n\r\n", line="GET / HTTP/1.0"),
        "400 closed | 200 closed"),

    # Methods.
    Row("9110 15.5.6", "POST", get("Content-Length: 0", line="POST / HTTP/1.1"), "405 kept",
        fields={"allow": "GET, HEAD|HEAD, GET"}),
    Row("9110 9.1", "one that nobody knows", get(line="WHAT / HTTP/1.1"), NOT_ALLOWED),
    Row("9110 9.1", "in lower case", get(line="get / HTTP/1.1"), NOT_ALLOWED + " | 405 closed", EARLY),
    Row("9110 9.1", "of 100 letters", get(line="W" * 100 + " / HTTP/1.1"), NOT_ALLOWED + " | 400 closed"),
    Row("9110 9.1", "of 5,000 letters",
        get(line="W" * 5000 + " / HTTP/1.1"), NOT_ALLOWED + " | 400 closed | 414 closed", LIMIT),
    Row("9110 5.6.2", "of all letters of a token", get(line="A!#$%&'*+-.^_`|~9 / HTTP/1.1"), NOT_ALLOWED),
    Row("9110 5.6.2", "with a bracket", get(line="G(T / HTTP/1.1"), REFUSED),
    Row("9110 5.6.2", "with a control character", get(line="G\x01T / HTTP/1.1"), REFUSED),
    Row("9110 5.6.2", "with NUL", get(line="G\0T / HTTP/1.1"), REFUSED),
    Row("9110 5.6.2", "with DEL", get(line="G\x7fT / HTTP/1.1"), REFUSED),
    Row("9110 5.6.2", "in UTF-8", get(line="G\xc3\x89T / HTTP/1.1"), REFUSED),
    Row("9110 9.3.8", "TRACE", get(line="TRACE / HTTP/1.1"), "405 kept | 501 kept | 405 closed"),
    Row("9110 9.3.7", "OPTIONS", get(line="OPTIONS / HTTP/1.1"), "405 kept | 200 kept | 204 kept"),
    Row("9112 3.2.4", "OPTIONS of the server", get(line="OPTIONS * HTTP/1.1"),
        "200 kept | 204 kept | 405 kept | 405 closed | 501 kept", EARLY),
    Row("9110 9.3.6", "CONNECT", get(line="CONNECT example.com:443 HTTP/1.1"),
        "400 closed | 405 closed | 405 kept | 501 closed | 501 kept", TUNNEL),
    Row("9112 3.2.3", "CONNECT to a path", get(line="CONNECT / HTTP/1.1"),
        "400 closed | 405 closed | 405 kept | 501 closed | 501 kept"),

    # The target.
    Row("9112 3.2.2", "absolute", target("http://a/"), "200 kept"),
    Row("9112 3.2.2", "absolute, for another host than Host",
        get(host="Host: b", line="GET http://a/ HTTP/1.1"), "200 kept"),
    Row("9110 4.2.3", "absolute, its scheme in upper case", target("HTTP://a/"), "200 kept"),
    Row("9110 4.2.3", "absolute, without a path", target("http://a"), "200 kept"),
    Row("9112 3.2", "absolute, without Host", get(host="", line="GET http://a/ HTTP/1.1"), REFUSED),
    Row("9112 3.2.3", "an authority", target("a:80"), REFUSED),
    Row("9112 3.2.4", "an asterisk for GET", target("*"), "400 closed | 400 kept"),
    Row("9112 3.2.1", "without a slash", target("now"), REFUSED),
    Row("9112 3.2", "with a fragment", target("/#x"), "400 closed | 400 kept | 200 kept", GRAMMAR),
    Row("9112 3.2", "with a blank", target("/a b"), REFUSED),
    Row("9112 3.2", "with NUL", target("/a\0b"), REFUSED),
    Row("9112 3.2", "with a control character", target("/a\x01b"), REFUSED),
    Row("9112 3.2", "with DEL", target("/a\x7fb"), REFUSED),
    Row("9112 3.2", "in bare UTF-8", target("/\xc3\xa9"), "400 closed | 404 kept", GRAMMAR),
    Row("3986 2.1", "half an escape", target("/%2"), "400 closed | 400 kept"),
    Row("3986 2.1", "an escape that is none", target("/%zz"), "400 closed | 400 kept"),
    Row("3986 2.1", "NUL escaped", target("/%00"), "400 closed | 400 kept | 404 kept"),
    Row("3986 2.1", "the end of a line escaped", target("/%0d%0aX:%20y"), "400 closed | 400 kept | 404 kept"),
    Row("3629 3", "a slash escaped in too many octets", target("/..%c0%af"), "400 closed | 400 kept | 404 kept"),
    Row("3986 2", "with a backslash", target("/\\x"), "400 closed | 400 kept | 404 kept", GRAMMAR),
    Row("3986 2", "with a bracket in its query", target("/?a[]=<b>"), "400 closed | 400 kept | 200 kept", GRAMMAR),
    Row("3986 5.2.4", "above the root", target("/../../etc/passwd"), "400 closed | 400 kept | 404 kept",
        "there is nothing above the root, and Go's redirect leads to nothing too"),

    # Host.
    Row("9112 3.2", "no Host", get(host=""), REFUSED),
    Row("9112 3.2", "Host twice", get("Host: a"), REFUSED),
    Row("9112 3.2", "two Hosts", get("Host: b"), REFUSED),
    Row("9112 3.2", "Host with a blank", get(host="Host: a b"), REFUSED),
    Row("9112 3.2", "Host with a path", get(host="Host: a/b"), REFUSED),
    Row("9110 7.2", "Host without a value", get(host="Host:"), "200 kept | 400 closed"),
    Row("9112 3.2", "Host with two names", get(host="Host: a, b"), REFUSED),
    Row("9112 3.2", "Host with a user", get(host="Host: b@a"), REFUSED),
    Row("9112 3.2", "Host with a port that is no number", get(host="Host: a:x"), REFUSED, STRICT),
    Row("9112 3.2", "Host with an address of IPv6", get(host="Host: [2001:db8::1]:8080"), "200 kept"),

    # Fields.
    Row("9112 5.1", "a blank before the colon", get("X : y"), REFUSED),
    Row("9112 5.1", "a tab before the colon", get("X\t: y"), REFUSED),
    Row("9112 5", "no colon", get("nonsense"), REFUSED),
    Row("9112 5.2", "folded", get("X: y\r\n z"), "400 closed | 200 kept"),
    Row("9112 5.2", "a line of blanks", get("X: y", "  ", "Z: z"), "400 closed | 200 kept"),
    Row("9112 5.2", "folded, in Content-Length", get("Content-Length: 0\r\n 1"), REFUSED),
    Row("9112 2.2", "a blank before the first", get(host=" Host: a"), REFUSED),
    Row("9110 5.1", "an empty name", get(": y"), REFUSED),
    Row("9110 5.1", "a name with a bracket", get("X(y): z"), REFUSED),
    Row("9110 5.1", "a name with a slash", get("X/y: z"), REFUSED),
    Row("9110 5.1", "a name with NUL", get("X\0: y"), REFUSED),
    Row("9110 5.1", "a name with a control character", get("X\x01: y"), REFUSED),
    Row("9110 5.1", "a name in UTF-8", get("X\xc3\xa9: y"), REFUSED),
    Row("9110 5.1", "a name of all letters of a token", get("A!#$%&'*+-.^_`|~9: y"), "200 kept"),
    Row("9110 5.5", "an empty value", get("X:"), "200 kept"),
    Row("9110 5.5", "a value with a tab", get("X: a\tb"), "200 kept"),
    Row("9110 5.5", "a value in UTF-8", get("X: \xc3\xa9"), "200 kept"),
    Row("9110 5.5", "a value with NUL", get("X: a\0b"), REFUSED),
    Row("9110 5.5", "a value with CR", get("X: a\rb"), REFUSED),
    Row("9110 5.5", "a value with another control character", get("X: a\x01b"), "400 closed | 200 kept"),
    Row("9112 2.2", "a line that ends with LF", get("X: y").replace(b"X: y\r\n", b"X: y\n"), LINE_FEED, STRICT),
    Row("9112 2.2", "a line that ends with CR CR LF", get("X: y\r"), REFUSED),
    Row("9112 5", "cut off by the client",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: y", "400 closed | closed", end="half-close"),
    Row("9112 5", "cut off between two lines",
        b"GET / HTTP/1.1\r\nHost: a\r\n", "400 closed | closed", end="half-close"),
    Row("9112 9.5", "never ended", b"GET / HTTP/1.1\r\nHost: a\r\nX: y", "408 closed | closed", end="silence"),
    Row("9110 5.4", "60 of them", get(*[f"X-{n}: y" for n in range(60)]), "200 kept"),
    Row("9110 5.4", "one of 7,000 octets", get("X: " + "y" * 7000), "200 kept"),
    Row("6585 5", "one of 40,000 octets", get("X: " + "y" * 40_000), "431 closed | 400 closed", LIMIT),
    Row("6585 5", "a name of 40,000 octets", get("X" * 40_000 + ": y"), "431 closed | 400 closed", LIMIT),
    Row("6585 5", "1,000 of them", get(*[f"X-{n}: y" for n in range(1000)]), "431 closed | 400 closed", LIMIT),

    # Connection.
    Row("9112 9.6", "close", get("Connection: close"), "200 closed", fields={"connection": "close"}),
    Row("9110 7.6.1", "Close", get("Connection: Close"), "200 closed"),
    Row("9110 7.6.1", "close at the head of a list", get("Connection: close, TE", "TE: trailers"), "200 closed"),
    Row("9110 7.6.1", "close at the end of a list", get("Connection: foo, close"), "200 closed"),
    Row("9110 5.6.1.2", "close between empty elements", get("Connection: ,close,"), "200 closed"),
    Row("9110 5.3", "close in the second of two lines",
        get("Connection: keep-alive", "Connection: close"), "200 closed"),
    Row("9112 9.3", "keep-alive", get("Connection: keep-alive"), "200 kept"),
    Row("9110 7.6.1", "a word that only begins like close", get("Connection: closed"), "200 kept"),

    # Expect.
    Row("9110 10.1.1", "100-continue without a body",
        get("Expect: 100-continue"), "200 kept | 200 closed | 100 200 kept"),
    Row("9110 10.1.1", "100-continue and a body",
        get("Expect: 100-continue", "Content-Length: 5", body="hello"), EXPECTED),
    Row("9110 10.1.1", "100-continue and a request as a body",
        get("Expect: 100-continue", f"Content-Length: {len(INNER)}", body=INNER), EXPECTED),
    Row("9110 10.1.1", "100-Continue and a request as a body",
        get("Expect: 100-Continue", f"Content-Length: {len(INNER)}", body=INNER), EXPECTED),
    Row("9110 10.1.1", "100-continue and a request in chunks",
        chunked(f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n", "Expect: 100-continue", line="GET / HTTP/1.1"), EXPECTED),
    Row("9110 10.1.1", "100-continue, HEAD and a request as a body",
        get("Expect: 100-continue", f"Content-Length: {len(INNER)}", line="HEAD / HTTP/1.1", body=INNER), EXPECTED),
    Row("9110 10.1.1", "100-continue to a path that is none",
        get("Expect: 100-continue", f"Content-Length: {len(INNER)}", line="POST /none HTTP/1.1", body=INNER),
        EXPECTED.replace("200", "404")),
    Row("9110 10.1.1", "something else", get("Expect: the-unexpected"), "417 kept | 417 closed | 200 kept"),

    # Valid bodies.
    Row("9112 6.3", "of GET", get("Content-Length: 5", body="hello"), ACCEPTED, BODY),
    Row("9112 6.3", "of POST", get("Content-Length: 5", line="POST / HTTP/1.1", body="hello"), POSTED, BODY),
    Row("9112 6.3", "of no octets", get("Content-Length: 0"), "200 kept"),
    Row("9112 5.1", "with blanks around its length", get("Content-Length: \t 5 \t", body="hello"), ACCEPTED, BODY),
    Row("9112 6.3", "of HEAD, a request",
        get(f"Content-Length: {len(INNER)}", line="HEAD / HTTP/1.1", body=INNER), ACCEPTED, BODY),
    Row("9112 6.3", "of OPTIONS, a request",
        get(f"Content-Length: {len(INNER)}", line="OPTIONS / HTTP/1.1", body=INNER), POSTED, BODY),
    Row("9112 6.3", "of TRACE", get("Content-Length: 5", line="TRACE / HTTP/1.1", body="hello"),
        "400 closed | " + POSTED),
    Row("9112 6.3", "of HEAD, in chunks",
        chunked(f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n", line="HEAD / HTTP/1.1"), ACCEPTED, BODY),
    Row("9112 6.3", "to a path that is none", get("Content-Length: 5", line="GET /none HTTP/1.1", body="hello"),
        "404 kept | 404 closed", BODY),
    Row("9112 6.3", "a request", get(f"Content-Length: {len(INNER)}", body=INNER), ACCEPTED, BODY),
    Row("9112 9.3.2", "of POST, and a request behind it",
        get("Content-Length: 5", line="POST / HTTP/1.1", body="hello") + get(), "405 200 kept | 405 closed", BODY),
    Row("9112 7.1", "in chunks", chunked("5\r\nhello\r\n0\r\n\r\n"), POSTED, BODY),
    Row("9112 7.1", "in chunks, of GET", chunked("5\r\nhello\r\n0\r\n\r\n", line="GET / HTTP/1.1"), ACCEPTED, BODY),
    Row("9112 7.1", "in chunks, a request", chunked(f"{len(INNER):X}\r\n{INNER}\r\n0\r\n\r\n"), POSTED, BODY),
    Row("9112 7.1", "in chunks with leading zeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), POSTED, BODY),
    Row("9112 7.1.1", "in chunks with an extension", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), POSTED, BODY),
    Row("9112 7.1.1", "in chunks with a quoted extension", chunked('5;a="b;c"\r\nhello\r\n0\r\n\r\n'), POSTED, BODY),
    Row("9112 7.1.2", "in chunks with a trailer", chunked("5\r\nhello\r\n0\r\nX: y\r\n\r\n"), POSTED, BODY),
    Row("9110 6.5.1", "in chunks with a length in the trailer",
        chunked("5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"), POSTED + " | " + LOST, BODY),
    Row("9112 7", "Chunked", get("Transfer-Encoding: Chunked", body="5\r\nhello\r\n0\r\n\r\n"), ACCEPTED, BODY),
    Row("9112 5.1", "chunked with blanks around it",
        get("Transfer-Encoding: \t chunked \t", body="0\r\n\r\n"), ACCEPTED, BODY),
    Row("9110 6.5.1", "in chunks with Host and Transfer-Encoding in the trailer",
        chunked("5\r\nhello\r\n0\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n"), POSTED + " | " + LOST, BODY),
    Row("9112 7", "of GET, of no chunk", chunked("0\r\n\r\n", line="GET / HTTP/1.1"), ACCEPTED, BODY),

    # Invalid lengths.
    Row("9112 6.3", "the same twice",
        get("Content-Length: 5", "Content-Length: 5", body="hello"), f"400 closed | {ACCEPTED}"),
    Row("9110 8.6", "the same in a list", get("Content-Length: 5, 5", body="hello"), f"400 closed | {ACCEPTED}"),
    Row("9112 6.3", "two", get("Content-Length: 0", "Content-Length: 5", body="hello"), REFUSED),
    Row("9110 8.6", "two in a list", get("Content-Length: 5, 0", body="hello"), REFUSED),
    Row("9110 8.6", "with leading zeros", get("Content-Length: 005", body="hello"), f"400 closed | {ACCEPTED}", BODY),
    *[
        Row("9112 6.3", f"{text!r}", get(f"Content-Length: {text}", body="hello"), REFUSED)
        for text in ["-5", "+5", "5 5", "0x5", "5.0", "5e0", "1_0", "-0",
                     "0o5", "5, 5, 6", "5,", "", "five", "5;", "\xb2", "18446744073709551621"]
    ],
    Row("9110 8.6", "larger than any body", get("Content-Length: 9000000000000000", line="POST / HTTP/1.1"),
        "413 closed | 405 closed"),
    Row("9112 8", "cut off by the client", get("Content-Length: 10", body="hello"),
        "200 closed | 400 closed | closed", end="half-close"),

    # Invalid Transfer-Encoding.
    Row("9112 6.1", "beside a length", chunked("0\r\n\r\n", "Content-Length: 5"), "400 closed | 405 closed"),
    Row("9112 6.1", "before a length of nothing",
        chunked(f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n", "Content-Length: 0"),
        "400 closed | 405 closed"),
    Row("9112 6.1", "an unknown one beside a length",
        get("Transfer-Encoding: x", "Content-Length: 5", body="hello"), CODING, STRICT),
    *[
        Row("9112 6.1", repr(text), get(f"Transfer-Encoding: {text}", body="0\r\n\r\n"), CODING, UNCHUNKED)
        for text in ["gzip", "chunked, gzip", "identity", "chunked, identity", "xchunked", "chunkedx",
                     "chunked, chunked", '"chunked"', "chunked;q=1", "chunk ed", "\xa0chunked"]
    ],
    *[
        Row("9112 6.1", repr(text), get(f"Transfer-Encoding: {text}", body="0\r\n\r\n"), CODING)
        for text in ["gzip, chunked", "\x0bchunked", "chunked\x0b", "chunked\0"]
    ],
    Row("9112 6.3", "an empty one", get("Transfer-Encoding: ", body="0\r\n\r\n"), CODING, UNCHUNKED),
    *[
        Row("9110 5.6.1.2", repr(text),
            get(f"Transfer-Encoding: {text}", body="0\r\n\r\n"), f"{CODING} | {ACCEPTED}", STRICT)
        for text in [", chunked", "chunked,"]
    ],
    Row("9112 6.1", "chunked twice", chunked("0\r\n\r\n", "Transfer-Encoding: chunked"), CODING),
    Row("9112 6.1", "chunked and identity in two lines", chunked("0\r\n\r\n", "Transfer-Encoding: identity"), CODING),
    Row("9112 5.1", "a blank before its colon", get("Transfer-Encoding : chunked", body="0\r\n\r\n"), REFUSED),
    Row("9112 5.2", "folded", get("Transfer-Encoding:\r\n chunked", body="0\r\n\r\n"),
        f"400 closed | 501 closed | {ACCEPTED}"),
    Row("9112 2.2", "behind a bare CR", get("X: y\rTransfer-Encoding: chunked", body="0\r\n\r\n"), REFUSED),

    # Invalid chunks.
    *[
        Row("9112 7.1", f"a size of {size!r}", chunked(f"{size}\r\nhello\r\n0\r\n\r\n"), LOST)
        for size in ["+5", "-5", "0x5", "5_", " 5", "", "g", "5 5", "5,", "10000000000000005", "5\0"]
    ],
    *[
        Row("9112 7.1.1", f"an extension {size!r}", chunked(f"{size}\r\nhello\r\n0\r\n\r\n"), LOST, BODY)
        for size in ["5;", "5;a\x01", "5;(a"]
    ],
    Row("9112 7.1", "a size with a blank behind it", chunked("5 \r\nhello\r\n0\r\n\r\n"), f"{LOST} | 405 kept", BODY),
    Row("9112 7.1", "a size that ends with LF", chunked("5\nhello\r\n0\r\n\r\n"), f"{LOST} | 405 kept"),
    Row("9112 7.1.1", "an extension with a bare CR", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), LOST),
    Row("9112 7.1.1", "an extension with a bare LF", chunked("5;a\nhello\r\n0\r\n\r\n"), f"{LOST} | 405 kept"),
    Row("9112 7.1", "data that is longer than its size", chunked("5\r\nhelloXX\r\n0\r\n\r\n"), LOST),
    Row("9112 7.1", "data that spills over its end", chunked(f"5\r\nhelloXX0\r\n\r\n{INNER}"), LOST),
    Row("9112 7.1", "no line end after the data", chunked(f"5\r\nhello0\r\n\r\n{INNER}"), LOST),
    Row("9112 7.1.2", "a trailer without a colon", chunked("0\r\nnonsense\r\n\r\n"), f"{LOST} | 405 kept"),
    Row("9112 7.1", "a size without end", chunked("0" * 300_000 + "\r\n\r\n"), f"{LOST} | 413 closed | 405 kept"),
    Row("9112 7.1.1", "an extension without end", chunked("5;" + "a" * 300_000), f"{LOST} | 413 closed"),
    Row("9112 7.1.2", "a trailer without end",
        chunked("0\r\nX: " + "y" * 300_000), f"{LOST} | 413 closed | 431 closed"),
    Row("9112 7.1.2", "trailers without end",
        chunked("0\r\n" + "X: y\r\n" * 50_000), f"{LOST} | 413 closed | 431 closed"),
    Row("9112 8", "cut off by the client", chunked("5\r\nhel"), "405 closed | 400 closed | closed", end="half-close"),

    # What follows a request.
    Row("9112 9.3.2", "bytes that are no request", get() + b"\0\1\2\r\n\r\n", "200 400 closed | 200 closed"),
    Row("9112 2.2", "an empty line behind a request", get() + b"\r\n", "200 kept"),
    Row("9112 9.6", "a request after the last",
        get("Connection: close") + get(line="GET /inner HTTP/1.1"), "200 closed"),
]
