"""A real browser for the tests, and pages in it that keep what should not happen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

WAIT_MS = 30_000
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright keeps; without either a skip."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip(
                "no Chromium, so the pages are not looked at in a browser; install the system's "
                "chromium, or run: python -m playwright install chromium"
            )
        running = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        running.close()


class Watched:
    """A browser page that keeps what should not happen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname != "127.0.0.1":
            self.complaints.append(f"request to {request.url}")


@contextmanager
def visit(browser: Browser, theme: str = "light") -> Iterator[Watched]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.set_default_timeout(WAIT_MS)
    yield Watched(context.new_page())
    context.close()


def settle(page: Page) -> None:
    """Wait until the script has run and nothing on the page is old."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=WAIT_MS
    )
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=WAIT_MS)


def look_at(watched: Watched, url: str, heading: str, chart_count: int) -> None:
    """Open a page and see its heading, its charts drawn and named, and no error or warning."""
    watched.page.goto(url)
    expect(watched.page.get_by_role("heading", name=heading)).to_be_visible(timeout=WAIT_MS)
    settle(watched.page)
    drawn = watched.page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)")
    expect(drawn).to_have_count(chart_count, timeout=WAIT_MS)
    expect(watched.page.get_by_label("Vega visualization")).to_have_count(0)
    for kind in ("stException", "stAlertContentError", "stAlertContentWarning"):
        expect(watched.page.get_by_test_id(kind)).to_have_count(0)
