"""Chromium without a window, spoken to by its own protocol: https://chromedevtools.github.io/devtools-protocol/"""

import base64
import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

# Milliseconds that a page may take on a slow machine, in seconds.
PATIENCE = 60


class Page:
    """A page on a screen of a width in CSS pixels, and what went wrong while it loaded."""

    @classmethod
    @contextlib.contextmanager
    def open(cls, url, width, height=844, dark=False):
        with Browser() as browser:
            page = cls(browser, width, height, dark)
            page.load(url)
            yield page

    def __init__(self, browser, width, height, dark):
        self.browser = browser
        self.errors = []
        browser.listener = self.listen
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.call(f"{domain}.enable")
        mobile = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 600}
        browser.call("Emulation.setDeviceMetricsOverride", **mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.call("Emulation.setEmulatedMedia", features=[scheme])
        self.loaded = False

    def listen(self, event, given):
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Runtime.exceptionThrown":
            self.errors.append(given["exceptionDetails"]["text"])
        elif event == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning", "assert"):
            self.errors.append(str(given["args"]))
        elif event == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
            self.errors.append(given["entry"]["text"] + " " + given["entry"].get("url", ""))
        elif event == "Network.loadingFailed":
            self.errors.append(given["errorText"])

    def load(self, url):
        answer = self.browser.call("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer['errorText']}"
        self.browser.wait(lambda: self.loaded)
        # What is asked for after the page, such as an icon, also counts.
        self.browser.rest(1)

    def evaluate(self, expression):
        answer = self.browser.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def title(self):
        return self.evaluate("document.title")

    @property
    def heading(self):
        return self.evaluate("document.querySelector('h1').textContent")

    def screenshot(self, file):
        pathlib.Path(file).write_bytes(base64.b64decode(self.browser.call("Page.captureScreenshot")["data"]))


class Browser:
    def __enter__(self):
        self.stack = contextlib.ExitStack()
        profile = self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        from_us, self.to_browser = os.pipe()
        self.from_browser, to_us = os.pipe()
        # It reads from descriptor 3 and writes to 4. Its sandbox does not start for root.
        command = (
            f"exec chromium --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
            f" --disable-dev-shm-usage --user-data-dir={profile} --remote-debugging-pipe 3<&{from_us} 4>&{to_us}"
        )
        self.process = subprocess.Popen(
            ["bash", "-c", command], pass_fds=(from_us, to_us), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(from_us)
        os.close(to_us)
        self.rest_of = b""
        self.number = 0
        self.answers = {}
        self.session = None
        self.listener = lambda *_: None
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        os.close(self.to_browser)
        os.close(self.from_browser)
        self.stack.close()

    def call(self, method, **given):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        self.wait(lambda: number in self.answers)
        answer = self.answers.pop(number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "the browser does not answer"
            self._read(1)

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.1)

    def _read(self, seconds):
        if not select.select([self.from_browser], [], [], seconds)[0]:
            assert self.process.poll() is None, f"the browser ended with {self.process.returncode}"
            return
        *messages, self.rest_of = (self.rest_of + os.read(self.from_browser, 1 << 20)).split(b"\0")
        for text in messages:
            message = json.loads(text)
            if "id" in message:
                self.answers[message["id"]] = message
            elif "method" in message:
                self.listener(message["method"], message["params"])
