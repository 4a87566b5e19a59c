"""What an impact may have been instead of a fall: a jump, toppling onto a bed, turning over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import detect
from analytics.falls import FallDetector
from tests.body_chunks import cut
from tests.fall_streams import IMPACT_S, fall, falls, held, pelvis, uncalibrated


def jump(*, push_s: float, lands_deg: float = 25.0) -> SegmentChunk:
    """Standing, a push of 0.9 g beyond gravity, flight, and a landing turned and calm."""
    takes_off_s = IMPACT_S - 0.3
    standing = held(
        (0.0, 0.0, 0.0), (takes_off_s, 0.0, 0.0), (IMPACT_S, lands_deg, 0.0),
        (20.0, lands_deg, 0.0), pushes=((IMPACT_S, 0.06, 6.0),),
    )  # fmt: skip
    time_s = np.arange(len(standing.peak_ms2)) / BODY_RATE_HZ
    force = np.where((time_s >= takes_off_s - push_s) & (time_s < takes_off_s), 1.9, 1.0)
    force[(time_s >= takes_off_s) & (time_s < IMPACT_S - 0.1)] = 0.2
    return replace(standing, acc=standing.acc * force[:, np.newaxis])


def test_who_pushes_off_and_lands_on_the_feet_has_jumped() -> None:
    assert len(falls(uncalibrated(jump(push_s=0.0)))) == 1
    assert falls(uncalibrated(jump(push_s=0.25))) == []


def test_who_pushes_off_and_ends_lying_has_fallen() -> None:
    assert len(falls(uncalibrated(jump(push_s=0.25, lands_deg=80.0)))) == 1


def toppling(push: float) -> SegmentChunk:
    """From upright to lying within a second, by a sensor without a gyroscope."""
    toppled = held(
        (0.0, 0.0, 0.0), (IMPACT_S - 0.8, 5.0, 0.0), (IMPACT_S, 90.0, 0.0), (20.0, 90.0, 0.0),
        pushes=((IMPACT_S - 0.35, 0.1, 0.6), (IMPACT_S, 0.035, push)),
    )  # fmt: skip
    return replace(toppled, gyro=np.full_like(toppled.gyro, np.nan))


def test_a_chest_that_comes_down_slowly_topples_onto_the_bed_with_no_gyroscope_to_tell() -> None:
    assert len(falls(pelvis(toppling(2.4)))) == 1
    assert falls(BodyChunk(0, {Segment.TRUNK: toppling(2.4)})) == []
    assert len(falls(BodyChunk(0, {Segment.TRUNK: toppling(5.0)}))) == 1


def after_walking(then: SegmentChunk) -> BodyChunk:
    """Ten seconds of walking with an unknown mounting, then something else."""
    walking = held((0.0, 0.0, 0.0), (10.0, 0.0, 0.0))
    steps = 1.0 + 0.3 * np.sin(2 * np.pi * 1.8 * np.arange(len(walking.peak_ms2)) / BODY_RATE_HZ)
    acc = np.concatenate((walking.acc * steps[:, np.newaxis], then.acc))
    up = np.concatenate((walking.up, then.up))
    gyro = np.concatenate((walking.gyro, then.gyro))
    peak_ms2 = np.linalg.norm(acc, axis=1)
    return uncalibrated(replace(then, acc=acc, up=up, gyro=gyro, peak_ms2=peak_ms2))


def turning_in_bed() -> SegmentChunk:
    return held(
        (0.0, 90.0, 0.0), (5.5, 90.0, 0.0), (6.1, 90.0, 90.0), (20.0, 90.0, 90.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.7), (IMPACT_S, 0.05, 2.0)),
    )  # fmt: skip


def test_walking_teaches_which_way_is_up() -> None:
    assert len(falls(uncalibrated(turning_in_bed()))) == 1
    assert falls(after_walking(turning_in_bed())) == []
    assert len(falls(after_walking(fall()))) == 1


def test_who_falls_out_of_bed_has_fallen() -> None:
    out_of_bed = held(
        (0.0, 90.0, 0.0), (5.4, 90.0, 0.0), (6.0, 90.0, 120.0), (20.0, 90.0, 120.0),
        pushes=((IMPACT_S - 0.18, 0.12, 0.2), (IMPACT_S, 0.06, 4.5)),
    )  # fmt: skip
    assert len(falls(pelvis(out_of_bed))) == 1


@given(cuts=st.lists(st.integers(1, 7000), max_size=60))
@settings(max_examples=20)
def test_what_walking_taught_does_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    for whole in (after_walking(turning_in_bed()), after_walking(fall(lying_s=140.0))):
        assert detect(FallDetector(), cut(whole, cuts)) == detect(FallDetector(), [whole])


@pytest.mark.parametrize("gain", [0.9, 1.1])
def test_a_gain_that_errs_by_a_tenth_hides_no_fall(gain: float) -> None:
    exact = held(
        (0.0, 0.0, 0.0), (IMPACT_S - 0.7, 5.0, 0.0), (IMPACT_S, 90.0, 0.0), (30.0, 90.0, 0.0),
        pushes=((IMPACT_S - 0.35, 0.15, 0.6), (IMPACT_S, 0.05, 2.2)),
    )  # fmt: skip
    assert len(falls(uncalibrated(exact))) == 1
    assert len(falls(uncalibrated(replace(exact, acc=gain * exact.acc)))) == 1


@pytest.mark.parametrize("lost_s", [0.05, -0.2])
def test_packets_lost_around_the_impact_hide_no_fall(lost_s: float) -> None:
    struck = fall()
    acc = struck.acc.copy()
    for from_s in (lost_s, -0.45):
        start = round((IMPACT_S + from_s) * BODY_RATE_HZ)
        acc[start : start + round(0.15 * BODY_RATE_HZ)] = np.nan
    assert len(falls(uncalibrated(replace(struck, acc=acc)))) == 1


def test_a_fall_a_second_after_the_recording_began_is_found() -> None:
    whole = uncalibrated(fall())
    begun = cut(whole, [round((IMPACT_S - 1.0) * BODY_RATE_HZ)])[1]
    (found,) = detect(FallDetector(), [replace(begun, start_index=0)])
    assert found.impact_s == pytest.approx(1.0, abs=0.1)  # type: ignore[union-attr]


def handling(seed: int, *, worn_first: bool) -> SegmentChunk:
    """A sensor that hands turn this way and that, with knocks, before or after it is worn."""
    rng = np.random.default_rng(seed)
    turns_s = np.arange(12.0, 22.0, 0.7)
    frames = [(t, rng.uniform(0, 180), rng.uniform(0, 360)) for t in turns_s.tolist()]
    knocks = [(float(t), 0.03, rng.uniform(2.0, 6.0)) for t in rng.uniform(12.5, 22.0, 5)]
    before, after = ((0.0, 0.0), (90.0, 0.0)) if worn_first else ((90.0, 0.0), (0.0, 0.0))
    return held(
        (0.0, *before), (11.5, *before), *frames, (22.5, *after), (60.0, *after),
        pushes=tuple(knocks),
    )  # fmt: skip


@pytest.mark.parametrize("worn_first", [True, False], ids=["taken off", "put on"])
def test_a_sensor_in_the_hand_raises_no_alarm(worn_first: bool) -> None:
    for seed in range(40):
        assert falls(uncalibrated(handling(seed, worn_first=worn_first))) == []
