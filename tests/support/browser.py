"""Chromium without a window."""

import contextlib
import shutil


@contextlib.contextmanager
def opened(url, width, height=844, dark=False):
    """A page on a screen of a width in CSS pixels, and what went wrong while it loaded."""
    # Here, because a newcomer's tests come by this file without the packages of the check.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Its sandbox does not start for root.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2,
            is_mobile=width < 600, color_scheme="dark" if dark else "light")
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("requestfailed", lambda request: errors.append(f"{request.url} {request.failure}"))
        page.on("console", lambda said: errors.append(f"{said.text} {said.location['url']}")
            if said.type in ("error", "warning", "assert") else None)
        page.goto(url, timeout=60_000)
        # What is asked for after the page, such as an icon, also counts.
        page.wait_for_timeout(1000)
        yield page, errors
        browser.close()
