"""The pages on a real store: run by Streamlit's own test driver, and looked at in Chromium."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import streamlit
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)
from streamlit.testing.v1 import AppTest

import dashboard
from analytics.outcomes import PAIN
from analytics.store import Store
from analytics.store.queries import add_patient, outcomes
from dashboard.data import cursor
from dashboard.server import STORE_VARIABLE, DashboardError, dashboard_process
from tests.household import build_household

MAIN = Path(dashboard.__file__).parent / "main.py"
VIEWS = ("today", "progress", "caseload", "patient", "session")
PATIENTS = ("exemplary", "new", "unplanned")
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


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Path:
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    return build_household(tmp_path_factory.mktemp("household"), today)


@pytest.fixture(scope="module")
def store(household: Path) -> Path:
    """A store of this process: the servers of other tests open another copy."""
    return Path(shutil.copy(household, household.with_name("pages.duckdb")))


@pytest.fixture
def page(store: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(STORE_VARIABLE, str(store))
    return AppTest.from_file(str(MAIN), default_timeout=60)


def opened(page: AppTest, view: str, patient: str) -> AppTest:
    """A page of one patient, without anything having gone wrong."""
    page.query_params["patient"] = patient
    page.run()
    if view != "today":
        page.switch_page(f"views/{view}.py").run()
    assert not page.exception
    assert not page.error
    return page


def said(page: AppTest) -> str:
    """All the text of a page that is not drawn."""
    return "\n".join(
        str(element.value)
        for element in (
            *(*page.title, *page.header, *page.subheader),
            *(*page.markdown, *page.info, *page.warning, *page.success),
        )
    )


@pytest.mark.parametrize("patient", PATIENTS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_for_every_patient(page: AppTest, view: str, patient: str) -> None:
    assert opened(page, view, patient).title


def test_today_says_what_to_do_and_how(page: AppTest) -> None:
    text = said(opened(page, "today", "exemplary"))
    assert "Five-point support" in text
    assert "Head, both elbows and both heels" in text
    assert "Lying in slight extension" in text


def test_a_tapped_pain_level_is_stored_and_a_second_tap_keeps_it(page: AppTest) -> None:
    opened(page, "today", "fading")
    page.button_group[0].set_value(3.0).run()
    assert "pain 3 of 10" in said(page)
    page.button_group[0].set_value(None).run()
    assert "pain 3 of 10" in said(page)
    with cursor() as connection:
        assert outcomes(connection, "fading", PAIN)[-1].value == 3


def test_strong_pain_asks_to_stop(page: AppTest) -> None:
    opened(page, "today", "new")
    page.button_group[0].set_value(7.0).run()
    assert "Do not exercise now" in page.error[0].value


def test_what_no_sensor_sees_can_be_ticked_and_unticked(page: AppTest) -> None:
    opened(page, "today", "exemplary")
    page.checkbox[0].check().run()
    assert opened(page, "today", "exemplary").checkbox[0].value
    page.checkbox[0].uncheck().run()
    assert not opened(page, "today", "exemplary").checkbox[0].value


def test_the_stop_rules_are_one_tap_away(page: AppTest) -> None:
    opened(page, "today", "exemplary")
    page.button[0].click().run()
    assert "emergency number" in page.error[0].value
    assert "Dizziness" in said(page)


def test_a_recent_fall_is_spoken_of(page: AppTest) -> None:
    assert "A fall was noticed" in said(opened(page, "today", "fallen"))
    assert "A fall was noticed" not in said(opened(page, "today", "exemplary"))


def test_a_patient_without_a_plan_is_told_so(page: AppTest) -> None:
    assert "Nothing is prescribed yet" in said(opened(page, "today", "unplanned"))
    assert "Nothing is prescribed yet" in said(opened(page, "progress", "unplanned"))


def test_who_needs_a_call_comes_first_and_is_said_why(page: AppTest) -> None:
    opened(page, "caseload", "exemplary")
    cards = [each.value for each in page.markdown if each.value.startswith("**")]
    assert "The fallen one" in cards[0]
    assert "fall 1 day ago" in cards[0]
    assert "The fading one" in "".join(cards)
    assert "The exemplary one" not in "".join(cards)


def test_a_card_of_the_caseload_opens_its_patient(page: AppTest) -> None:
    opened(page, "caseload", "exemplary")
    page.button(key="open-fallen").click().run()
    assert page.title[0].value == "The fallen one"
    assert page.query_params["patient"] == "fallen"


def test_a_session_shows_its_repetitions_and_where_they_come_from(page: AppTest) -> None:
    opened(page, "session", "fallen")
    assert [metric.value for metric in page.metric] == ["10", "5.0 s", "20 min", "1"]
    assert len(page.dataframe[0].value) == 10
    assert "algorithm version" in said(page)


def test_a_recording_that_was_moved_leaves_the_stored_results(
    page: AppTest, household: Path
) -> None:
    recording = household.parent / "recording"
    streamlit.cache_resource.clear()  # the signal may have been read for another test
    moved = recording.rename(recording.with_name("elsewhere"))
    try:
        opened(page, "session", "fallen")
    finally:
        moved.rename(recording)
    assert "stored when it was analyzed" in page.warning[0].value
    assert len(page.dataframe[0].value) == 10


def test_an_empty_store_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "empty.duckdb"))
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert "fivepoint demo" in page.info[0].value
    assert "fivepoint demo" in page.switch_page("views/caseload.py").run().info[0].value


def test_a_store_in_use_elsewhere_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "store.duckdb"
    folder.mkdir()
    monkeypatch.setenv(STORE_VARIABLE, str(folder))
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert "cannot be opened" in page.error[0].value
    assert not page.exception


@pytest.fixture(scope="module")
def address(household: Path) -> Iterator[str]:
    """A running dashboard of its own process."""
    copy = Path(shutil.copy(household, household.with_name("served.duckdb")))
    with dashboard_process(copy, port=0) as (_, served_at):
        yield served_at


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright keeps."""
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


