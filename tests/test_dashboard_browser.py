"""The pages as people see them: served by a real process, looked at in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator, expect

from dashboard.server import dashboard_process
from tests.browser import WAIT_MS, look_at, settle, visit
from tests.household import build_household

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running dashboard of a small caseload."""
    today = date(2026, 4, 20)
    store = build_household(tmp_path_factory.mktemp("household"), today)
    with dashboard_process(store, port=0, today=today) as (_, served_at):
        yield served_at


CONTENT = {
    "": ("Five-point support", 0),
    "progress": ("Your progress", 5),
    "caseload": ("Call today", 0),
    "patient": ("Prescription", 4),
    "session": ("How complete it is", 6),
}
"""What stands on each page, and how many charts it has for the exemplary patient."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_pages_show_data_in_chromium_without_a_complaint(
    browser: Browser, address: str, theme: str
) -> None:
    with visit(browser, theme) as watched:
        for path, (heading, chart_count) in CONTENT.items():
            look_at(watched, f"{address}/{path}?patient=exemplary", heading, chart_count)
        assert watched.complaints == []


def test_the_navigation_leads_through_all_pages_and_keeps_the_patient(
    browser: Browser, address: str
) -> None:
    with visit(browser) as watched:
        page = watched.page
        page.goto(f"{address}/?patient=fallen")
        expect(page.get_by_text("A fall was noticed")).to_be_visible(timeout=WAIT_MS)
        settle(page)
        for link, heading in (
            ("Progress", "Your progress"),
            ("Caseload", "Call today"),
            ("Patient", "The fallen one"),
        ):
            page.get_by_role("link", name=link, exact=True).click()
            expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=WAIT_MS)
            settle(page)
        assert watched.complaints == []


def test_a_sorted_caseload_opens_the_patient_that_was_clicked(
    browser: Browser, address: str
) -> None:
    with visit(browser) as watched:
        page = watched.page
        page.goto(f"{address}/caseload")
        table = page.get_by_test_id("stDataFrame")
        first = table.locator("[role=gridcell]").first
        expect(first).to_have_text("The fallen one", timeout=WAIT_MS)
        settle(page)
        click(table, x=60, y=20)
        expect(first).to_have_text("The exemplary one", timeout=WAIT_MS)
        click(table, x=60, y=65)
        expect(page.get_by_role("heading", name="The exemplary one")).to_be_visible(timeout=WAIT_MS)


def click(table: Locator, *, x: int, y: int) -> None:
    """Click a place of a table, which is drawn and notices only a pointer that has moved there."""
    table.hover(position={"x": x, "y": y})
    table.click(position={"x": x, "y": y})


def test_pages_of_a_new_patient_have_no_complaint_either(browser: Browser, address: str) -> None:
    with visit(browser) as watched:
        for path in CONTENT:
            watched.page.goto(f"{address}/{path}?patient=new")
            expect(watched.page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT_MS)
            settle(watched.page)
        assert watched.complaints == []
