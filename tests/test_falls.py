"""Falls are told from what people do on purpose, however the sensor sits and the stream is cut."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.detector import detect
from analytics.events import Fall, Posture
from analytics.falls import FallDetector
from analytics.falls.features import AFTER_S, BEFORE_S, impact_features
from analytics.falls.model import FallModel, default_model
from sensors.types import GRAVITY_MS2, FloatArray
from tests.body_chunks import cut, segment, without
from tests.fall_streams import IMPACT_S, fall, fall_and_walk, falls, held, pelvis, sinking


@pytest.mark.parametrize(
    ("azimuth_deg", "posture"),
    [
        (0.0, Posture.SUPINE),
        (180.0, Posture.PRONE),
        (-90.0, Posture.LEFT),
        (90.0, Posture.RIGHT),
    ],
)
def test_a_fall_to_any_side_is_found_and_how_the_body_lies_then(
    azimuth_deg: float, posture: Posture
) -> None:
    (found,) = falls(pelvis(fall(azimuth_deg=azimuth_deg)))
    assert found.impact_s == pytest.approx(IMPACT_S, abs=0.1)
    assert found.posture_after is posture
    assert found.peak_g == pytest.approx(4.0, abs=0.2)
    assert found.probability > 0.9


def test_sitting_down_hard_is_no_fall() -> None:
    sitting = held(
        (0.0, 0.0, 180.0), (5.0, 25.0, 180.0), (6.5, 5.0, 180.0), (15.0, 5.0, 180.0),
        pushes=((5.7, 0.15, 0.7), (6.0, 0.05, 2.5)),
    )  # fmt: skip
    assert falls(pelvis(sitting)) == []


def test_lying_down_without_haste_is_no_fall() -> None:
    lying = held(
        (0.0, 0.0, 0.0), (5.0, 0.0, 0.0), (8.0, 90.0, 0.0), (20.0, 90.0, 0.0),
        pushes=((7.8, 0.08, 1.5),),
    )  # fmt: skip
    assert falls(pelvis(lying)) == []


def test_jumping_is_no_fall() -> None:
    jumps = tuple(
        push for t in np.arange(3.0, 17.0, 0.7) for push in ((t - 0.25, 0.1, 0.1), (t, 0.05, 4.0))
    )
    assert falls(pelvis(held((0.0, 0.0, 0.0), (20.0, 0.0, 0.0), pushes=jumps))) == []


def test_walking_for_an_hour_gives_nothing() -> None:
    steps = np.arange(0.0, 3600.0, 1.0 / BODY_RATE_HZ)
    force = 1.0 + 0.7 * np.maximum(np.sin(2 * np.pi * 1.8 * steps), 0.0) ** 4
    up = np.tile([0.0, 0.0, 1.0], (len(steps), 1))
    walking = segment(up, acc=GRAVITY_MS2 * force[:, np.newaxis] * up)
    assert falls(pelvis(walking), pieces=60) == []


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_how_the_sensor_is_turned_changes_nothing(seed: int) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    there = replace(fall(), calibrated=False, facing_known=False)
    turned = replace(there, acc=there.acc @ turn.T, up=there.up @ turn.T)
    (expected,), (found,) = falls(pelvis(there)), falls(pelvis(turned))
    assert found.impact_s == expected.impact_s
    assert found.probability == pytest.approx(expected.probability, abs=1e-9)


def test_a_slide_to_the_floor_is_a_fall_once_the_body_lies() -> None:
    (found,) = falls(pelvis(sinking(0.85)))
    assert found.impact_s == pytest.approx(IMPACT_S, abs=0.2)
    assert found.posture_after is Posture.LEFT
    assert found.probability > 0.8


@pytest.mark.parametrize(
    "lying_down",
    [
        sinking(0.45),
        sinking(0.85, lies_after_s=15.0),
        sinking(0.85, lying_s=0.5),
        sinking(0.85, lies_after_s=60.0),
    ],
    ids=["on a bed", "after sitting on the floor", "for a moment", "much later"],
)
def test_sitting_down_and_then_lying_is_no_slide(lying_down: SegmentChunk) -> None:
    assert falls(pelvis(lying_down)) == []


def test_an_uncalibrated_sensor_finds_the_fall_but_not_the_side() -> None:
    (found,) = falls(pelvis(replace(fall(), calibrated=False, facing_known=False)))
    assert found.posture_after is Posture.UNKNOWN


def test_a_sensor_calibrated_standing_only_tells_upright_but_no_lying_side() -> None:
    (lying,) = falls(pelvis(replace(fall(), facing_known=False)))
    assert lying.posture_after is Posture.UNKNOWN


def test_the_thigh_alone_tells_nothing() -> None:
    assert falls(BodyChunk(0, {Segment.THIGH: fall()})) == []


def test_two_sensors_tell_of_one_fall_once() -> None:
    both = BodyChunk(0, {Segment.PELVIS: fall(at_s=6.4), Segment.TRUNK: fall(lying_s=8.4)})
    found = falls(both)
    assert len(found) == 1
    assert found == falls(both, pieces=40)


def test_an_impact_that_only_the_trunk_feels_is_lying_down_quickly() -> None:
    seated = held((0.0, 0.0, 0.0), (5.3, 5.0, 0.0), (6.0, 90.0, 0.0), (14.0, 90.0, 0.0))
    assert falls(BodyChunk(0, {Segment.TRUNK: fall(), Segment.PELVIS: seated})) == []


def test_a_second_sensor_that_is_broken_does_not_hide_a_fall() -> None:
    whole = fall()
    broken = replace(whole, acc=0.2 * whole.acc)
    silent = replace(whole, acc=np.full_like(whole.acc, np.nan))
    for other in (broken, silent):
        assert len(falls(BodyChunk(0, {Segment.TRUNK: whole, Segment.PELVIS: other}))) == 1


def test_two_falls_are_two_events() -> None:
    first = fall_and_walk(lying_s=4.0)
    twice = replace(
        first,
        acc=np.concatenate((first.acc, first.acc)),
        gyro=np.concatenate((first.gyro, first.gyro)),
        up=np.concatenate((first.up, first.up)),
        peak_ms2=np.concatenate((first.peak_ms2, first.peak_ms2)),
    )
    found = falls(pelvis(twice))
    apart_s = len(first.peak_ms2) / BODY_RATE_HZ
    assert [event.impact_s for event in found] == pytest.approx([IMPACT_S, IMPACT_S + apart_s])


def test_inactivity_lasts_until_the_person_gets_up() -> None:
    (short,), (long,) = falls(pelvis(fall_and_walk(8.0))), falls(pelvis(fall_and_walk(30.0)))
    assert short.inactive_s == pytest.approx(8.0 - 1.5, abs=1.0)
    assert long.inactive_s == pytest.approx(30.0 - 1.5, abs=1.0)


def test_a_long_lie_is_told_after_a_minute() -> None:
    chunk = pelvis(fall(lying_s=300.0))
    detector = FallDetector()
    early = detector.update(cut(chunk, [round(70 * BODY_RATE_HZ)])[0])
    (found,) = early
    assert isinstance(found, Fall)
    assert found.inactive_s == pytest.approx(60.0, abs=1.0)


def test_the_fall_is_suspected_within_four_seconds_and_told_once() -> None:
    pieces = cut(pelvis(fall(lying_s=30.0)), range(0, 2000, 10))
    detector = FallDetector()
    events, suspected_s = [], None
    for piece in pieces:
        events += detector.update(piece)
        if detector.suspected is not None and suspected_s is None:
            suspected_s = piece.t_s[-1]
            assert detector.suspected.inactive_s <= 3.0
    assert suspected_s is not None
    assert suspected_s - IMPACT_S <= 4.0
    assert len(events + detector.finish()) == 1
    assert detector.suspected is None


@pytest.mark.parametrize("lying_s", [0.9, 1.6, 2.0, 3.0, 4.0])
def test_a_fall_at_the_end_of_the_recording_is_found(lying_s: float) -> None:
    (found,) = falls(pelvis(fall(lying_s=lying_s)))
    assert found.impact_s == pytest.approx(IMPACT_S, abs=0.1)


@pytest.mark.parametrize("edge_s", [0.0, 0.3])
def test_a_knock_at_the_edge_of_the_recording_is_no_fall(edge_s: float) -> None:
    for at_s in (edge_s, 20.0 - edge_s):
        knocked = held((0.0, 0.0, 0.0), (20.0, 80.0, 0.0), pushes=((at_s, 0.05, 6.0),))
        assert falls(pelvis(knocked)) == []


@pytest.mark.parametrize("lost_s", [0.2, 0.4])
def test_a_fall_whose_impact_was_lost_is_found_by_what_is_left(lost_s: float) -> None:
    (found,) = falls(lost(fall(), lost_s))
    assert found.impact_s == pytest.approx(IMPACT_S, abs=0.1)
    assert found.probability < falls(pelvis(fall()))[0].probability
    assert "partly lost" in found.evidence


def test_nothing_is_made_up_where_samples_are_missing() -> None:
    lying_down = held((0.0, 0.0, 0.0), (5.0, 0.0, 0.0), (8.0, 90.0, 0.0), (20.0, 90.0, 0.0))
    bending = held(
        (0.0, 0.0, 0.0), (5.0, 0.0, 0.0), (6.0, 60.0, 180.0), (7.0, 0.0, 0.0), (20.0, 0.0, 0.0)
    )
    for chunk in (lying_down, bending, held((0.0, 0.0, 0.0), (20.0, 0.0, 0.0))):
        assert falls(lost(chunk, 0.5)) == []


def test_a_turn_within_a_long_gap_is_not_known_to_be_abrupt() -> None:
    assert falls(lost(fall(), 3.0)) == []


def test_a_short_gap_beside_the_impact_does_no_harm() -> None:
    gapped = without(pelvis(fall()), Segment.PELVIS, IMPACT_S + 1.0, IMPACT_S + 1.4)
    assert len(falls(gapped)) == 1


def test_an_empty_and_a_silent_stream_give_nothing() -> None:
    silent = replace(fall(), acc=np.full((700, 3), np.nan), peak_ms2=np.full(700, np.nan))
    assert FallDetector().finish() == []
    assert falls(pelvis(silent)) == []


def lost(chunk: SegmentChunk, lost_s: float) -> BodyChunk:
    """The stream without what it saw around the impact."""
    return without(pelvis(chunk), Segment.PELVIS, IMPACT_S - lost_s / 2, IMPACT_S + lost_s / 2)


def random_stream(seed: int) -> BodyChunk:
    """Two sensors on a minute of falls, knocks and gaps of every kind."""
    rng = np.random.default_rng(seed)
    streams = {}
    for name in (Segment.TRUNK, Segment.PELVIS):
        times_s = np.cumsum(rng.uniform(0.3, 4.0, 20))
        frames = [(float(t), float(rng.choice([0, 40, 95])), 0.0) for t in times_s]
        pushes = [(float(t), 0.06, float(rng.uniform(0, 6))) for t in rng.uniform(0, 60, 25)]
        whole = held((0.0, 0.0, 0.0), *frames, (90.0, 90.0, 0.0), pushes=tuple(pushes))
        missing = rng.random(len(whole.peak_ms2)) < 0.002
        missing = np.convolve(missing, np.ones(20), mode="same") > 0
        streams[name] = replace(
            whole,
            acc=np.where(missing[:, np.newaxis], np.nan, whole.acc),
            peak_ms2=np.where(missing, np.nan, whole.peak_ms2),
        )
    return BodyChunk(0, streams)


@given(
    seed=st.integers(0, 500),
    cuts=st.lists(st.integers(1, 4500), max_size=60),
)
@settings(max_examples=40)
def test_streaming_equals_batch(seed: int, cuts: list[int]) -> None:
    whole = random_stream(seed)
    assert detect(FallDetector(), cut(whole, cuts)) == detect(FallDetector(), [whole])


@given(cuts=st.lists(st.integers(1, 900), max_size=60))
@settings(max_examples=20)
def test_streaming_equals_batch_for_slides(cuts: list[int]) -> None:
    whole = BodyChunk(0, {Segment.PELVIS: sinking(0.85), Segment.TRUNK: sinking(0.8)})
    assert len(falls(whole)) == 1
    assert detect(FallDetector(), cut(whole, cuts)) == detect(FallDetector(), [whole])


def test_random_streams_do_hold_falls() -> None:
    """Else the property above would compare nothing with nothing."""
    assert sum(len(falls(random_stream(seed))) for seed in range(20)) > 10


def test_features_need_the_whole_window() -> None:
    with pytest.raises(ValueError, match="window"):
        impact_features(np.zeros((100, 3)))


def test_features_are_withheld_where_too_much_is_missing() -> None:
    window = window_around_impact()
    assert impact_features(window) is not None
    for start_s, end_s in ((-BEFORE_S, -0.3), (0.4, AFTER_S)):
        gapped = window.copy()
        gapped[round((BEFORE_S + start_s) * 50) : round((BEFORE_S + end_s) * 50)] = np.nan
        assert impact_features(gapped) is None


def window_around_impact() -> FloatArray:
    acc = fall().acc / GRAVITY_MS2
    start = round((IMPACT_S - BEFORE_S) * BODY_RATE_HZ)
    return acc[start : start + round((BEFORE_S + AFTER_S) * BODY_RATE_HZ)]


def test_the_model_says_what_it_was_fitted_on() -> None:
    model = default_model()
    assert "SisFall" in model.fitted_on
    assert model.fitted_at >= "2026-11-22"


def test_a_model_of_other_features_is_refused() -> None:
    content = msgspec.json.encode(default_model()).replace(b"ln_push", b"ln_twist")
    with pytest.raises(msgspec.ValidationError, match="needs exactly the features"):
        msgspec.json.decode(content, type=FallModel)
