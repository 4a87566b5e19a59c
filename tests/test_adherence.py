"""Adherence: five states told apart, and a share that cannot be overstated."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.adherence import (
    AdherenceRules,
    DayRow,
    DayStatus,
    Seen,
    adherence,
    day_status,
    dose_share,
)
from analytics.pathway import Evidence

MONDAY = date(2026, 3, 2)
WORN = Seen(amount=0.0, recorded=True, worn=True)
LAID_ASIDE = Seen(amount=0.0, recorded=True, worn=False)
SILENT = Seen(amount=0.0, recorded=False, worn=False)
amounts = st.floats(0.0, 1000.0)
doses = st.floats(0.5, 500.0)


def row(day: int, done: float, status: DayStatus, evidence: Evidence = Evidence.BRIDGES) -> DayRow:
    return DayRow(
        date=MONDAY + timedelta(days=day),
        item="five_point",
        title="Five-point support",
        unit="repetitions",
        evidence=evidence,
        status=status,
        prescribed=10.0,
        done=done,
    )


@pytest.mark.parametrize(
    ("done", "status"),
    [
        (25.0, DayStatus.DONE),
        (10.0, DayStatus.DONE),
        (8.0, DayStatus.DONE),
        (7.0, DayStatus.PARTLY),
        (1.0, DayStatus.PARTLY),
        (0.0, DayStatus.NOT_DONE),
    ],
)
def test_a_day_with_the_sensor_worn_is_done_from_four_fifths_of_the_dose(
    done: float, status: DayStatus
) -> None:
    seen = Seen(amount=done, recorded=True, worn=True)
    assert day_status(10.0, seen, Evidence.BRIDGES) is status


def test_not_done_not_worn_and_no_data_are_three_things() -> None:
    states = [day_status(10.0, seen, Evidence.BRIDGES) for seen in (WORN, LAID_ASIDE, SILENT)]
    assert states == [DayStatus.NOT_DONE, DayStatus.NOT_WORN, DayStatus.NO_DATA]


def test_what_no_sensor_sees_rests_on_the_report_alone() -> None:
    unsaid = Seen(amount=None, recorded=True, worn=True)
    denied = Seen(amount=0.0, recorded=False, worn=False)
    told = Seen(amount=1.0, recorded=False, worn=False)
    states = [day_status(1.0, seen, Evidence.REPORT) for seen in (unsaid, denied, told)]
    assert states == [DayStatus.NO_DATA, DayStatus.NOT_DONE, DayStatus.DONE]


def test_the_share_that_counts_as_done_can_be_chosen() -> None:
    seen = Seen(amount=9.0, recorded=True, worn=True)
    strict = AdherenceRules(done_share=1.0)
    assert day_status(10.0, seen, Evidence.BRIDGES, strict) is DayStatus.PARTLY


@given(amounts, amounts, doses)
def test_more_done_is_never_less_adherent(one: float, other: float, prescribed: float) -> None:
    less, more = sorted((one, other))
    assert 0.0 <= dose_share(less, prescribed) <= dose_share(more, prescribed) <= 1.0


def test_over_doing_one_day_does_not_make_up_for_the_day_left_out() -> None:
    week = adherence([row(0, 40.0, DayStatus.DONE), row(1, 0.0, DayStatus.NOT_DONE)])
    assert week.share == 0.5
    assert (week.days, week.days_with_data, week.days_done) == (2, 2, 1)


def test_days_without_data_lower_what_was_seen_but_are_counted_apart() -> None:
    week = adherence(
        [
            row(0, 10.0, DayStatus.DONE),
            row(1, 0.0, DayStatus.NO_DATA),
            row(2, 0.0, DayStatus.NOT_WORN),
            row(3, 5.0, DayStatus.PARTLY),
        ]
    )
    assert week.share == pytest.approx(15 / 40)
    assert (week.days, week.days_with_data) == (4, 2)


def test_a_day_is_done_only_when_all_its_items_are() -> None:
    lying = row(0, 3.0, DayStatus.PARTLY, Evidence.EXTENSION)
    assert adherence([row(0, 10.0, DayStatus.DONE), lying]).days_done == 0


def test_adherence_leaves_out_what_only_the_patient_can_tell() -> None:
    assert adherence([row(0, 0.0, DayStatus.NO_DATA, Evidence.REPORT)]).share is None


def test_nothing_prescribed_is_no_adherence_rather_than_none_at_all() -> None:
    assert adherence([]).share is None
