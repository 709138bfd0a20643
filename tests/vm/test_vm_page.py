"""The page of the virtual machine in a browser, at the widths of phones and desktops."""

import re

import pytest
from support.browser import opened
from support.machine import ROOT
from support.service import Service

pytestmark = [pytest.mark.check, pytest.mark.needs("chromium", "jdk")]

GREETING = re.search(r'^greeting\s*= "(.*)"$', (ROOT / "stacks/vm/aws/terraform.tfvars").read_text(), re.M)[1]
# The longest that the service accepts, with HTML's special characters and no place to break the line.
LONG = ("<script>alert(1)</script>&amp;\"'" + "W" * 200)[:200]


@pytest.fixture(scope="module", params=[GREETING, LONG], ids=["greeting", "long"])
def served(request, service_command, tmp_path_factory):
    """Address of the page, and the text that it must show."""
    folder = tmp_path_factory.mktemp("page")
    service = Service(service_command, {"MERIDIAN_HOME": "hello", "MERIDIAN_GREETING": request.param}, folder)
    yield f"http://127.0.0.1:{service.port}", request.param
    service.stop()


SCREENS = pytest.mark.parametrize(("width", "dark"), [(320, False), (390, False), (390, True), (1280, False)])


@SCREENS
def test_the_page_shows_the_greeting_without_errors(served, width, dark, tmp_path):
    url, greeting = served
    for path in ("/", "/hello"):
        with opened(url + path, width, dark=dark) as (page, errors):
            assert (page.title(), page.text_content("h1"), errors) == (greeting, greeting, [])
            assert page.evaluate("document.body.innerText.trim()") == greeting
            page.screenshot(path=tmp_path / "screen.png")


@SCREENS
def test_the_page_is_readable_without_scrolling_or_zooming(served, width, dark):
    url, _ = served
    with opened(url, width, dark=dark) as (page, _):
        # A phone shrinks a page that does not fit: innerWidth grows.
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert float(page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize").removesuffix("px")) >= 24
        colours = [
            page.evaluate("getComputedStyle(document.querySelector('h1')).color"),
            page.evaluate("getComputedStyle(document.body).backgroundColor"),
        ]
        assert contrast(*colours) >= 7, "https://www.w3.org/TR/WCAG22/#contrast-enhanced"
        assert (luminance(colours[1]) < 0.5) == dark


def luminance(colour):
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(part) / 255 for part in re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_a_page_with_an_error_is_detected(served):
    """The browser of these tests does report errors: a missing page, and its missing icon."""
    url, _ = served
    with opened(url + "/nothing-here", 390) as (_, errors):
        assert any("404" in error for error in errors)
