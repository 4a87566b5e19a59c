"""What the dashboard says of the store's rows, before any of it is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.adherence import DayRow, DayStatus
from analytics.outcomes import PAIN, Outcome
from analytics.pathway import Evidence, Mark, load_pathway
from analytics.prescription import prescribe
from analytics.store.queries import WeekRow
from dashboard import parts, provenance, recovery, words

INDEX = date(2026, 10, 5)


def day(
    offset: int,
    status: DayStatus = DayStatus.DONE,
    *,
    evidence: Evidence = Evidence.BRIDGES,
    done: float = 30,
    prescribed: float = 30,
) -> DayRow:
    return DayRow(
        date=INDEX + timedelta(days=offset),
        item="five_point" if evidence is Evidence.BRIDGES else "hyperextension",
        title="Five-point support",
        unit="repetitions",
        evidence=evidence,
        status=status,
        prescribed=prescribed,
        done=done,
        hold_s=5,
    )


def week(number: int, repetitions: int) -> WeekRow:
    return WeekRow(
        week=number,
        start_date=INDEX + timedelta(weeks=number),
        repetitions=repetitions,
        prescribed_repetitions=70,
        hold_median_s=None,
        prescribed_hold_s=5,
        peak_median_deg=None,
        extension_min=0,
        prescribed_extension_min=0,
        upright_min_per_day=None,
        bed_rest_min_per_day=None,
        times_up_per_day=None,
        pain_mean=None,
        falls=0,
        stand_up_median_s=None,
        stride_regularity=None,
        near_falls=0,
    )


def test_a_week_counts_as_empty_only_where_the_sensor_was_worn() -> None:
    days = [
        day(0, DayStatus.NOT_DONE, done=0),
        day(7, DayStatus.NO_DATA),
        day(8, DayStatus.NOT_WORN),
    ]
    measures = recovery.weekly_measures([week(0, 0), week(1, 0)], days, INDEX)
    assert [each.value for each in measures.repetitions] == [0, None]
    assert [each.value for each in measures.hold_s] == [0, None]


def test_what_was_neither_prescribed_nor_done_is_not_drawn() -> None:
    measures = recovery.weekly_measures([week(0, 10)], [day(0)], INDEX)
    assert measures.extension_min == []
    assert len(measures.repetitions) == 1


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((DayStatus.DONE, DayStatus.DONE), DayStatus.DONE),
        ((DayStatus.DONE, DayStatus.NOT_DONE), DayStatus.PARTLY),
        ((DayStatus.PARTLY, DayStatus.NO_DATA), DayStatus.PARTLY),
        ((DayStatus.NOT_DONE, DayStatus.NO_DATA), DayStatus.NOT_DONE),
        ((DayStatus.NOT_WORN, DayStatus.NO_DATA), DayStatus.NOT_WORN),
        ((DayStatus.NO_DATA,), DayStatus.NO_DATA),
    ],
)
def test_a_day_is_done_or_missed_only_where_all_its_items_are(
    statuses: tuple[DayStatus, ...], state: DayStatus
) -> None:
    assert recovery.day_state(statuses) is state


def test_a_day_that_is_not_over_gets_a_mark_only_for_what_is_done() -> None:
    today = INDEX + timedelta(days=1)
    rows = [day(0, DayStatus.NO_DATA), day(1, DayStatus.NO_DATA)]
    assert len(recovery.calendar(rows, today)) == 1
    assert len(recovery.calendar([day(0), day(1)], today)) == 2


def test_the_calendar_leaves_out_what_no_sensor_sees() -> None:
    assert recovery.calendar([day(0, evidence=Evidence.REPORT)], INDEX + timedelta(days=2)) == []


def test_calendar_columns_are_named_as_the_days_in_them() -> None:
    cells = recovery.calendar([day(0), day(9)], INDEX + timedelta(days=30))
    assert [cell.week for cell in cells] == recovery.calendar_weeks(INDEX, 2)
    assert [cell.weekday for cell in cells] == ["Mon", "Wed"]


def test_the_last_pain_entry_of_a_day_counts() -> None:
    entries = [
        Outcome(patient_id="p", measure=PAIN, date=INDEX + timedelta(days=7), value=value)
        for value in (6, 4)
    ]
    points = recovery.pain_points(entries, INDEX)
    assert [(point.week, point.value) for point in points] == [(1.0, 4)]


def test_how_somebody_moves_is_a_point_in_the_middle_of_each_week_it_was_seen_in() -> None:
    seen = replace(week(1, 0), stand_up_median_s=2.5, stride_regularity=0.84, near_falls=3)
    trends = recovery.mobility_trends([week(0, 0), seen])
    assert [(point.week, point.value) for point in trends.stand_up_s] == [(1.5, 2.5)]
    assert [(point.week, point.value) for point in trends.evenness] == [(1.5, 84.0)]
    assert [(each.week, each.value) for each in trends.near_falls] == [(0, None), (1, 3)]


def test_of_somebody_who_was_never_seen_to_move_nothing_is_drawn() -> None:
    trends = recovery.mobility_trends([week(0, 3), week(1, 5)])
    assert (trends.stand_up_s, trends.evenness, trends.near_falls) == ([], [], [])


def test_a_dose_is_told_in_the_portions_of_the_template() -> None:
    early = load_pathway("conservative").phase("early")
    bridge, positioning = early.item("five_point"), early.item("hyperextension")
    assert recovery.portions(bridge, day(0)) == "3 sets of 10 lifts; hold each 5 seconds"
    assert recovery.portions(bridge, day(0, prescribed=17)) == "hold each 5 seconds"
    lying = day(0, evidence=Evidence.EXTENSION, prescribed=20)
    assert recovery.portions(positioning, lying).startswith("10 minutes, 2 times a day")


def test_every_number_behind_a_prescription_shows_its_mark_and_source() -> None:
    pathway = load_pathway("conservative")
    plan = prescribe(
        pathway,
        pathway.phase("early"),
        patient_id="p",
        index_date=INDEX,
        valid_from=INDEX,
    )
    rows = provenance.source_rows(plan, pathway)
    titles = {item.title for item in plan.items}
    assert {row["Item"] for row in rows} == titles | {"Bending forward"}
    assert {row["Mark"] for row in rows} <= {mark.value for mark in Mark}
    assert all(row["Source"] for row in rows if row["Mark"] == Mark.SOURCED)
    assert len(provenance.prescribed_rows(plan)) == len(plan.items)


def test_exactly_the_current_phase_is_named_as_such() -> None:
    pathway = load_pathway("conservative")
    steps = parts.phase_steps(pathway, pathway.phases[1])
    assert steps.count("you are here") == steps.count("aria-current") == 1
    assert steps.count("behind you") == 1
    assert steps.count("<li") == len(pathway.phases)


def test_text_from_templates_cannot_become_html() -> None:
    assert "<b>" not in parts.amount(day(0)).replace('<p class="fp-amount">', "")
    strange = parts.amount(
        DayRow(
            date=INDEX,
            item="x",
            title="x",
            unit="<b>",
            evidence=Evidence.BRIDGES,
            status=DayStatus.DONE,
            prescribed=2,
            done=1,
        )
    )
    assert "&lt;b&gt;" in strange


@pytest.mark.parametrize(
    ("length_s", "text"),
    [(12.4, "12 s"), (59.9, "1 min 00 s"), (260, "4 min 20 s"), (3900, "1 h 05 min")],
)
def test_lengths_of_time_are_written_as_people_say_them(length_s: float, text: str) -> None:
    assert words.duration_text(length_s) == text


def test_dates_cannot_be_misread() -> None:
    assert words.day_text(date(2026, 11, 2), today=date(2026, 12, 1)) == "2 Nov"
    assert words.day_text(date(2025, 11, 2), today=date(2026, 1, 1)) == "2 Nov 2025"
    assert words.long_day_text(date(2026, 11, 22)) == "Sunday 22 November"
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert words.moment_text(late, "Europe/Berlin") == "3 Nov 2026, 00:30"


def test_what_is_not_known_is_a_dash_and_not_a_zero() -> None:
    assert words.number_text(None, "s") == words.UNKNOWN
    assert words.number_text(0.0, "s", digits=1) == "0.0 s"
