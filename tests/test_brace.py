"""Bends in which chest and pelvis move as one are told from those in which the spine gives."""

from __future__ import annotations

import pytest

from analytics.body import BodyChunk, Segment
from analytics.brace import BraceDetector, BraceIndication
from tests.body_chunks import Keyframe, body, cut, segment, up_path, without


def bending(times: int, deg: float) -> list[Keyframe]:
    """Upright for three seconds, bent forward and back in three, so many times."""
    frames: list[Keyframe] = [(0, 1, 180)]
    for start_s in range(0, 6 * times, 6):
        frames += [(start_s + 3, 1, 180), (start_s + 4.5, deg, 180), (start_s + 6, 1, 180)]
    return [*frames, (6 * times + 3, 1, 180)]


def seen(trunk_deg: float, pelvis_deg: float, times: int = 12) -> BodyChunk:
    return body(
        {
            Segment.TRUNK: up_path(*bending(times, trunk_deg)),
            Segment.PELVIS: up_path(*bending(times, pelvis_deg)),
        }
    )


def indication(*chunks: BodyChunk) -> BraceIndication | None:
    detector = BraceDetector()
    for chunk in chunks:
        assert detector.update(chunk) == []
    assert detector.finish() == []
    return detector.indication()


def test_chest_and_pelvis_that_bend_as_one_are_consistent_with_a_brace() -> None:
    found = indication(seen(45, 40))
    assert found == BraceIndication(bends=12, stiff_bends=12)
    assert found.consistent is True


def test_bends_to_which_the_spine_gives_half_are_not() -> None:
    found = indication(seen(45, 22))
    assert found == BraceIndication(bends=12, stiff_bends=0)
    assert found.consistent is False


def test_a_few_bends_tell_nothing() -> None:
    found = indication(seen(45, 40, times=9))
    assert found is not None
    assert found.consistent is None


@pytest.mark.parametrize("deg", [20.0, 85.0])
def test_small_bends_and_lying_down_are_not_looked_at(deg: float) -> None:
    found = indication(seen(deg, deg))
    assert found == BraceIndication(bends=0, stiff_bends=0)


def test_a_bend_with_samples_missing_does_not_count() -> None:
    found = indication(without(seen(45, 40), Segment.PELVIS, 4.0, 4.2))
    assert found == BraceIndication(bends=11, stiff_bends=11)


def test_the_same_is_found_sample_by_sample() -> None:
    chunk = seen(45, 22)
    assert indication(*cut(chunk, range(len(chunk)))) == indication(chunk)


def test_one_sensor_or_an_unknown_front_tells_nothing() -> None:
    up = up_path(*bending(12, 45))
    assert indication(body({Segment.TRUNK: up})) is None
    unfaced = {name: segment(up, supine_up=None) for name in (Segment.TRUNK, Segment.PELVIS)}
    assert indication(BodyChunk(0, unfaced)) is None