CONTENT = {
    "": ("Five-point support", 0),
    "progress": ("Your progress", 5),
    "caseload": ("Call today", 0),
    "patient": ("Prescription", 4),
    "session": ("How complete it is", 3),
}
"""What stands on each page, and how many charts it has for the exemplary patient."""


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_pages_show_data_in_chromium_without_a_complaint(
    browser: Browser, address: str, theme: str
) -> None:
    with visit(browser, theme) as watched:
        for path, (heading, chart_count) in CONTENT.items():
            watched.page.goto(f"{address}/{path}?patient=exemplary")
            expect(watched.page.get_by_role("heading", name=heading)).to_be_visible(timeout=WAIT_MS)
            settle(watched.page)
            drawn = watched.page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)")
            expect(drawn).to_have_count(chart_count, timeout=WAIT_MS)
            for kind in ("stException", "stAlertContentError", "stAlertContentWarning"):
                expect(watched.page.get_by_test_id(kind)).to_have_count(0)
        assert watched.complaints == []


@pytest.mark.slow
def test_the_navigation_leads_through_all_pages_and_keeps_the_patient(
    browser: Browser, address: str
) -> None:
    with visit(browser) as watched:
        page = watched.page
        page.goto(f"{address}/?patient=fallen")
        for name in ("Progress", "Caseload", "Patient"):
            page.get_by_role("link", name=name, exact=True).click()
            settle(page)
        expect(page.get_by_role("heading", name="The fallen one")).to_be_visible()
        assert watched.complaints == []


@pytest.mark.slow
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


@pytest.mark.slow
def test_pages_of_a_new_patient_have_no_complaint_either(browser: Browser, address: str) -> None:
    with visit(browser) as watched:
        for path in CONTENT:
            watched.page.goto(f"{address}/{path}?patient=new")
            expect(watched.page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT_MS)
            settle(watched.page)
        assert watched.complaints == []


@pytest.mark.slow
def test_a_busy_port_gives_way_to_the_next(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with dashboard_process(tmp_path / "a.duckdb", port=port) as (_, served_at):
            assert port < int(served_at.rsplit(":", 1)[1]) <= port + 20


def test_a_port_that_cannot_be_had_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 65535))
        busy.listen()
        with pytest.raises(DashboardError, match="choose another with --port"):
            dashboard_process(tmp_path / "a.duckdb", port=65535).__enter__()


@pytest.mark.slow
def test_a_request_to_terminate_stops_the_dashboard_and_frees_its_port(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from dashboard.server import serve; "
        f"serve(Path({str(tmp_path / 'a.duckdb')!r}), port=0, open_browser=False)"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=MAIN.parent.parent
    )
    assert launcher.stdout is not None
    with launcher.stdout as printed:
        port = int(printed.readline().split("127.0.0.1:")[1].split()[0])
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(30) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_store_can_be_opened_again_after_the_dashboard_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with dashboard_process(path, port=0):
        pass
    with Store.open(path) as store, store.cursor() as connection:
        add_patient(connection, "p", label="P", birth_year=None, time_zone="UTC")
