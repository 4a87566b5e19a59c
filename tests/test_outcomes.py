"""Outcome measures: what can be entered."""

from __future__ import annotations

from datetime import date

import pytest

from analytics.outcomes import MEASURES, PAIN, Outcome, OutcomeError, measure

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize("measure_id", list(MEASURES))
def test_a_measure_takes_both_ends_of_its_range_and_nothing_beyond(measure_id: str) -> None:
    found = measure(measure_id)
    for value in (found.low, found.high):
        assert found.check(value) == value
    for value in (found.low - 1, found.high + 1, float("nan")):
        with pytest.raises(OutcomeError, match="was not saved; enter"):
            found.check(value)


def test_a_pain_entry_is_a_whole_number() -> None:
    with pytest.raises(OutcomeError, match=r"Pain .NRS. cannot be 3.5"):
        Outcome(patient_id="one", measure=PAIN, date=MONDAY, value=3.5)


def test_an_unknown_measure_is_told_with_those_there_are() -> None:
    with pytest.raises(OutcomeError, match=r"no outcome measure 'mood'.*pain_nrs"):
        Outcome(patient_id="one", measure="mood", date=MONDAY, value=3)
