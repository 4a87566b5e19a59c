"""Bends beyond the limit are found, lying down is not taken for one."""

from __future__ import annotations

import pytest

from analytics.body import BodyChunk, Segment
from analytics.detector import detect
from analytics.events import Event, FlexionBout, Posture
from analytics.flexion import FlexionDetector
from analytics.limits import Limits
from tests.body_chunks import Keyframe, body, segment, up_path, without


def found(chunk: BodyChunk) -> list[Event]:
    return detect(FlexionDetector(), [chunk])


def trunk(*keyframes: Keyframe) -> BodyChunk:
    return body({Segment.TRUNK: up_path(*keyframes)})


def bend(deg: float, down_s: float = 3.0, azimuth_deg: float = 180.0) -> BodyChunk:
    """Upright, bent down in a second, held, and up again."""
    times = (0, 10, 11, 11 + down_s, 12 + down_s, 30 + down_s)
    angles = (0, 0, deg, deg, 0, 0)
    return trunk(*((t, a, azimuth_deg) for t, a in zip(times, angles, strict=True)))


def test_a_bend_is_found_with_its_times_and_peak() -> None:
    (bout,) = found(bend(80))
    assert isinstance(bout, FlexionBout)
    assert bout.start_s == pytest.approx(10.75, abs=0.05)
    assert bout.end_s == pytest.approx(14.3, abs=0.05)
    assert bout.peak_deg == pytest.approx(80.0, abs=0.1)
    assert bout.posture == Posture.UPRIGHT


def test_a_bend_below_the_limit_is_allowed() -> None:
    assert found(bend(55)) == []


@pytest.mark.parametrize("limit_deg", [20.0, 30.0, 45.0])
def test_a_prescribed_limit_goes_before(limit_deg: float) -> None:
    limits = Limits(flexion_deg=limit_deg)
    (bout,) = detect(FlexionDetector(limits), [bend(limit_deg + 8.0)])
    assert isinstance(bout, FlexionBout)
    assert bout.peak_deg == pytest.approx(limit_deg + 8.0, abs=0.1)
    assert detect(FlexionDetector(limits), [bend(limit_deg - 3)]) == []


def test_a_peak_of_less_than_a_second_is_not_counted() -> None:
    assert found(bend(65, down_s=0.2)) == []


def test_wavering_about_the_limit_is_one_bend() -> None:
    assert (
        len(found(trunk((0, 0, 180), (3, 63, 180), (4, 57, 180), (6, 64, 180), (9, 0, 180)))) == 1
    )


@pytest.mark.parametrize("azimuth_deg", [0, 90, -90])
def test_leaning_back_or_sideways_is_no_flexion(azimuth_deg: float) -> None:
    assert found(bend(80, azimuth_deg=azimuth_deg)) == []


def test_lying_on_the_front_is_no_flexion() -> None:
    assert found(bend(90, down_s=60)) == []


def test_propping_up_while_lying_on_the_front_is_no_flexion() -> None:
    prone = (
        (0, 90, 180),
        (20, 90, 180),
        (22, 50, 180),
        (30, 50, 180),
        (32, 90, 180),
        (40, 90, 180),
    )
    assert found(trunk(*prone)) == []


def test_missing_samples_end_a_bend() -> None:
    (bout,) = found(without(bend(80), Segment.TRUNK, 13.0, 40.0))
    assert bout.end_s == 13.0  # type: ignore[union-attr]


def test_a_bend_at_the_end_of_the_recording_is_found() -> None:
    assert len(found(trunk((0, 0, 180), (10, 0, 180), (11, 80, 180), (13, 80, 180)))) == 1


def test_without_a_known_front_nothing_is_forward() -> None:
    up = up_path((0, 0, 180), (3, 80, 180), (6, 80, 180))
    assert found(BodyChunk(0, {Segment.TRUNK: segment(up, supine_up=None)})) == []


def test_the_pelvis_tells_nothing_of_the_trunk() -> None:
    assert found(body({Segment.PELVIS: up_path((0, 0, 180), (3, 80, 180), (6, 80, 180))})) == []
