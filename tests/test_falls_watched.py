"""What becomes of a suspected fall: who stays down, who gets up, and what was none after all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk, SegmentChunk
from analytics.detector import detect
from analytics.events import DismissedFall, FallEnding
from analytics.falls import FallDetector
from sensors.types import GRAVITY_MS2
from tests.fall_streams import IMPACT_S, fall, fall_and_walk, falls, held, pelvis, uncalibrated


def dismissals(chunk: BodyChunk) -> list[DismissedFall]:
    return [event for event in detect(FallDetector(), [chunk]) if isinstance(event, DismissedFall)]


def test_who_stays_down_and_who_gets_up_again_is_told_apart() -> None:
    (stayed,) = falls(pelvis(fall(lying_s=70.0)))
    assert stayed.ending is FallEnding.STAYED_DOWN
    for lying_s in (2.0, 20.0):
        (rose,) = falls(pelvis(fall_and_walk(lying_s)))
        assert rose.ending is FallEnding.GOT_UP
        (rose,) = falls(uncalibrated(fall_and_walk(lying_s)))
        assert rose.ending is FallEnding.GOT_UP


def test_a_fall_tells_what_speaks_for_it() -> None:
    (found,) = falls(pelvis(fall()))
    assert found.evidence == "impact of 3.9 g, turned by 91°, lay still for 6 s"


def soft_fall(rises_s: float = 30.0) -> SegmentChunk:
    """A fall just hard enough to be called, after which the body may rise again."""
    return held(
        (0.0, 0.0, 0.0), (IMPACT_S - 0.7, 5.0, 0.0), (IMPACT_S, 90.0, 0.0),
        (rises_s, 90.0, 0.0), (rises_s + 1.0, 0.0, 0.0), (rises_s + 10.0, 0.0, 0.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.7), (IMPACT_S, 0.05, 2.0)),
    )  # fmt: skip


def test_lying_down_briskly_and_sitting_up_again_is_dismissed() -> None:
    (stayed,) = falls(uncalibrated(soft_fall()))
    assert stayed.probability < 0.9
    chunk = uncalibrated(soft_fall(IMPACT_S + 4.0))
    assert falls(chunk) == []
    (dismissed,) = dismissals(chunk)
    assert "was soon held as before" in dismissed.evidence
    assert dismissed.probability < 0.5


def test_a_hard_fall_from_which_one_rises_at_once_is_a_fall() -> None:
    (found,) = falls(uncalibrated(fall_and_walk(2.0)))
    assert found.ending is FallEnding.GOT_UP
    assert "was soon held as before" in found.evidence


def test_going_on_vigorously_is_no_fall() -> None:
    hops = tuple((float(t), 0.06, 3.0) for t in np.arange(IMPACT_S + 0.5, 20.0, 0.4))
    tumbling = held(
        (0.0, 0.0, 0.0), (IMPACT_S - 0.7, 5.0, 0.0), (IMPACT_S, 60.0, 0.0), (20.0, 60.0, 0.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.3), (IMPACT_S, 0.05, 4.0), *hops),
    )  # fmt: skip
    assert falls(uncalibrated(tumbling)) == []


def test_turning_over_in_bed_with_a_knock_is_no_fall_once_upright_is_known() -> None:
    turning = held(
        (0.0, 90.0, 0.0), (5.5, 90.0, 0.0), (6.1, 90.0, 90.0), (20.0, 90.0, 90.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.7), (IMPACT_S, 0.05, 2.0)),
    )  # fmt: skip
    assert len(falls(uncalibrated(turning))) == 1
    assert falls(pelvis(turning)) == []


def test_a_sensor_that_drops_to_the_floor_is_no_fall_but_a_body_from_a_ladder_is() -> None:
    struck = round(IMPACT_S * BODY_RATE_HZ)
    from_height = held(
        (0.0, 0.0, 0.0), (IMPACT_S - 0.4, 0.0, 0.0), (IMPACT_S, 80.0, 0.0), (20.0, 80.0, 0.0),
        pushes=((IMPACT_S, 0.04, 7.0),),
    )  # fmt: skip
    from_height.acc[struck - 20 : struck - 2] *= 0.05
    dropped = from_height.acc.copy()
    dropped[struck + 25 :] = GRAVITY_MS2 * from_height.up[struck + 25 :]
    assert falls(uncalibrated(replace(from_height, acc=dropped))) == []
    assert len(falls(uncalibrated(from_height))) == 1


def test_a_sensor_that_bounces_is_no_fall_though_it_is_picked_up_at_once() -> None:
    struck = round(IMPACT_S * BODY_RATE_HZ)
    dropped = held(
        (0.0, 0.0, 0.0), (IMPACT_S, 0.0, 0.0), (IMPACT_S + 0.4, 80.0, 0.0),
        (IMPACT_S + 1.6, 80.0, 0.0), (IMPACT_S + 4.0, 40.0, 60.0), (20.0, 40.0, 60.0),
        pushes=((IMPACT_S, 0.02, 9.0),),
    )  # fmt: skip
    dropped.acc[struck - 15 : struck - 2] *= 0.05
    assert len(falls(uncalibrated(dropped))) == 1
    dropped.acc[struck + 3 : struck + 11] *= 0.05
    assert falls(uncalibrated(dropped)) == []


def test_a_sensor_that_is_taken_off_and_laid_on_a_table_is_no_fall() -> None:
    taken_off = held(
        (0.0, 0.0, 0.0), (5.0, 0.0, 0.0), (6.0, 130.0, 40.0), (7.0, 60.0, 200.0),
        (9.0, 10.0, 0.0), (9.6, 90.0, 0.0), (40.0, 90.0, 0.0),
        pushes=((9.3, 0.15, 0.6), (9.6, 0.04, 3.0)),
    )  # fmt: skip
    assert falls(uncalibrated(taken_off)) == []
