"""The pages on a real store, run by Streamlit's own test driver."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

import dashboard
from analytics.outcomes import PAIN
from analytics.store.queries import Patient, outcomes
from dashboard.data import cursor, today
from dashboard.server import STORE_VARIABLE, TODAY_VARIABLE
from tests.household import build_household

MAIN = Path(dashboard.__file__).parent / "main.py"
VIEWS = ("today", "progress", "caseload", "patient", "session")
PATIENTS = ("exemplary", "new", "unplanned")


TODAY = date(2026, 4, 20)


@pytest.fixture(scope="module")
def household(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_household(tmp_path_factory.mktemp("household"), TODAY)


@pytest.fixture
def page(household: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(STORE_VARIABLE, str(household))
    monkeypatch.setenv(TODAY_VARIABLE, TODAY.isoformat())
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


@pytest.mark.parametrize("view", ["patient", "session"])
def test_the_angles_that_are_prescribed_are_shown_and_those_of_a_recording_too(
    page: AppTest, view: str
) -> None:
    text = said(opened(page, view, "exemplary"))
    assert "Extension counts from 5° to 20°, and is too much above 30°" in text
    assert "bending forward is too far above 60°" in text


@pytest.mark.parametrize("patient", PATIENTS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_for_every_patient(page: AppTest, view: str, patient: str) -> None:
    assert opened(page, view, patient).title


def test_today_says_what_to_do_and_how(page: AppTest) -> None:
    text = said(opened(page, "today", "exemplary"))
    assert "Five-point support" in text
    assert "Head, both elbows and both heels" in text
    assert "Lying in slight extension" in text


def test_today_says_kindly_how_the_last_set_was(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not opened(page, "today", "exemplary").success
    monkeypatch.setenv(TODAY_VARIABLE, (TODAY - timedelta(days=1)).isoformat())
    (praise,) = opened(page, "today", "exemplary").success
    assert praise.value.startswith("**Your last set.** You held for")
    assert "Your left side is a little lower" in praise.value


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


def test_the_day_is_that_of_the_patients_wherever_the_computer_believes_to_be() -> None:
    behind = Patient(id="behind", label="Behind", birth_year=None, time_zone="Etc/GMT+12")
    ahead = Patient(id="ahead", label="Ahead", birth_year=None, time_zone="Etc/GMT-12")
    now = datetime.now(UTC)
    assert today([behind]) == (now - timedelta(hours=12)).date()
    assert today([behind, ahead]) == (now + timedelta(hours=12)).date()


def test_who_needs_a_call_comes_first_and_is_said_why(page: AppTest) -> None:
    opened(page, "caseload", "exemplary")
    cards = [each.value for each in page.markdown if each.value.startswith("**")]
    assert "The fallen one" in cards[0]
    assert "fall 1 day ago" in cards[0]
    assert "The fading one" in "".join(cards)
    assert "The exemplary one" not in "".join(cards)


def test_who_has_no_prescription_is_not_forgotten(page: AppTest) -> None:
    opened(page, "caseload", "exemplary")
    assert "Without a prescription" in [each.value for each in page.header]
    page.button(key="open-unplanned").click().run()
    assert page.title[0].value == "The unplanned one"


def test_a_card_of_the_caseload_opens_its_patient(page: AppTest) -> None:
    opened(page, "caseload", "exemplary")
    page.button(key="open-fallen").click().run()
    assert page.title[0].value == "The fallen one"
    assert page.query_params["patient"] == "fallen"


def test_a_session_shows_its_repetitions_and_where_they_come_from(page: AppTest) -> None:
    opened(page, "session", "fallen")
    assert [metric.value for metric in page.metric] == ["10", "5.0 s", "20 min", "1"]
    assert len(page.dataframe[0].value) == 10
    text = said(page)
    assert "**Set 1**" in text
    assert "left side drops 6°" in text
    assert "algorithm version" in said(page)
    assert "Lay " in said(page)


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
