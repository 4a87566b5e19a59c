"""Sets of bridges, and what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analytics.bridging.quality import exact_line, plain_line, remarks
from analytics.bridging.sets import RepetitionSet, set_json, sets_of
from analytics.events import Confidence, Repetition


def bridge(
    start_s: float = 0.0, *, hold_s: float = 5.0, lower_s: float = 1.5, **changes: Any
) -> Repetition:
    """A bridge lifted in 1.5 s, by default well done."""
    given = {"peak_deg": 20.0, "roll_deg": 1.0, "sparc": None, "partial": False}
    hold_end_s = start_s + 1.5 + hold_s
    return Repetition(
        start_s=start_s,
        hold_start_s=start_s + 1.5,
        hold_end_s=hold_end_s,
        end_s=hold_end_s + lower_s,
        **(given | changes),
    )


def one_set(*repetitions: Repetition) -> RepetitionSet:
    return RepetitionSet(repetitions=repetitions, rest_before_s=None)


def said(*repetitions: Repetition, prescribed_hold_s: float | None = 5.0) -> str:
    return exact_line(remarks(one_set(*repetitions), prescribed_hold_s))


def told(*repetitions: Repetition, prescribed_hold_s: float | None = 5.0) -> str:
    return plain_line(remarks(one_set(*repetitions), prescribed_hold_s))


def test_a_rest_of_more_than_half_a_minute_ends_a_set() -> None:
    starts_s = [0.0, 12.0, 45.0, 90.0, 102.0]
    first, second = sets_of([bridge(start_s) for start_s in starts_s])
    assert [each.start_s for each in first.repetitions] == starts_s[:3]
    assert first.rest_before_s is None
    assert second.rest_before_s == pytest.approx(90.0 - 53.0)
    assert (second.start_s, second.end_s) == (90.0, 110.0)


def test_no_repetition_is_no_set() -> None:
    assert sets_of([]) == ()


def test_a_partial_repetition_is_in_the_set_and_in_none_of_its_figures() -> None:
    (one,) = sets_of([bridge(), bridge(25.0, partial=True, peak_deg=3.0, hold_s=0.0), bridge(50.0)])
    assert (len(one.repetitions), len(one.whole)) == (3, 2)
    assert (one.usual_hold_s, one.usual_peak_deg) == (5.0, 20.0)


def test_best_usual_and_regularity_are_those_of_the_whole_repetitions() -> None:
    one = one_set(
        *(bridge(peak_deg=p, hold_s=h) for p, h in [(18.0, 4.0), (20.0, 5.0), (22.0, 9.0)])
    )
    assert (one.usual_hold_s, one.best_hold_s) == (5.0, 9.0)
    assert (one.usual_peak_deg, one.best_peak_deg) == (20.0, 22.0)
    assert one.peak_variation == pytest.approx(0.1)
    assert one.tempo_variation == pytest.approx(0.0)


def test_what_too_few_repetitions_cannot_tell_is_none() -> None:
    none, single = one_set(bridge(partial=True)), one_set(bridge(roll_deg=None))
    assert (none.usual_hold_s, none.best_peak_deg, none.peak_trend) == (None, None, None)
    assert (single.peak_variation, single.peak_trend, single.usual_roll_deg) == (None, None, None)
    assert set_json(single)["trends"] == dict.fromkeys(
        ("peak_deg", "hold_s", "tempo_s", "tremor_part")
    )


def test_a_set_that_tires_shows_it_in_its_trends() -> None:
    one = one_set(*(bridge(peak_deg=20.0 - n, hold_s=5.0 - 0.2 * n) for n in range(6)))
    assert one.peak_trend is not None
    assert one.hold_trend is not None
    assert one.peak_trend.change == pytest.approx(-5.0)
    assert one.hold_trend.change == pytest.approx(-1.0)
    assert one.peak_trend.sure
    assert one.hold_trend.sure


def test_the_line_tells_a_short_hold_and_a_side_that_drops() -> None:
    assert said(bridge(hold_s=2.1, roll_deg=-6.2)) == "held 2.1 s of 5 s, left side drops 6°"
    assert "right side drops 5°" in said(bridge(roll_deg=5.0))


def test_a_hold_that_is_short_by_less_than_is_measured_is_kept() -> None:
    assert said(bridge(hold_s=4.8)) == "held the 5 s"
    assert said(bridge(hold_s=4.6)) == "held 4.6 s of 5 s"


def test_a_less_sure_hold_must_be_shorter_to_be_called_short() -> None:
    assert said(bridge(hold_s=4.5, confidence=Confidence.LOWER)) == "held the 5 s"
    assert said(bridge(hold_s=4.3, confidence=Confidence.LOWER)) == "held 4.3 s of 5 s"


def test_nothing_is_said_below_what_is_measured() -> None:
    steady = bridge(roll_deg=3.0, sag_deg=2.0, lower_s=1.0)
    assert said(steady) == "held the 5 s"
    assert said(bridge(roll_deg=None)) == "held the 5 s"


def test_without_a_prescription_the_hold_is_only_told() -> None:
    assert said(bridge(hold_s=3.14), prescribed_hold_s=None) == "held 3.1 s"
    assert told(bridge(hold_s=0.9), prescribed_hold_s=None) == "You held for about 1 second."


def test_sinking_and_dropping_are_told() -> None:
    assert said(bridge(sag_deg=4.2)) == "held the 5 s, sinks 4° in the hold"
    assert said(bridge(lower_s=0.5)) == "held the 5 s, lowered in 0.5 s"


def test_fatigue_is_told_when_it_is_sure_and_beyond_what_is_measured() -> None:
    lower = [bridge(peak_deg=22.0 - 1.2 * n) for n in range(6)]
    assert said(*lower) == "usually held the 5 s, lifts get lower, by 6° over the set"
    shorter = [bridge(hold_s=5.4 - 0.2 * n) for n in range(6)]
    assert said(*shorter) == "usually held the 5 s, holds get shorter, by 1.0 s over the set"
    trembling = [bridge(tremor_degs=0.4 + 0.1 * n) for n in range(6)]
    assert said(*trembling) == "usually held the 5 s, trembles more towards the end"


@pytest.mark.parametrize("count", [2, 3, 4])
def test_fewer_than_five_repetitions_tell_no_fatigue(count: int) -> None:
    assert "lower" not in said(*(bridge(peak_deg=22.0 - 4.0 * n) for n in range(count)))


def test_a_set_that_only_varies_seldom_seems_to_tire() -> None:
    rng = np.random.default_rng(1)
    lines = [
        said(
            *(bridge(peak_deg=p, hold_s=h) for p, h in rng.normal((20.0, 5.5), (1.5, 0.3), (10, 2)))
        )
        for _ in range(300)
    ]
    assert np.mean([line != "usually held the 5 s" for line in lines]) < 0.05


def test_what_does_not_count_is_only_counted() -> None:
    given_up = bridge(partial=True, roll_deg=-9.0)
    assert said(given_up) == "not counted: cut off, shallow or short"
    assert said(bridge(), given_up).endswith("1 of 2 not counted: cut off, shallow or short")


def test_the_patient_is_told_two_things_at_most_in_kind_words() -> None:
    assert told(bridge()) == "You held for 5 seconds, as planned. Well done!"
    line = told(bridge(hold_s=2.1, roll_deg=-8.0, sag_deg=5.0, lower_s=0.5))
    assert line == (
        "You held for about 2 of 5 seconds. "
        "Your left side is a little lower: try to keep both sides level."
    )
