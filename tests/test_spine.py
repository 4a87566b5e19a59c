"""Extension is measured against the personal neutral and found where it was held."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.body import BodyChunk, Segment, SegmentChunk
from analytics.detector import detect
from analytics.events import (
    Confidence,
    Event,
    ExtensionBout,
    OverExtension,
    PadSlip,
    Posture,
)
from analytics.limits import USUAL, Limits
from analytics.spine import SpineAngle, SpineDetector, Unseen, UnseenReason
from sensors.types import FloatArray
from tests.body_chunks import body, segment, up_path, without

Held = tuple[float, float]


def supine(*extension: Held, trunk_roll_deg: float = 0.0) -> BodyChunk:
    """Lying on the back while the spine extends through (time s, extension °)."""
    trunk = up_path(*((time_s, 90.0 + deg, trunk_roll_deg) for time_s, deg in extension))
    pelvis = up_path((0, 90, trunk_roll_deg), (extension[-1][0], 90, trunk_roll_deg))
    return body({Segment.TRUNK: trunk, Segment.PELVIS: pelvis})


def held(
    start_s: float, end_s: float, deg: float = 10.0, total_s: float = 60.0
) -> tuple[Held, ...]:
    """Flat, then extended at once between two times, then flat again."""
    return (0, 0), (start_s, 0), (start_s, deg), (end_s, deg), (end_s, 0), (total_s, 0)


def bouts(chunk: BodyChunk, limits: Limits = USUAL) -> list[ExtensionBout]:
    found = detect(SpineDetector(limits), [chunk])
    return [event for event in found if isinstance(event, ExtensionBout)]


def found(chunk: BodyChunk) -> list[Event]:
    return detect(SpineDetector(), [chunk])


def seen_otherwise(*segments: tuple[Segment, SegmentChunk]) -> tuple[Unseen, ...]:
    """What is said not to be known of segments."""
    detector = SpineDetector()
    detector.update(BodyChunk(0, dict(segments)))
    return detector.unseen()


def chunk_extension_deg(chunk: BodyChunk) -> FloatArray:
    return SpineAngle().update(chunk)[:, 0]


def pitched(pitch_deg: float) -> FloatArray:
    pitch = np.radians(pitch_deg)
    return np.array([-np.sin(pitch), 0.0, np.cos(pitch)])


@pytest.mark.parametrize(
    ("trunk_pitch_deg", "pelvis_pitch_deg", "extension_deg"),
    [(0, 0, 0), (30, 10, -20), (-10, 5, 15), (-100, -90, 10), (-90, -100, -10), (80, 90, 10)],
)
def test_extension_is_how_far_the_trunk_leans_back_against_the_pelvis(
    trunk_pitch_deg: float, pelvis_pitch_deg: float, extension_deg: float
) -> None:
    chunk = body(
        {
            Segment.TRUNK: np.tile(pitched(trunk_pitch_deg), (3, 1)),
            Segment.PELVIS: np.tile(pitched(pelvis_pitch_deg), (3, 1)),
        }
    )
    np.testing.assert_allclose(chunk_extension_deg(chunk), extension_deg, atol=1e-9)


def test_the_lying_pose_of_the_calibration_is_the_zero_while_lying() -> None:
    flat = {Segment.TRUNK: pitched(-97.0), Segment.PELVIS: pitched(-88.0)}
    chunk = BodyChunk(
        0, {name: segment(np.tile(up, (3, 1)), supine_up=up) for name, up in flat.items()}
    )
    np.testing.assert_allclose(chunk_extension_deg(chunk), 0.0, atol=1e-9)


def test_the_neutral_passes_smoothly_from_standing_to_lying() -> None:
    flat = {Segment.TRUNK: pitched(-100.0), Segment.PELVIS: pitched(-90.0)}
    rising = up_path((0, 90, 0), (10, 0, 0))
    chunk = BodyChunk(0, {name: segment(rising, supine_up=up) for name, up in flat.items()})
    angle_deg = chunk_extension_deg(chunk)
    assert angle_deg[0] == pytest.approx(-10.0)
    assert angle_deg[-1] == pytest.approx(0.0, abs=1e-6)
    assert np.abs(np.diff(angle_deg)).max() < 0.1


def test_a_hold_is_found_with_its_times_mean_peak_and_posture() -> None:
    (bout,) = bouts(
        supine((0, 0), (10, 0), (12, 10), (30, 10), (32, 14), (50, 14), (52, 0), (70, 0))
    )
    assert bout.start_s == pytest.approx(11.0, abs=0.3)
    assert bout.end_s == pytest.approx(51.6, abs=0.3)
    assert bout.mean_deg == pytest.approx(11.7, abs=0.3)
    assert bout.peak_deg == pytest.approx(14.0, abs=0.1)
    assert bout.posture == Posture.SUPINE


def test_a_hold_for_less_than_ten_seconds_is_movement() -> None:
    assert bouts(supine(*held(10, 19.5))) == []


def test_a_hold_of_less_than_five_degrees_is_none() -> None:
    assert bouts(supine(*held(10, 40, deg=4.5))) == []


def test_a_short_pause_does_not_split_a_hold() -> None:
    pause = ((0, 10), (20, 10), (20, 0), (22, 0), (22, 10), (40, 10))
    (bout,) = bouts(supine(*pause))
    assert (bout.start_s, bout.end_s) == (0.0, 40.0)
    assert bout.mean_deg == pytest.approx(9.5, abs=0.1)


def test_a_long_pause_splits_a_hold() -> None:
    pause = ((0, 10), (20, 10), (20, 0), (24, 0), (24, 10), (40, 10))
    assert len(bouts(supine(*pause))) == 2


def test_a_short_gap_does_not_split_a_hold_and_a_long_one_does() -> None:
    chunk = supine((0, 10), (40, 10))
    assert len(bouts(without(chunk, Segment.PELVIS, 18.0, 20.0))) == 1
    assert len(bouts(without(chunk, Segment.PELVIS, 16.0, 20.0))) == 2


def test_only_time_in_the_band_counts_as_such() -> None:
    path = ((0, 0), (10, 0), (12, 12), (30, 12), (32, 24), (50, 24), (52, 12), (70, 12))
    (bout,) = bouts(supine(*path))
    in_band_s = 58.9 - 18.0 - 2.0 * 4.0 / 12.0 * 2.0
    assert bout.in_band_s == pytest.approx(in_band_s, abs=0.5)


@pytest.mark.parametrize(
    ("band_deg", "in_band_s"), [((15.0, 25.0), 0.0), ((10.0, 13.0), 30.0), ((12.5, 20.0), 0.0)]
)
def test_the_band_is_the_prescribed_one(band_deg: tuple[float, float], in_band_s: float) -> None:
    (bout,) = bouts(supine((0, 12), (30, 12)), Limits(band_deg=band_deg))
    assert bout.in_band_s == in_band_s
    assert bout.end_s - bout.start_s == 30.0


def test_a_band_prescribed_below_what_is_usually_told_is_measured_too() -> None:
    slightly = supine((0, 4), (30, 4))
    assert bouts(slightly) == []
    (bout,) = bouts(slightly, Limits(band_deg=(3.0, 8.0)))
    assert bout.in_band_s == 30.0


def test_the_alarm_is_the_prescribed_one() -> None:
    chunk = supine((0, 10), (10, 10), (12, 18), (20, 18), (22, 10), (40, 10))
    limits = Limits(band_deg=(5.0, 15.0), over_deg=15.0)
    (over,) = [e for e in detect(SpineDetector(limits), [chunk]) if isinstance(e, OverExtension)]
    assert over.peak_deg == pytest.approx(18.0, abs=0.1)
    assert not [event for event in found(chunk) if isinstance(event, OverExtension)]


def test_interruptions_of_a_hold_are_counted() -> None:
    pause = ((0, 10), (20, 10), (20, 0), (22, 0), (22, 10), (30, 10), (30, 0), (31, 0), (31, 10))
    (bout,) = bouts(supine(*pause, (40, 10)))
    assert bout.interruptions == 2


def test_a_bout_says_how_sure_it_is_and_from_how_much_it_was_seen() -> None:
    (both,) = bouts(supine(*held(10, 40)))
    (alone,) = bouts(body({Segment.TRUNK: up_path((0, 100, 0), (70, 100, 0))}))
    assert (both.confidence, alone.confidence) == (Confidence.FULL, Confidence.LOWER)
    assert 0.1 < both.sigma_deg < 1.5 < alone.sigma_deg


def test_extension_beyond_the_limit_is_told_with_its_peak() -> None:
    path = ((0, 10), (10, 10), (12, 33), (20, 33), (22, 10), (40, 10))
    (over,) = [event for event in found(supine(*path)) if isinstance(event, OverExtension)]
    assert (over.start_s, over.end_s) == pytest.approx((11.8, 20.8), abs=0.3)
    assert over.peak_deg == pytest.approx(33.0, abs=0.1)
    assert over.posture == Posture.SUPINE


def test_extension_at_the_limit_that_trembles_is_one_excess_and_a_stretch_is_none() -> None:
    trembling = ((0, 31), (5, 31), (5, 28), (8, 28), (8, 31), (15, 31))
    stretch = ((0, 10), (10, 10), (10, 35), (12, 35), (12, 10), (20, 10))
    told = [
        len([event for event in found(supine(*path)) if isinstance(event, OverExtension)])
        for path in (trembling, stretch)
    ]
    assert told == [1, 0]


def test_extension_that_is_lost_slowly_is_a_pad_that_slips() -> None:
    path = ((0, 0), (5, 0), (13, 12), (60, 12), (260, 8), (300, 8))
    (slip,) = [event for event in found(supine(*path)) if isinstance(event, PadSlip)]
    assert slip.from_deg == pytest.approx(12.0, abs=0.2)
    assert slip.to_deg == pytest.approx(9.0, abs=0.3)
    assert slip.start_s < 70.0
    assert 200.0 < slip.end_s < 230.0


@pytest.mark.parametrize(
    "path",
    [
        ((0, 12), (60, 12), (61, 8), (200, 8)),
        ((0, 12), (60, 12), (160, 10), (200, 10)),
        ((0, 6), (60, 9), (160, 12), (200, 12)),
    ],
    ids=["at once", "a little", "raised"],
)
def test_a_change_of_position_is_no_slipping_pad(path: tuple[Held, ...]) -> None:
    assert not [event for event in found(supine(*path)) if isinstance(event, PadSlip)]


def test_what_was_not_seen_is_told_with_the_reason() -> None:
    side, upright = up_path((0, 90, 90), (20, 90, 90)), up_path((0, 5, 0), (20, 5, 0))
    trunk, pelvis = (Segment.TRUNK, segment(side)), (Segment.PELVIS, segment(side))
    blank = segment(side, supine_up=None)
    (on_side,) = seen_otherwise((Segment.TRUNK, segment(side)), pelvis)
    (up_alone,) = seen_otherwise((Segment.TRUNK, segment(upright)))
    (no_trunk,) = seen_otherwise(pelvis)
    (unknown,) = seen_otherwise(trunk, (Segment.PELVIS, blank))
    assert on_side == Unseen(reason=UnseenReason.ON_THE_SIDE, seconds=20.0)
    assert up_alone.reason == UnseenReason.UPRIGHT_ALONE
    assert no_trunk.reason == UnseenReason.NO_TRUNK_SENSOR
    assert unknown.reason == UnseenReason.NOT_CALIBRATED


def test_missing_samples_are_told_as_such() -> None:
    detector = SpineDetector()
    detector.update(without(supine(*held(10, 40)), Segment.TRUNK, 5.0, 15.0))
    assert detector.unseen() == (Unseen(reason=UnseenReason.MISSING_SAMPLES, seconds=10.0),)


def test_getting_up_ends_a_hold_even_if_the_spine_stays_extended() -> None:
    path = ((0, 90, 0), (20, 90, 0), (23, 0, 0), (40, 0, 0))
    trunk = up_path(*((time_s, deg + 10, azimuth) for time_s, deg, azimuth in path))
    chunk = body({Segment.TRUNK: trunk, Segment.PELVIS: up_path(*path)})
    assert [bout.posture for bout in bouts(chunk)] == [Posture.SUPINE, Posture.UPRIGHT]


def test_extension_is_not_observable_lying_on_the_side() -> None:
    detector = SpineDetector()
    assert detect(detector, [supine((0, 10), (40, 10), trunk_roll_deg=90)]) == []
    assert np.isnan([detector.extension_deg, detector.sigma_deg]).all()
    assert detector.summary() is None


@pytest.mark.parametrize("known", [Segment.TRUNK, Segment.PELVIS])
def test_extension_is_not_observable_without_a_lying_calibration(known: Segment) -> None:
    lying = up_path((0, 100, 0), (20, 100, 0))
    unknown = {Segment.TRUNK: Segment.PELVIS, Segment.PELVIS: Segment.TRUNK}[known]
    segments = {known: segment(lying), unknown: segment(lying, supine_up=None)}
    assert np.isnan(chunk_extension_deg(BodyChunk(0, segments))).all()


def test_the_summary_counts_only_what_was_seen() -> None:
    detector = SpineDetector()
    chunk = supine((0, 0), (18, 0), (18, 12), (20, 12))
    detect(detector, [without(chunk, Segment.TRUNK, 5.0, 15.0)])
    summary = detector.summary()
    assert summary is not None
    assert summary.observable_s == 10.0
    assert summary.p05_deg == pytest.approx(0.0, abs=0.1)
    assert summary.p50_deg == pytest.approx(0.0, abs=0.1)
    assert summary.p95_deg == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize(
    ("inclination_deg", "azimuth_deg", "extension_deg", "posture"),
    [(100, 0, 10, Posture.SUPINE), (78, 180, 12, Posture.PRONE)],
)
def test_a_trunk_sensor_alone_measures_against_flat_lying(
    inclination_deg: float, azimuth_deg: float, extension_deg: float, posture: Posture
) -> None:
    path = ((0, inclination_deg, azimuth_deg), (70, inclination_deg, azimuth_deg))
    (bout,) = bouts(body({Segment.TRUNK: up_path(*path)}))
    assert bout.mean_deg == pytest.approx(extension_deg)
    assert bout.posture == posture


def test_a_trunk_sensor_alone_does_not_take_a_bridge_for_positioning() -> None:
    bridge = ((0, 90, 0), (2, 110, 0), (30, 110, 0), (32, 90, 0), (40, 90, 0))
    assert bouts(body({Segment.TRUNK: up_path(*bridge)})) == []


def test_a_trunk_sensor_alone_says_nothing_upright() -> None:
    detector = SpineDetector()
    assert detect(detector, [body({Segment.TRUNK: up_path((0, 20, 0), (20, 20, 0))})]) == []
    assert detector.summary() is None


def test_a_pelvis_sensor_alone_has_no_spine_angle() -> None:
    detector = SpineDetector()
    assert detect(detector, [body({Segment.PELVIS: up_path((0, 110, 0), (20, 110, 0))})]) == []
    assert detector.summary() is None


def test_no_samples_give_no_bouts_and_no_summary() -> None:
    detector = SpineDetector()
    assert detect(detector, []) == []
    assert detector.summary() is None
