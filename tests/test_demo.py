"""The demo, as `fivepoint demo` makes and serves it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from analytics.adherence import DayStatus
from analytics.pathway import Evidence
from analytics.store import Cursor, Store
from analytics.store.queries import CaseloadRow, caseload, daily, falls, sessions
from fivepoint.demo import TIME_ZONE, open_demo
from fivepoint.demo_people import PEOPLE
from sensors.recording import find_recordings, read_recording
from tests.browser import look_at, visit

pytestmark = pytest.mark.slow

CONTENT = {
    "": ("How strong is your pain now?", 0),
    "progress": ("Your progress", 8),
    "caseload": ("Call today", 0),
    "patient": ("Prescription", 7),
    "session": ("How complete it is", 6),
}
"""What stands on each page, and how many charts it has for the first patient."""


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def address(data_folder: Path) -> Iterator[str]:
    """What the command printed, while it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "fivepoint", "demo", "--no-browser", "--port", str(port)]
    environment = {
        **os.environ,
        "FIVEPOINT_DATA": str(data_folder),
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield next(word for word in process.stdout.readline().split() if "http" in word)
        process.terminate()


@pytest.fixture(scope="module")
def copy(address: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's store beside the one that is being served."""
    copied = tmp_path_factory.mktemp("copy") / "fivepoint.duckdb"
    copied.write_bytes((data_folder / "demo" / "fivepoint.duckdb").read_bytes())
    return copied


@pytest.fixture
def cursor(copy: Path) -> Iterator[Cursor]:
    with Store.open(copy) as store, store.cursor() as connection:
        yield connection


def row_of(cursor: Cursor, patient_id: str, data_folder: Path) -> CaseloadRow:
    today = open_demo(data_folder / "demo").today
    return next(row for row in caseload(cursor, today) if row.patient_id == patient_id)


def test_all_five_pages_show_data_in_chromium_without_a_complaint(
    browser: Browser, address: str
) -> None:
    with visit(browser) as watched:
        for path, (heading, chart_count) in CONTENT.items():
            look_at(watched, f"{address}/{path}", heading, chart_count)
        assert watched.complaints == []


def test_every_patient_has_a_history_of_analyzed_recordings(
    cursor: Cursor, data_folder: Path
) -> None:
    recorded = {path.name for path in find_recordings(data_folder / "demo" / "recordings")}
    stored = {row.recording_id for each in PEOPLE for row in sessions(cursor, each.id)}
    assert stored == recorded
    assert all(sessions(cursor, each.id) for each in PEOPLE)
    newest = max(recorded, key=lambda name: name[7:17])
    assert read_recording(data_folder / "demo" / "recordings" / newest).header.streams


def test_exactly_the_falls_that_happened_are_found(cursor: Cursor, data_folder: Path) -> None:
    today = open_demo(data_folder / "demo").today
    for person in PEOPLE:
        found = sorted((today - fall.date).days for fall in falls(cursor, person.id))
        assert found == sorted(person.falls), person.id


def test_the_caseload_tells_the_patients_apart(cursor: Cursor, data_folder: Path) -> None:
    rows = {each.id: row_of(cursor, each.id, data_folder) for each in PEOPLE}
    assert rows["demo-a"].adherence_7d is not None
    assert rows["demo-b"].adherence_7d is not None
    assert rows["demo-a"].adherence_7d > 0.8
    assert rows["demo-b"].adherence_7d < 0.4
    assert rows["demo-a"].reasons == ()
    assert any("cap" in reason.text for reason in rows["demo-c"].reasons)
    assert any("fall" in reason.text for reason in rows["demo-d"].reasons)


def test_every_state_of_a_day_is_there_to_see(cursor: Cursor, data_folder: Path) -> None:
    end = open_demo(data_folder / "demo").today + timedelta(days=1)
    days = [row for each in PEOPLE for row in daily(cursor, each.id, end - timedelta(days=84), end)]
    assert {row.status for row in days if row.evidence is not Evidence.REPORT} == set(DayStatus)


def test_a_second_start_takes_the_demo_as_it_is(address: str, data_folder: Path) -> None:
    stamp = data_folder / "demo" / "demo.json"
    before = stamp.stat().st_mtime_ns
    assert open_demo(data_folder / "demo").today <= datetime.now(ZoneInfo(TIME_ZONE)).date()
    assert stamp.stat().st_mtime_ns == before
