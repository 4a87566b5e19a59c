"""Bridges are counted, timed and measured as a physiotherapist watching would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BodyChunk, Segment
from analytics.bridging import BridgingDetector
from analytics.bridging.lever import LeverArm, lever_arm_m
from analytics.bridging.smoothness import spectral_arc_length
from analytics.detector import detect
from analytics.events import Confidence, Repetition
from analytics.frontend import FrontEnd
from sensors.simulator import (
    Activity,
    BackExtension,
    BendKnees,
    Bridge,
    BridgingSet,
    Clam,
    Cough,
    GetUp,
    HeelSlide,
    KneeRoll,
    PelvicTilt,
    Pose,
    Rest,
    Simulation,
    Stand,
    Superman,
    TurnInBed,
    VirtualSensor,
    calibration_poses,
    day_at_home,
    exercise_session,
)
from sensors.types import GRAVITY_MS2, Chunk, FloatArray, Placement
from tests.body_chunks import cut, segment, without

PELVIS = VirtualSensor(placement=Placement.PELVIS)
THIGH = VirtualSensor(placement=Placement.THIGH)
STERNUM = VirtualSensor(placement=Placement.STERNUM)
STRAP = VirtualSensor(placement=Placement.STERNUM, has_gyro=False, rate_hz=25.0)
THIGH_ACC = VirtualSensor(placement=Placement.THIGH, has_gyro=False, rate_hz=100.0)
PELVIS_ACC = VirtualSensor(placement=Placement.PELVIS, has_gyro=False)

SETS = {
    "good": BridgingSet(reps=4),
    "shallow": BridgingSet(reps=4, peak_deg=9.0, peak_sd_deg=0.6, hold_s=4.0),
    "sagging": BridgingSet(reps=4, hold_s=6.0, sag_deg=6.0),
    "asymmetric": BridgingSet(reps=4, roll_deg=8.0),
    "given up": BridgingSet(reps=5, cut_short=1),
    "slow": BridgingSet(reps=4, lift_s=3.5, lower_s=4.0, rest_s=2.0),
}

HARD_SETS = {
    "quick": BridgingSet(
        reps=4, peak_deg=11.0, lift_s=0.25, hold_s=0.7, hold_sd_s=0.0, lower_s=0.35, rest_s=3.0
    ),
    "low": BridgingSet(
        reps=4, peak_deg=6.0, peak_sd_deg=0.2, lift_s=3.0, hold_s=2.4, lower_s=3.0, rest_s=2.5
    ),
}
"""Of which sensors feel little beside their own acceleration, or breath."""

Truth = list[dict[str, Any]]


def watched(
    script: Sequence[Activity], sensor: VirtualSensor, *, calibrated: bool = True
) -> tuple[BodyChunk, Truth]:
    """What one worn sensor gives, in one chunk, and the true repetitions."""
    simulation = Simulation(script, sensors=[sensor], seed=1)
    front_end = FrontEnd(simulation.infos, simulation.true_calibrations() if calibrated else ())
    (chunk,) = front_end.push(simulation.samples(sensor.placement)) + front_end.finish()
    return chunk, simulation.truth["repetitions"]


@cache
def watched_set(
    name: str, sensor: VirtualSensor, *, calibrated: bool = True
) -> tuple[BodyChunk, Truth]:
    script = exercise_session((SETS | HARD_SETS)[name], rng=np.random.default_rng(7))
    return watched(script, sensor, calibrated=calibrated)


def repetitions(*chunks: BodyChunk) -> list[Repetition]:
    return [event for event in detect(BridgingDetector(), chunks) if isinstance(event, Repetition)]


def worn_together(script: Sequence[Activity], *sensors: VirtualSensor) -> list[Repetition]:
    simulation = Simulation(script, sensors=sensors, seed=1)
    front_end = FrontEnd(simulation.infos, simulation.true_calibrations())
    chunks = [chunk for each in simulation.chunks(1.0) for chunk in front_end.push(each)]
    return repetitions(*chunks, *front_end.finish())


def repeated(activities: Sequence[Activity]) -> list[Activity]:
    """Each five times, with rests between."""
    return [part for each in activities for _ in range(5) for part in (each, Rest(3.0))]


def hold_errors_s(found: list[Repetition], truth: Truth) -> list[float]:
    return [
        abs(repetition.hold_s - (true["hold_end_s"] - true["hold_start_s"]))
        for repetition, true in zip(found, truth, strict=True)
    ]


@pytest.mark.parametrize("sensor", [PELVIS, THIGH, STERNUM, STRAP, THIGH_ACC, PELVIS_ACC])
@pytest.mark.parametrize("name", SETS)
def test_every_repetition_of_a_set_is_found_once_and_at_its_time(
    name: str, sensor: VirtualSensor
) -> None:
    chunk, truth = watched_set(name, sensor)
    found = repetitions(chunk)
    assert [r.partial for r in found] == [true["partial"] for true in truth]
    assert [r.start_s for r in found] == pytest.approx([t["start_s"] for t in truth], abs=0.4)
    assert [r.end_s for r in found] == pytest.approx([t["end_s"] for t in truth], abs=0.6)


@pytest.mark.parametrize("sensor", [PELVIS, THIGH, STERNUM, STRAP, THIGH_ACC, PELVIS_ACC])
@pytest.mark.parametrize("name", HARD_SETS)
def test_every_repetition_is_counted_however_low_or_quick(name: str, sensor: VirtualSensor) -> None:
    chunk, truth = watched_set(name, sensor)
    assert [each.partial for each in repetitions(chunk)] == [False] * len(truth)


@pytest.mark.parametrize("name", SETS)
def test_the_pelvis_tells_hold_and_height(name: str) -> None:
    chunk, truth = watched_set(name, PELVIS)
    found = repetitions(chunk)
    assert max(hold_errors_s(found, truth)) < 0.3
    assert [r.peak_deg for r in found] == pytest.approx([t["peak_deg"] for t in truth], abs=2.0)


@pytest.mark.parametrize("sensor", [THIGH, STERNUM, THIGH_ACC])
def test_thigh_and_trunk_tell_the_hold_too(sensor: VirtualSensor) -> None:
    chunk, truth = watched_set("good", sensor)
    assert max(hold_errors_s(repetitions(chunk), truth)) < 0.3


def test_a_higher_left_side_is_a_positive_roll_of_the_pelvis() -> None:
    rolls_deg = [r.roll_deg for r in repetitions(watched_set("asymmetric", PELVIS)[0])]
    assert rolls_deg == pytest.approx([8.0] * 4, abs=1.5)
    assert all(r.roll_deg is None for r in repetitions(watched_set("asymmetric", STERNUM)[0]))


def test_smoothness_needs_a_gyroscope() -> None:
    with_gyro = repetitions(watched_set("good", PELVIS)[0])
    assert all(r.sparc is not None and -2.5 < r.sparc < -1.0 for r in with_gyro)
    assert all(r.sparc is None for r in repetitions(watched_set("good", PELVIS_ACC)[0]))


@pytest.mark.parametrize("sensor", [PELVIS, STERNUM, THIGH_ACC, PELVIS_ACC])
def test_a_set_is_found_however_the_sensor_is_mounted(sensor: VirtualSensor) -> None:
    chunk, truth = watched_set("good", sensor, calibrated=False)
    found = repetitions(chunk)
    assert max(hold_errors_s(found, truth)) < 0.3


def test_a_single_bridge_counts_only_with_a_calibrated_sensor() -> None:
    script = [*calibration_poses(), BendKnees(), Rest(5.0), Bridge(), Rest(5.0)]
    assert len(repetitions(watched(script, PELVIS)[0])) == 1
    assert repetitions(watched(script, PELVIS, calibrated=False)[0]) == []


@pytest.mark.parametrize("sensor", [PELVIS, STERNUM, THIGH])
@pytest.mark.parametrize("calibrated", [True, False])
def test_a_day_at_home_holds_no_bridge(sensor: VirtualSensor, calibrated: bool) -> None:
    script = day_at_home(minutes=15.0, rng=np.random.default_rng(3))
    assert repetitions(watched(script, sensor, calibrated=calibrated)[0]) == []


@pytest.mark.parametrize("sensor", [PELVIS, THIGH, PELVIS_ACC])
def test_a_pelvic_tilt_is_no_bridge_since_the_hips_do_not_rise(sensor: VirtualSensor) -> None:
    script: list[Activity] = [*calibration_poses(), BendKnees()]
    for degrees in (5.0, 7.0, 9.0, 11.0):
        script += [Rest(3.0), PelvicTilt(degrees=degrees)]
    assert repetitions(watched([*script, Rest(4.0)], sensor)[0]) == []


def test_a_second_sensor_tells_a_slow_pelvic_tilt_from_a_bridge() -> None:
    slow = PelvicTilt(degrees=10.0, seconds=8.0)
    script = [*calibration_poses(), BendKnees(), Rest(4.0), slow, Rest(4.0), Bridge(), Rest(4.0)]
    assert len(worn_together(script, PELVIS, STERNUM)) == 1
    assert len(worn_together(script, PELVIS, THIGH)) == 1


@pytest.mark.parametrize(
    ("sensor", "calibrated"),
    [
        *((sensor, True) for sensor in (PELVIS, THIGH, STERNUM, PELVIS_ACC, THIGH_ACC)),
        *((sensor, False) for sensor in (PELVIS, PELVIS_ACC)),
    ],
)
def test_what_else_is_done_lying_down_holds_no_bridge(
    sensor: VirtualSensor, calibrated: bool
) -> None:
    supine: list[Activity] = [KneeRoll(), HeelSlide(), Cough(), KneeRoll(degrees=-35.0)]
    script: list[Activity] = [*calibration_poses(), *repeated(supine), BendKnees(bent=False)]
    script += [TurnInBed(to=Pose.RIGHT), *repeated([Clam()]), TurnInBed(to=Pose.LEFT)]
    script += [*repeated([Clam()]), TurnInBed(to=Pose.PRONE)]
    script += [*repeated([BackExtension(), Superman()]), GetUp(), Stand(3.0)]
    found = repetitions(watched(script, sensor, calibrated=calibrated)[0])
    assert [each for each in found if not each.partial] == []


def test_turning_aside_between_two_bridges_is_no_bridge() -> None:
    aside = [TurnInBed(to=Pose.LEFT), Rest(5.0), TurnInBed(to=Pose.SUPINE)]
    script = [*calibration_poses(), Bridge(), Rest(3.0), *aside, Bridge(), Rest(4.0)]
    chunk, truth = watched(script, PELVIS)
    assert max(hold_errors_s(repetitions(chunk), truth)) < 0.3


@pytest.mark.parametrize(("azimuth_deg", "count"), [(0.0, 1), (180.0, 0), (90.0, 0)])
def test_the_pelvis_must_face_upwards(azimuth_deg: float, count: int) -> None:
    assert len(repetitions(tilted_pelvis(azimuth_deg=azimuth_deg))) == count


def test_a_lift_that_the_recording_ends_in_is_partial() -> None:
    (whole,) = repetitions(tilted_pelvis())
    (cut_off,) = repetitions(tilted_pelvis(until_s=17.0))
    assert (whole.partial, cut_off.partial) == (False, True)


def test_a_long_gap_ends_the_repetition_as_partial_and_a_short_one_does_not() -> None:
    chunk = tilted_pelvis(hold_s=12.0)
    assert [r.partial for r in repetitions(without(chunk, Segment.PELVIS, 15.0, 16.8))] == [False]
    assert [r.partial for r in repetitions(without(chunk, Segment.PELVIS, 15.0, 17.5))] == [True]


def test_a_bridge_counts_though_its_lift_was_lost_on_the_way() -> None:
    script = exercise_session(HARD_SETS["quick"], rng=np.random.default_rng(7))
    simulation = Simulation(script, sensors=[PELVIS], seed=1)
    samples, lift = simulation.samples(PELVIS.placement), simulation.repetitions[1]
    assert samples.gyro is not None
    kept = (samples.t_s < lift.start_s) | (samples.t_s > lift.hold_start_s)
    left = Chunk(PELVIS.placement, samples.t_s[kept], samples.acc[kept], samples.gyro[kept])
    front_end = FrontEnd(simulation.infos, simulation.true_calibrations())
    found = repetitions(*front_end.push(left), *front_end.finish())
    assert [each.partial for each in found] == [False] * 4


def test_hips_held_up_for_minutes_are_positioning_not_a_repetition() -> None:
    assert len(repetitions(tilted_pelvis(hold_s=60.0))) == 1
    assert repetitions(tilted_pelvis(hold_s=200.0)) == []


def test_a_stream_without_samples_or_without_a_known_segment_holds_nothing() -> None:
    assert repetitions() == []
    assert repetitions(tilted_pelvis(until_s=0.02)) == []


CUTS = st.lists(st.integers(1, 4000), max_size=12)
GAPS = st.tuples(st.floats(32.0, 60.0), st.floats(0.1, 3.0))


@pytest.mark.parametrize(
    ("sensor", "worn", "calibrated"),
    [
        (PELVIS, Segment.PELVIS, True),
        (THIGH_ACC, Segment.THIGH, True),
        (STERNUM, Segment.TRUNK, False),
    ],
)
@settings(max_examples=15)
@given(cuts=CUTS, gap=GAPS)
def test_the_result_does_not_depend_on_how_the_stream_is_cut(
    sensor: VirtualSensor,
    worn: Segment,
    calibrated: bool,
    cuts: list[int],
    gap: tuple[float, float],
) -> None:
    whole, _ = watched_set("good", sensor, calibrated=calibrated)
    gappy = without(whole, worn, gap[0], sum(gap))
    assert repetitions(*cut(gappy, cuts)) == repetitions(gappy)


@pytest.mark.parametrize("sensor", [PELVIS, THIGH_ACC])
def test_a_lower_set_after_a_pause_is_found_with_the_mounting_unknown(
    sensor: VirtualSensor,
) -> None:
    high, low = (BridgingSet(reps=5, peak_deg=peak_deg) for peak_deg in (30.0, 10.0))
    script = exercise_session(high, low, rng=np.random.default_rng(3), pause_s=25.0)
    chunk, truth = watched(script, sensor, calibrated=False)
    assert [r.partial for r in repetitions(chunk)] == [False] * len(truth)


def test_bridges_without_a_stop_are_found_with_the_mounting_unknown() -> None:
    smooth = BridgingSet(reps=5, hold_s=0.2, hold_sd_s=0.0, lift_s=1.5, lower_s=1.5)
    script = exercise_session(smooth, rng=np.random.default_rng(3))
    assert len(repetitions(watched(script, THIGH_ACC, calibrated=False)[0])) == 5


@pytest.mark.parametrize("exercise", [BackExtension(), Superman()])
def test_a_chest_that_rises_about_the_hips_is_no_bridge_however_the_sensor_sits(
    exercise: Activity,
) -> None:
    script = [*calibration_poses(), TurnInBed(to=Pose.PRONE), Rest(4.0), *repeated([exercise])]
    assert repetitions(watched(script, STERNUM, calibrated=False)[0]) == []


def test_only_a_calibrated_sensor_is_sure_of_bridges() -> None:
    chunk, _ = watched_set("good", PELVIS)
    assert {found.confidence for found in repetitions(chunk)} == {Confidence.FULL}
    chunk, _ = watched_set("good", PELVIS, calibrated=False)
    assert {found.confidence for found in repetitions(chunk)} == {Confidence.LOWER}


@given(st.floats(-0.5, 0.5), st.floats(0.1, 0.8))
def test_the_lever_arm_is_learnt_from_how_the_force_follows_the_tilt(
    arm_m: float, height_rad: float
) -> None:
    tilt_rad, acceleration = lifted(height_rad)
    found_m, error_m = lever_arm_m(GRAVITY_MS2 + arm_m * acceleration, tilt_rad)
    assert found_m == pytest.approx(arm_m, abs=0.02)
    assert error_m < 0.05


@given(st.floats(-0.5, 0.5), st.floats(0.1, 0.8), st.floats(-0.05, 0.05), st.floats(-0.5, 0.5))
def test_the_arm_of_a_set_is_learnt_from_an_accelerometer_with_offsets_and_gains(
    arm_m: float, height_rad: float, gain: float, offset_ms2: float
) -> None:
    tilt_rad, acceleration = lifted(height_rad)
    up = np.column_stack((np.cos(tilt_rad), np.zeros_like(tilt_rad), np.sin(tilt_rad)))
    force_ms2 = (1.0 + gain) * (GRAVITY_MS2 + arm_m * acceleration) + offset_ms2 * np.sin(tilt_rad)
    arm = LeverArm()
    for first in (0, 200, 600):
        arm.learn(force_ms2[first:], up[first:], first)
    risen = up[300] - up[0]
    axis = risen / np.linalg.norm(risen)
    assert arm.along(axis) == pytest.approx(arm_m, abs=0.02 + 0.1 * abs(arm_m))
    assert arm.along(-axis) == -arm.along(axis)


def lifted(height_rad: float) -> tuple[FloatArray, FloatArray]:
    """Tilts that are lifted and lowered three times, and their second derivative."""
    t_s = np.arange(0.0, 24.0, 0.02)
    part = sum(
        minimum_jerk((t_s - start_s) / 2.0) - minimum_jerk((t_s - start_s - 4.0) / 2.0)
        for start_s in (3.0, 10.0, 17.0)
    )
    tilt_rad = height_rad * np.asarray(part)
    return tilt_rad, np.gradient(np.gradient(tilt_rad, t_s), t_s)


def test_spectral_arc_length_of_a_smooth_movement_is_near_the_published_value() -> None:
    t_s = np.arange(0.0, 1.0, 0.01)
    smooth = t_s**2 * (1.0 - t_s) ** 2
    jerky = smooth * (1.0 + 0.5 * np.sin(2.0 * np.pi * 6.0 * t_s))
    published, worse = (spectral_arc_length(speed, 100.0) for speed in (smooth, jerky))
    assert published == pytest.approx(-1.41, abs=0.05)
    assert worse is not None
    assert worse < -1.6
    assert spectral_arc_length(np.zeros(50), 100.0) is None


def tilted_pelvis(
    *, hold_s: float = 5.0, azimuth_deg: float = 0.0, until_s: float | None = None
) -> BodyChunk:
    """A pelvis that rests, is lifted by 20° within 1.5 s, holds, and rests for 10 s again."""
    t_s = np.arange(0.0, hold_s + 23.0, 0.02)
    height = minimum_jerk((t_s - 10.0) / 1.5) - minimum_jerk((t_s - 11.5 - hold_s) / 1.5)
    rise_ms2 = 0.12 * np.gradient(np.gradient(height, t_s), t_s)
    tilt, azimuth = np.radians(20.0) * height, np.radians(azimuth_deg)
    across = np.cos(tilt)
    up = np.column_stack((across * np.cos(azimuth), across * np.sin(azimuth), -np.sin(tilt)))
    shown = slice(None if until_s is None else round(until_s * 50.0))
    acc = (GRAVITY_MS2 + rise_ms2)[:, np.newaxis] * up
    return BodyChunk(0, {Segment.PELVIS: segment(up[shown], acc=acc[shown])})


def minimum_jerk(part: FloatArray) -> FloatArray:
    """The way gone after a part of the time (Flash and Hogan 1985)."""
    part = np.clip(part, 0.0, 1.0)
    return part**3 * (10.0 - 15.0 * part + 6.0 * part**2)


def test_a_sensor_that_feels_no_force_at_all_for_a_while_breaks_nothing() -> None:
    chunk, truth = watched(exercise_session(SETS["good"], rng=np.random.default_rng(1)), STRAP)
    strap = chunk.segments[Segment.TRUNK]
    dead = np.zeros((len(chunk), 1), dtype=bool)
    middle = round(50.0 * (truth[1]["start_s"] + 1.0))
    dead[middle : middle + 100] = True
    acc = np.where(dead, 0.0, strap.acc)
    numb = BodyChunk(0, {Segment.TRUNK: replace(strap, acc=acc)})
    assert len(detect(BridgingDetector(), [numb])) >= len(truth) - 2


def test_a_low_bridge_whose_one_side_drops_is_a_bridge() -> None:
    bridge = Bridge(peak_deg=8.0, roll_deg=10.0)
    script = [*calibration_poses(), BendKnees(), Rest(4.0), bridge, Rest(4.0)]
    (found,) = repetitions(watched(script, PELVIS)[0])
    assert found.roll_deg == pytest.approx(10.0, abs=1.5)
