"""Judge a service's clock without app/ or a JDK, as the probe of app/ does: one table, tests/commands/clock.json, tests
both."""

import argparse
import base64
import datetime
import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

INSIDE, OUTSIDE, DOWN, INCONCLUSIVE, USAGE_ERROR = 0, 1, 2, 3, 64
SECOND = 10**9  # all times are whole nanoseconds; points in time count from 1970
MAX_SAMPLES = 10
MAX_BODY = 4096
CUT_OFF = 1000  # a service may truncate its time to microseconds
FIELDS = {"Accept": "application/json, text/plain;q=0.5", "Cache-Control": "no-cache"}
TIME = re.compile(
    r"([+-]?\d{4,10})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{0,9}))?(?:Z|([+-](?:0\d|1[0-7]):[0-5]\d|[+-]18:00))",
    re.I | re.A)


class Down(Exception):
    """No response with a time; the message says why."""


def moment(text):
    """Nanoseconds since 1970 of an RFC 3339 time, in any year that Java supports; None if it is not one."""
    found = TIME.fullmatch(text)
    if not found or (len(found[1]) > 4 and found[1][0] not in "+-"):
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    cycles, rest = divmod(year, 400)  # of 146,097 days each: datetime supports only the years 1 to 9999
    if abs(year) > 10**9:
        return None
    try:
        date = datetime.datetime(2000 + rest, month, day, hour, minute, second, tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    seconds = int(date.timestamp()) + (cycles - 5) * 146097 * 86400
    if found[8]:  # offset ahead of UTC
        seconds -= int(found[8][0] + "60") * (60 * int(found[8][1:3]) + int(found[8][4:]))
    return seconds * SECOND + int((found[7] or "").ljust(9, "0"))


def stated_time(body):
    """Time from a JSON object's now or timestamp, or from plain text; raise Down if there is none."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            response = json.loads(text)
        except (ValueError, RecursionError):
            raise Down("the response is not JSON") from None
        text = response.get("timestamp") if response.get("now") is None else response["now"]
    reported = moment(text) if isinstance(text, str) else None
    if reported is None:
        raise Down("the response does not tell the time")
    return reported


def offset(sent, server, received):
    """Range of the server clock's offset from ours: that clock was read between sending and receiving."""
    return server - received, server - sent + CUT_OFF


def judge(low, high, tolerance):
    if -tolerance <= low and high <= tolerance:
        return INSIDE
    return OUTSIDE if low > tolerance or high < -tolerance else INCONCLUSIVE


def address(text):
    """Scheme, host and port, path, header fields and printable form of an address; ValueError if it is not one."""
    shown = re.sub(r"(?s)^(\w+://)?.*@", r"\1…@", text)
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host or port == 0 or re.search(r"[\s|\\]", text):
            raise ValueError
    except ValueError:
        raise ValueError(f'"{shown}" is not an http or https address, such as http://localhost:8080') from None
    fields = dict(FIELDS)
    user, _, place = parts.netloc.rpartition("@")
    if user:
        fields["Authorization"] = f"Basic {base64.b64encode(urllib.parse.unquote_to_bytes(user)).decode()}"
    path = (parts.path if parts.path not in ("", "/") else "/now") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, place, path, fields, f"{parts.scheme}://{place}{path}"


class Checker:
    def __init__(self, text, tolerance=1.0, timeout=5.0):
        scheme, place, self.path, self.fields, self.shown = address(text)
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        self.timeout, self.tolerance = timeout, round(tolerance * SECOND)
        self.connection = kind(place, timeout=timeout)

    def sample(self):
        """Offset range that one exchange proves, and its round trip, in nanoseconds."""
        late = threading.Event()

        def stop():
            late.set()
            if self.connection.sock:
                self.connection.sock.shutdown(socket.SHUT_RDWR)

        # The connection's own timeout limits each read, this one the whole response.
        timer = threading.Timer(self.timeout, stop)
        timer.daemon = True
        timer.start()
        milliseconds, response = round(1000 * self.timeout), None
        try:
            sent, start = time.time_ns(), time.monotonic_ns()
            self.connection.request("GET", self.path, headers=self.fields)
            response = self.connection.getresponse()
            trip = time.monotonic_ns() - start
            if late.is_set():  # the library takes cut-off headers for complete ones
                response = None
                raise socket.timeout
            if response.status != 200:
                raise Down(f"status {response.status}")
            if response.getheader("Age", "0") != "0":
                raise Down("a cache answered instead of the service")
            body = response.read(MAX_BODY + 1)
            if len(body) > MAX_BODY:
                raise Down(f"the response is longer than {MAX_BODY} bytes")
            if late.is_set():
                raise socket.timeout
            return offset(sent, stated_time(body), sent + trip), trip
        except socket.gaierror:
            raise Down(f"the host {self.connection.host} is not known") from None
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, socket.timeout):
                what = "the response did not end" if response else "no response"
                raise Down(f"{what} within {milliseconds} ms") from None
            if isinstance(error, ConnectionRefusedError):
                raise Down("no connection") from None
            raise Down(str(error) or type(error).__name__) from None
        finally:
            timer.cancel()

    def check(self):
        """Return the exit code and the line to print."""
        try:
            self.sample()  # opens the connection, so that this does not count as round trip
            (low, high), trip = self.sample()
            for _ in range(MAX_SAMPLES - 1):
                if judge(low, high, self.tolerance) != INCONCLUSIVE:
                    break
                other, again = self.sample()
                common = max(low, other[0]), min(high, other[1])
                # The two contradict each other if a clock was set in between.
                low, high = common if common[0] <= common[1] else other
                trip = min(trip, again)
        except Down as down:
            return DOWN, f"Failed: down: {re.sub('[^ -~]', '?', str(down))}, {self.shown}"
        finally:
            self.connection.close()
        verdict = judge(low, high, self.tolerance)
        slow = ", too slow to judge" if verdict == INCONCLUSIVE else ""
        return verdict, (
            f"{'Failed' if verdict else 'OK'}: clock {(low + high) / 2e6:+.3f} ms, uncertainty "
            f"{(high - low) / 2e6:.3f} ms, round trip {trip / 1e6:.3f} ms{slow}, {self.shown}"
        )


