"""The alarm on the pages, as somebody sees it who has fallen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, expect

from dashboard.server import dashboard_process
from tests.alerts.running import Home, alarm, fall, wait_for
from tests.browser import WAIT_MS, settle, visit
from tests.household import build_household

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the tests' player is a script"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Son cannot be reached."""
    folder = tmp_path_factory.mktemp("home") / "data"
    return Home(folder, {"Son": "json://127.0.0.1:9"}, answer_within_s=1, retry_after_s=60)


@pytest.fixture(scope="module")
def address(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running dashboard beside a running alarm."""
    today = date(2026, 4, 20)
    store = build_household(tmp_path_factory.mktemp("household"), today)
    served = dashboard_process(store, alarm_folder=home.settings.alarm_folder, port=0, today=today)
    with alarm(home), served as (_, served_at):
        yield served_at


@pytest.mark.parametrize(("theme", "impact_s"), [("light", 20.0), ("dark", 55.0)])
def test_a_page_asks_by_itself_after_a_fall_and_a_button_answers(
    browser: Browser, address: str, home: Home, theme: str, impact_s: float
) -> None:
    before = len(home.steps())
    with visit(browser, theme) as watched:
        page = watched.page
        page.goto(f"{address}/?patient=exemplary")
        expect(page.get_by_text("After a fall the alarm asks you")).to_be_visible(timeout=WAIT_MS)
        settle(page)
        home.tell(suspected=fall(impact_s))
        wait_for(lambda: "asked" in home.steps()[before:])
        button = page.get_by_role("button", name="I am OK")
        expect(button).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text("Nobody has answered")).to_be_visible(timeout=WAIT_MS)
        wait_for(lambda: "not_reached Son" in home.steps()[before:])
        button.click()
        expect(button).to_have_count(0, timeout=WAIT_MS)
        assert watched.complaints == []
    assert home.steps()[before:] == ["asked", "not_answered", "not_reached Son", "ended"]
