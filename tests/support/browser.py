"""Headless Chromium."""

import contextlib
import shutil


@contextlib.contextmanager
def opened(url, width, height=844, dark=False):
    """A page on a screen of this size in CSS pixels, and the errors while it loaded."""
    # Imported here, because tests without the packages of requirements-check.txt import this file too.
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
        # Requests after the page's, such as for an icon, also count.
        page.wait_for_timeout(1000)
        yield page, errors
        browser.close()
