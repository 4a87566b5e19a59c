"""Sitting is told from standing by the thigh, and from lying by the trunk."""

from __future__ import annotations

import pytest

from analytics.body import BodyChunk, Segment
from analytics.detector import detect
from analytics.events import Event, SittingBout
from analytics.sitting import SittingDetector
from tests.body_chunks import Keyframe, body, cut, segment, up_path, without

UPRIGHT: tuple[Keyframe, Keyframe] = ((0, 0, 0), (60, 0, 0))
SEATED: tuple[Keyframe, ...] = (
    (0, 5, 0),
    (20, 5, 0),
    (22, 85, 0),
    (40, 85, 0),
    (42, 5, 0),
    (60, 5, 0),
)


def worn(trunk: tuple[Keyframe, ...], thigh: tuple[Keyframe, ...]) -> BodyChunk:
    return body({Segment.TRUNK: up_path(*trunk), Segment.THIGH: up_path(*thigh)})


def found(chunk: BodyChunk) -> list[Event]:
    return detect(SittingDetector(), [chunk])


def test_a_level_thigh_below_an_upright_trunk_is_sitting() -> None:
    (bout,) = found(worn(UPRIGHT, SEATED))
    assert isinstance(bout, SittingBout)
    assert bout.start_s == pytest.approx(21.2, abs=0.7)
    assert bout.end_s == pytest.approx(41.0, abs=0.9)


def test_the_pelvis_serves_where_no_trunk_is_worn() -> None:
    chunk = body({Segment.PELVIS: up_path(*UPRIGHT), Segment.THIGH: up_path(*SEATED)})
    assert len(found(chunk)) == 1


def test_lying_is_not_sitting() -> None:
    assert found(worn(((0, 90, 0), (60, 90, 0)), ((0, 90, 0), (60, 90, 0)))) == []


def test_lying_down_from_sitting_ends_it() -> None:
    trunk = ((0, 0, 0), (30, 0, 0), (33, 90, 0), (60, 90, 0))
    (bout,) = found(worn(trunk, ((0, 85, 0), (60, 85, 0))))
    assert bout.start_s == 0.0  # type: ignore[union-attr]
    assert bout.end_s == pytest.approx(32.0, abs=0.8)  # type: ignore[union-attr]


def test_raising_a_leg_for_a_moment_is_not_sitting() -> None:
    assert found(worn(UPRIGHT, ((0, 0, 0), (20, 0, 0), (21, 80, 0), (22, 0, 0), (60, 0, 0)))) == []


def test_sitting_to_the_end_is_a_bout() -> None:
    (bout,) = found(worn(UPRIGHT, ((0, 85, 0), (60, 85, 0))))
    assert bout == SittingBout(start_s=0.0, end_s=60.0)


def test_a_long_gap_ends_a_bout_where_it_began() -> None:
    chunk = without(worn(UPRIGHT, ((0, 85, 0), (60, 85, 0))), Segment.THIGH, 20.0, 30.0)
    assert found(chunk) == [
        SittingBout(start_s=0.0, end_s=20.0),
        SittingBout(start_s=30.0, end_s=60.0),
    ]


def test_a_short_gap_is_passed_over() -> None:
    chunk = without(worn(UPRIGHT, ((0, 85, 0), (60, 85, 0))), Segment.TRUNK, 20.0, 21.5)
    assert len(found(chunk)) == 1


def test_the_same_is_found_sample_by_sample() -> None:
    chunk = without(worn(UPRIGHT, SEATED), Segment.TRUNK, 30.0, 33.0)
    assert detect(SittingDetector(), cut(chunk, range(len(chunk)))) == found(chunk)


def test_without_a_thigh_sensor_or_its_calibration_nothing_is_known() -> None:
    assert found(body({Segment.TRUNK: up_path(*UPRIGHT)})) == []
    assert found(body({Segment.THIGH: up_path(*SEATED)})) == []
    thigh = segment(up_path(*SEATED), calibrated=False)
    trunk = segment(up_path(*UPRIGHT))
    assert found(BodyChunk(0, {Segment.TRUNK: trunk, Segment.THIGH: thigh})) == []
