"""Minutes lying and upright, times up, bends and long sitting, of worn time only."""

from __future__ import annotations

from analytics.events import (
    FlexionBout,
    Posture,
    PostureBout,
    SittingBout,
    WearBout,
    WearState,
)
from analytics.posture_summary import posture_summary, times_up_s

UPRIGHT, SUPINE, LEFT, UNKNOWN = Posture.UPRIGHT, Posture.SUPINE, Posture.LEFT, Posture.UNKNOWN


def bouts(*minutes: tuple[Posture, float]) -> list[PostureBout]:
    found, start_s = [], 0.0
    for posture, length_min in minutes:
        end_s = start_s + 60.0 * length_min
        found.append(PostureBout(posture=posture, start_s=start_s, end_s=end_s))
        start_s = end_s
    return found


def off(start_min: float, end_min: float) -> WearBout:
    return WearBout(state=WearState.NOT_WORN, start_s=60.0 * start_min, end_s=60.0 * end_min)


def test_lying_on_any_side_is_bed_rest() -> None:
    day = bouts((UPRIGHT, 10), (SUPINE, 20), (LEFT, 5), (UPRIGHT, 30), (UNKNOWN, 2))
    found = posture_summary(day, [], [], None)
    assert (found.bed_rest_min, found.upright_min, found.unknown_min) == (25.0, 40.0, 2.0)
    assert found.times_up == 1


def test_lying_on_a_side_that_is_not_known_is_bed_rest_too() -> None:
    lying = PostureBout(posture=UNKNOWN, start_s=0.0, end_s=600.0, side_unknown=True)
    up = PostureBout(posture=UPRIGHT, start_s=600.0, end_s=900.0)
    found = posture_summary([lying, up], [], [], None)
    assert (found.bed_rest_min, found.unknown_min, found.times_up) == (10.0, 0.0, 1)


def test_a_stretch_of_which_nothing_is_known_hides_no_getting_up() -> None:
    assert times_up_s(bouts((SUPINE, 10), (UNKNOWN, 1), (UPRIGHT, 5)), []) == [660.0]
    assert times_up_s(bouts((UPRIGHT, 10), (UNKNOWN, 1), (UPRIGHT, 5)), []) == []


def test_a_sensor_on_the_table_is_not_in_bed() -> None:
    day = bouts((UPRIGHT, 10), (SUPINE, 60), (UPRIGHT, 10))
    found = posture_summary(day, [off(9, 71)], [], None)
    assert (found.bed_rest_min, found.upright_min, found.times_up) == (0.0, 18.0, 0)


def test_lying_partly_worn_counts_with_its_worn_part() -> None:
    day = bouts((SUPINE, 60), (UPRIGHT, 10))
    found = posture_summary(day, [off(20, 50)], [], None)
    assert (found.bed_rest_min, found.times_up) == (30.0, 1)


def test_bends_and_sitting_add_up() -> None:
    bends = [FlexionBout(start_s=s, end_s=s + 3.0, peak_deg=70, posture=UPRIGHT) for s in (0, 9)]
    sitting = [SittingBout(start_s=0.0, end_s=1900.0), SittingBout(start_s=2000.0, end_s=2500.0)]
    found = posture_summary(bouts((UPRIGHT, 60)), [], bends, sitting)
    assert (found.bends, found.bent_min) == (2, 0.1)
    assert found.long_sittings == 1
    assert found.sitting_min == 40.0


def test_without_a_thigh_sensor_sitting_is_not_known_rather_than_none() -> None:
    found = posture_summary(bouts((UPRIGHT, 60)), [], [], None)
    assert (found.sitting_min, found.longest_sitting_min, found.long_sittings) == (None,) * 3
