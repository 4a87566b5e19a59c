"""The angle between trunk and pelvis: what it survives, and when it is not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment
from analytics.calibration import calibrate
from analytics.frontend import FrontEnd
from analytics.spine import SpineAngle
from analytics.spine.angle_kernel import MAX_SIGMA_DEG
from sensors.simulator import (
    Activity,
    Extend,
    Pose,
    Rest,
    Simulation,
    TurnInBed,
    VirtualSensor,
    calibration_poses,
    simulate,
)
from sensors.types import FloatArray, Placement
from tests.body_chunks import cut, joined, without

SENSORS = tuple(
    VirtualSensor(placement=placement, rate_hz=52.0)
    for placement in (Placement.STERNUM, Placement.PELVIS)
)
ON_THE_SIDE: list[Activity] = [
    *calibration_poses(),
    Rest(40.0),
    TurnInBed(to=Pose.LEFT),
    Rest(30.0),
    Extend(extension_deg=9.0, seconds=40.0, change_s=5.0),
    Rest(30.0),
]
HELD_S = 130.0
"""In the middle of the extension held on the side."""


def worn(script: Sequence[Activity], *sensors: VirtualSensor, seed: int = 3) -> Simulation:
    return simulate(script, sensors=sensors or SENSORS, seed=seed)


def stream(simulation: Simulation) -> BodyChunk:
    """All body samples, calibrated from the first two poses."""
    calibrations = calibrate(
        simulation.infos,
        simulation.chunks(),
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from="simulation",
    )
    front_end = FrontEnd(simulation.infos, calibrations)
    chunks = [body for chunk in simulation.chunks() for body in front_end.push(chunk)]
    return joined([*chunks, *front_end.finish()])


def error_deg(simulation: Simulation, chunk: BodyChunk) -> FloatArray:
    """The error (n,) once a second."""
    found_deg = SpineAngle().update(chunk)[:: int(BODY_RATE_HZ), 0]
    true_deg = np.array(simulation.truth["extension_deg"]["values"])
    count = min(len(found_deg), len(true_deg))
    return np.asarray(found_deg[:count] - true_deg[:count])


def at(seconds: float) -> int:
    return round(seconds * BODY_RATE_HZ)


@pytest.fixture(scope="module")
def on_the_side() -> Simulation:
    return worn(ON_THE_SIDE)


@pytest.fixture(scope="module")
def side_stream(on_the_side: Simulation) -> BodyChunk:
    return stream(on_the_side)


def test_extension_is_followed_on_the_side(on_the_side: Simulation, side_stream: BodyChunk) -> None:
    lying_left = error_deg(on_the_side, side_stream)[70:]
    assert np.abs(lying_left).max() < 3.0


def test_the_error_is_stated_larger_on_the_side_and_grows_there(side_stream: BodyChunk) -> None:
    sigma_deg = SpineAngle().update(side_stream)[:, 1]
    supine, turned, later = (sigma_deg[at(seconds)] for seconds in (50.0, 75.0, 160.0))
    assert supine < 0.8
    assert supine < turned < later < MAX_SIGMA_DEG


def test_after_long_enough_on_the_side_no_angle_is_told() -> None:
    script: list[Activity] = [*calibration_poses(), Rest(40.0), TurnInBed(to=Pose.LEFT)]
    sensors = [replace(sensor, rate_hz=25.0) for sensor in SENSORS]
    simulation = worn([*script, Rest(2.0 * 3600.0), TurnInBed(to=Pose.SUPINE), Rest(5.0)], *sensors)
    angle = SpineAngle().update(stream(simulation))
    assert np.isfinite(angle[at(90.0) : at(690.0)]).all()
    assert np.isnan(angle[at(7000.0)]).all()
    assert np.isfinite(angle[at(-2.0)]).all()


def test_who_is_first_seen_on_the_side_is_told_no_angle_until_lying_flat(
    side_stream: BodyChunk,
) -> None:
    (_, late) = cut(side_stream, [at(80.0)])
    assert np.isnan(SpineAngle().update(late)).all()


def test_a_moment_without_samples_loses_no_heading(
    on_the_side: Simulation, side_stream: BodyChunk
) -> None:
    gone = without(side_stream, Segment.TRUNK, 80.0, 82.0)
    errors = error_deg(on_the_side, gone)
    assert np.isnan(errors[81])
    assert np.abs(errors[83:]).max() < 3.5


def test_a_long_time_without_samples_does(side_stream: BodyChunk) -> None:
    gone = without(side_stream, Segment.PELVIS, 80.0, 95.0)
    assert np.isnan(SpineAngle().update(gone)[at(HELD_S)]).all()


def test_offsets_of_the_accelerometers_do_not_show_on_the_front() -> None:
    script: list[Activity] = [*calibration_poses(), Rest(20.0), TurnInBed(to=Pose.PRONE)]
    biased = [replace(sensor, acc_bias_sd_ms2=0.25, wobble_deg_per_g=0.0) for sensor in SENSORS]
    for seed in range(4):
        simulation = worn([*script, Rest(20.0)], *biased, seed=seed)
        assert np.abs(error_deg(simulation, stream(simulation))[-15:].mean()) < 1.0


def test_without_gyroscopes_there_is_an_angle_but_none_on_the_side() -> None:
    silent = [replace(sensor, has_gyro=False) for sensor in SENSORS]
    simulation = worn(ON_THE_SIDE, *silent)
    chunk = stream(simulation)
    errors = error_deg(simulation, chunk)
    assert np.abs(errors[30:55]).max() < 2.0
    assert np.isnan(SpineAngle().update(chunk)[at(80.0) :, :]).all()


def test_a_correction_of_the_axes_makes_the_angle_less_sure(side_stream: BodyChunk) -> None:
    segments = dict(side_stream.segments)
    segments[Segment.TRUNK] = replace(segments[Segment.TRUNK], tilt_sigma_deg=2.0)
    corrected = SpineAngle().update(BodyChunk(0, segments))[at(50.0)]
    fresh = SpineAngle().update(side_stream)[at(50.0)]
    assert corrected[0] == fresh[0]
    assert corrected[1] == pytest.approx(np.hypot(fresh[1], 2.0))


@settings(max_examples=15)
@given(
    cuts=st.lists(st.integers(0, at(160.0)), max_size=20),
    lost=st.lists(
        st.tuples(
            st.sampled_from([Segment.TRUNK, Segment.PELVIS]),
            st.floats(0.0, 160.0),
            st.floats(0.02, 12.0),
        ),
        max_size=3,
    ),
)
def test_the_angle_does_not_depend_on_how_the_stream_is_cut(
    side_stream: BodyChunk, cuts: list[int], lost: list[tuple[Segment, float, float]]
) -> None:
    whole = side_stream
    for name, start_s, length_s in lost:
        whole = without(whole, name, start_s, start_s + length_s)
    pieces = SpineAngle()
    found = np.concatenate([pieces.update(part) for part in cut(whole, cuts)])
    np.testing.assert_array_equal(found, SpineAngle().update(whole))
