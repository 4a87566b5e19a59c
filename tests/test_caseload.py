"""The caseload: who needs a call first, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.adherence import Adherence, DayRow, DayStatus
from analytics.caseload import CallRules, CaseFacts, Severity, call_reasons, caseload_rows
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import Evidence
from analytics.store import Cursor, Store, ingest, queries
from tests.stored import FOLDER, add, at, bridges, day, extended, fall, opened, plan, session

TODAY = date(2026, 4, 20)
OVERDONE = DayRow(
    date=date(2026, 4, 3),
    item="five_point",
    title="Five-point support",
    unit="repetitions",
    evidence=Evidence.BRIDGES,
    status=DayStatus.DONE,
    prescribed=30.0,
    done=70.0,
    cap_per_day=60.0,
)


def week(share: float | None, days: int = 7) -> Adherence:
    return Adherence(share=share, days=days, days_with_data=days, days_done=0)


def case(**changes: Any) -> CaseFacts:
    """A patient of whom there is nothing to say."""
    quiet = CaseFacts(
        patient_id="one",
        label="One",
        pathway_title="Conservative treatment",
        phase_title="Early",
        phase_end_week=8.0,
        week=6,
        plan_since=date(2026, 3, 2),
        last_recording_on=TODAY,
        last_week=week(0.9),
        week_before=week(0.9),
        pain_latest=3.0,
        pain_change=0.0,
        falls_14d=0,
        days_since_fall=None,
        over_cap=(),
        over_alarm=0,
    )
    return replace(quiet, **changes)


def reasons(**changes: Any) -> list[tuple[Severity, str]]:
    found = call_reasons(case(**changes), TODAY, CallRules())
    return [(reason.severity, reason.text) for reason in found]


def test_of_a_patient_who_keeps_to_the_plan_there_is_nothing_to_say() -> None:
    assert reasons() == []


@pytest.mark.parametrize(
    ("changes", "severity", "text"),
    [
        ({"falls_14d": 1, "days_since_fall": 0}, Severity.TODAY, "fall today"),
        ({"falls_14d": 1, "days_since_fall": 1}, Severity.TODAY, "fall 1 day ago"),
        ({"falls_14d": 1, "days_since_fall": 4}, Severity.SOON, "fall 4 days ago"),
        ({"pain_latest": 7.0}, Severity.TODAY, "pain 7 of 10"),
        ({"pain_change": 3.2}, Severity.TODAY, "pain up by 3"),
        ({"over_cap": (OVERDONE,)}, Severity.SOON, "70 repetitions on 3 April, cap 60"),
        ({"over_alarm": 2}, Severity.SOON, "extended beyond the limit 2 times in a week"),
        ({"last_recording_on": TODAY - timedelta(days=3)}, Severity.SOON, "no data for 3 days"),
        ({"last_week": week(0.6)}, Severity.SOON, "adherence fell from 90% to 60%"),
        (
            {"last_week": week(0.4), "week_before": week(0.5)},
            Severity.SOON,
            "adherence 40%",
        ),
        ({"plan_since": date(2026, 4, 15)}, Severity.INFO, "new: first week"),
        ({"week": 8}, Severity.INFO, "week 8: review the phase"),
    ],
)
def test_each_reason_to_call_has_its_severity(
    changes: dict[str, Any], severity: Severity, text: str
) -> None:
    assert reasons(**changes) == [(severity, text)]


@pytest.mark.parametrize(
    "changes",
    [
        {"pain_latest": 6.0, "pain_change": 2.9},
        {"last_recording_on": TODAY - timedelta(days=2)},
        {"last_week": week(0.7)},
        {"last_week": week(0.3, days=3), "week_before": week(None, days=0)},
        {"last_week": week(None, days=0), "last_recording_on": None},
    ],
)
def test_just_short_of_a_threshold_nobody_is_called(changes: dict[str, Any]) -> None:
    assert reasons(**changes) == []


def test_a_patient_who_never_recorded_is_silent_since_the_start() -> None:
    silent = {"last_recording_on": None, "plan_since": date(2026, 4, 10)}
    assert (Severity.SOON, "no recording yet, 10 days after the start") in reasons(**silent)


def test_the_most_severe_reason_comes_first() -> None:
    found = reasons(over_alarm=1, pain_latest=8.0, week=9)
    assert [severity for severity, _ in found] == [Severity.TODAY, Severity.SOON, Severity.INFO]


def test_who_fell_comes_before_who_fades_before_who_is_new_before_the_rest() -> None:
    rows = caseload_rows(
        [
            case(label="well"),
            case(label="new", plan_since=date(2026, 4, 18)),
            case(label="fading", last_week=week(0.5)),
            case(label="fell", falls_14d=1, days_since_fall=1),
            case(label="fell in pain", falls_14d=1, days_since_fall=1, pain_latest=9.0),
        ],
        TODAY,
    )
    assert [row.label for row in rows] == ["fell in pain", "fell", "fading", "new", "well"]


@given(st.permutations(["a", "b", "c", "d"]), st.lists(st.integers(0, 20), min_size=4, max_size=4))
def test_the_order_does_not_depend_on_where_the_rows_came_from(
    labels: list[str], fell: list[int]
) -> None:
    cases = {
        label: case(label=label, falls_14d=1, days_since_fall=days)
        for label, days in zip("abcd", fell, strict=True)
    }
    listed = [row.label for row in caseload_rows([cases[label] for label in labels], TODAY)]
    assert listed == [row.label for row in caseload_rows(cases.values(), TODAY)]


def follow(store: Store, cursor: Cursor, patient_id: str, lifts: dict[int, int]) -> None:
    """A patient whose bridges on some days since the fracture are known."""
    add(cursor, patient_id)
    queries.add_prescription(cursor, plan("strengthen", patient_id=patient_id))
    for number, count in lifts.items():
        recorded = session(
            f"{patient_id}-{number}",
            patient=patient_id,
            started_at=at(day(number), 9),
            repetitions=bridges(count),
            duration_s=900.0,
        )
        ingest(store, recorded, FOLDER)


def test_the_store_tells_the_whole_caseload_in_the_order_of_need(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, cursor):
        follow(store, cursor, "steady", dict.fromkeys(range(15), 30))
        follow(store, cursor, "fading", dict.fromkeys(range(7), 30) | {13: 10})
        follow(store, cursor, "eager", dict.fromkeys(range(13), 30) | {13: 75})
        follow(store, cursor, "gone", dict.fromkeys(range(9), 30))
        follow(store, cursor, "fallen", dict.fromkeys(range(14), 30))
        fallen = session(
            "f", patient="fallen", started_at=at(day(13), 18), falls=(fall(),), duration_s=900.0
        )
        ingest(store, fallen, FOLDER)
        rows = {row.patient_id: row for row in queries.caseload(cursor, day(14))}
    assert list(rows) == ["fallen", "gone", "eager", "fading", "steady"]
    assert [reason.text for reason in rows["fallen"].reasons] == ["fall 1 day ago"]
    assert [reason.text for reason in rows["eager"].reasons] == [
        "75 repetitions on 15 March, cap 60"
    ]
    assert [reason.text for reason in rows["gone"].reasons] == [
        "no data for 6 days",
        "adherence fell from 100% to 29%",
    ]
    fading = rows["fading"]
    assert fading.adherence_7d == pytest.approx(10 / (7 * 30))
    assert (fading.adherence_prev_7d, fading.days_with_data_7d) == (1.0, 1)
    assert fading.last_recording_on == day(13)
    assert (rows["steady"].reasons, rows["steady"].week) == ((), 2)
    assert rows["steady"].phase_title == "Strengthen"


def test_pain_changes_against_the_week_before_the_latest_entry(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        queries.add_prescription(cursor, plan())
        for number, value in ((2, 9), (6, 2), (8, 3), (8, 4), (13, 6)):
            queries.add_outcome(
                cursor, Outcome(patient_id="one", measure=PAIN, date=day(number), value=value)
            )
        (row,) = queries.caseload(cursor, day(14))
    assert (row.pain_latest, row.pain_change) == (6, 3)


def test_extension_beyond_the_alarm_is_a_reason_to_call(tmp_path: Path) -> None:
    bouts = (extended(5.0, mean_deg=33.0), extended(5.0, mean_deg=12.0))
    with opened(tmp_path) as (store, cursor):
        queries.add_prescription(cursor, plan("acute"))
        ingest(store, session(started_at=at(day(1), 9), hyperextension=bouts), FOLDER)
        (row,) = queries.caseload(cursor, day(2))
    assert row.reasons[0].text == "extended beyond the limit 1 time in a week"


def test_patients_without_a_plan_are_not_in_the_caseload(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, cursor):
        assert queries.caseload(cursor, day(1)) == []
        queries.add_prescription(cursor, plan())
        assert queries.caseload(cursor, day(-1)) == []
        assert len(queries.caseload(cursor, day(0))) == 1