def duration(text):
    found = re.fullmatch(r"([1-9]\d*)(ms|s|m|h)", text)
    if not found:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not accepted; use a whole number with its unit, such as 500ms or 4s')
    return int(found[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[found[2]]


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        java = "; only the probe of app/ takes it, with JDK 25" if re.search("--(patience|format)", message) else ""
        self.exit(USAGE_ERROR, f"{re.sub(r'//[^/@]*@', '//…@', message)}{java}\n")


def main(arguments):
    parser = Parser(prog="probe",
        description="The smaller probe, which needs neither app/ nor a JDK; the "
        "probe of app/ has --patience and --format too.",
        allow_abbrev=False, epilog="Exit codes: 0 OK, 1 clock off by more than the tolerance, 2 down, 3 too slow "
        "to judge, 64 wrong usage.")
    parser.add_argument("--tolerance", type=duration, default=1.0, help="how far off the clock may be, default 1s")
    parser.add_argument("--timeout", type=duration, default=5.0, help="how long each response may take, default 5s")
    parser.add_argument("--every", type=duration, help="check repeatedly with this pause, until stopped")
    parser.add_argument("url", metavar="URL", help="address to check; without a path, /now is requested")
    options = parser.parse_args(arguments)
    while True:
        try:
            verdict, line = Checker(options.url, options.tolerance, options.timeout).check()
        except ValueError as error:
            parser.error(str(error))
        print(line, flush=True)
        if not options.every:
            return verdict
        time.sleep(options.every)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(141)  # the reader has exited
