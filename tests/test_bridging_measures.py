"""What is measured of a bridge is what the simulated wearer did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.body import BODY_RATE_HZ
from analytics.bridging import BridgingDetector
from analytics.bridging.smoothness import log_dimensionless_jerk
from analytics.bridging.tremor import tremor
from analytics.calibration import calibrate
from analytics.detector import detect
from analytics.events import Repetition
from analytics.frontend import FrontEnd
from sensors.simulator import (
    BendKnees,
    Body,
    Bridge,
    Rest,
    Segment,
    Simulation,
    VirtualSensor,
    calibration_poses,
)
from sensors.simulator.stage import BridgeTruth
from sensors.types import FloatArray, Placement

PELVIS = VirtualSensor(placement=Placement.PELVIS)
PELVIS_FAST = VirtualSensor(placement=Placement.PELVIS, rate_hz=104.0)
PELVIS_SLOW = VirtualSensor(placement=Placement.PELVIS, rate_hz=26.0)
PELVIS_ACC = VirtualSensor(placement=Placement.PELVIS, rate_hz=100.0, has_gyro=False)
STERNUM = VirtualSensor(placement=Placement.STERNUM)
THIGH = VirtualSensor(placement=Placement.THIGH)

BRIDGES = (
    Bridge(peak_deg=22.0, tremor_deg=0.02),
    Bridge(peak_deg=15.0, roll_deg=-6.0, sag_deg=4.0, tremor_deg=0.1, hold_s=4.0),
    Bridge(peak_deg=30.0, roll_deg=9.0, sag_deg=8.0, tremor_deg=0.05, lift_s=2.5, hold_s=7.0),
    Bridge(peak_deg=12.0, roll_deg=2.0, tremor_deg=0.2, lift_s=1.0, hold_s=2.5),
    Bridge(peak_deg=20.0, hold_s=1.5),
)

Measured = list[tuple[Repetition, BridgeTruth]]


def simulated(*sensors: VirtualSensor, bridges: Sequence[Bridge] = BRIDGES) -> Simulation:
    done = [each for bridge in bridges for each in (bridge, Rest(3.5))]
    script = [*calibration_poses(), BendKnees(), Rest(4.0), *done, Rest(3.0)]
    return Simulation(script, sensors=sensors, seed=3)


@cache
def measured(
    sensor: VirtualSensor, *, bridges: Sequence[Bridge] = BRIDGES, calibrated: bool = True
) -> Measured:
    """Each repetition with its truth, the sensor calibrated by the wearer's own poses."""
    simulation = simulated(sensor, bridges=bridges)
    samples = simulation.samples(sensor.placement)
    poses = calibrate(
        simulation.infos,
        [samples],
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from="poses",
    )
    front_end = FrontEnd(simulation.infos, poses if calibrated else ())
    found = detect(BridgingDetector(), front_end.push(samples) + front_end.finish())
    repetitions = [event for event in found if isinstance(event, Repetition)]
    truth = [BridgeTruth(**each) for each in simulation.truth["repetitions"]]
    return list(zip(repetitions, truth, strict=True))


def true_sag_degs(truth: BridgeTruth) -> float:
    """The slope by least squares of the pelvis's true tilt, between 0.3 s from the hold's ends."""
    t_s = np.arange(truth.hold_start_s + 0.3, truth.hold_end_s - 0.3, 0.02)
    up = simulated().segment_frame(Segment.PELVIS, t_s).up
    return -float(np.polyfit(t_s, np.degrees(np.arcsin(-up[2])), 1)[0])


@pytest.mark.parametrize("sensor", [PELVIS, PELVIS_FAST, PELVIS_SLOW, PELVIS_ACC])
def test_the_side_that_drops_is_told_within_one_degree(sensor: VirtualSensor) -> None:
    for found, truth in measured(sensor):
        assert found.roll_deg == pytest.approx(truth.roll_deg, abs=1.0)


@pytest.mark.parametrize("sensor", [PELVIS, PELVIS_ACC, STERNUM])
def test_the_rise_of_the_hips_is_told_within_a_fifth(sensor: VirtualSensor) -> None:
    trunk_m = Body().trunk_m
    for found, truth in measured(sensor):
        assert found.rise_part is not None
        assert found.rise_part * trunk_m == pytest.approx(truth.rise_m, rel=0.2)


@pytest.mark.parametrize("sensor", [PELVIS, PELVIS_FAST, PELVIS_ACC])
def test_the_sag_of_a_hold_of_two_seconds_or_more_is_its_slope(sensor: VirtualSensor) -> None:
    for found, truth in measured(sensor):
        if truth.hold_s < 1.9:
            assert found.sag_degs is None
        else:
            assert found.sag_degs == pytest.approx(true_sag_degs(truth), abs=0.25)


@pytest.mark.parametrize("sensor", [PELVIS, PELVIS_FAST, PELVIS_ACC])
def test_what_a_hold_loses_is_told_within_a_degree(sensor: VirtualSensor) -> None:
    held = [(found, truth) for found, truth in measured(sensor) if truth.hold_s > 2.0]
    for found, truth in held:
        assert found.sag_deg == pytest.approx(truth.sag_deg, abs=1.0)


@pytest.mark.parametrize("sensor", [PELVIS, PELVIS_FAST])
def test_tremor_is_told_within_a_third(sensor: VirtualSensor) -> None:
    for found, truth in measured(sensor):
        if truth.hold_s < 1.9:
            assert found.tremor_degs is None
        else:
            assert found.tremor_degs == pytest.approx(truth.tremor_degs, rel=0.33)


def test_an_accelerometer_tells_tremor_in_its_own_unit_and_more_where_there_is_more() -> None:
    held = [(f, t) for f, t in measured(PELVIS_ACC) if t.hold_s > 2.0]
    by_truth = sorted(held, key=lambda pair: pair[1].tremor_degs)
    found_ms2 = [found.tremor_ms2 or 0.0 for found, _ in by_truth]
    assert min(found_ms2) > 0.0
    assert found_ms2 == sorted(found_ms2)
    assert all(found.tremor_degs is None for found, _ in held)


@pytest.mark.parametrize(
    ("sensor", "unknown"),
    [
        (THIGH, {"rise_part", "roll_deg", "tremor_ms2"}),
        (STERNUM, {"roll_deg", "tremor_ms2"}),
        (PELVIS_SLOW, {"tremor_degs", "tremor_ms2"}),
        (PELVIS_ACC, {"tremor_degs", "sparc", "ldlj"}),
    ],
)
def test_what_a_sensor_cannot_tell_is_none_and_all_else_is_told(
    sensor: VirtualSensor, unknown: set[str]
) -> None:
    assert unmeasured(measured(sensor)[0][0]) == unknown


def test_without_a_calibration_neither_side_nor_rise_is_told() -> None:
    for found, _ in measured(PELVIS, bridges=(Bridge(),) * 5, calibrated=False):
        assert unmeasured(found) == {"rise_part", "roll_deg", "tremor_ms2"}


@given(st.floats(4.8, 11.2), st.sampled_from([40.0, 52.0, 104.0]), st.floats(0.1, 20.0))
def test_what_the_grid_takes_of_a_tremor_is_given_back(
    frequency_hz: float, rate_hz: float, amplitude: float
) -> None:
    signal = on_the_grid(lambda t_s: amplitude * np.sin(2.0 * np.pi * frequency_hz * t_s), rate_hz)
    assert tremor(signal, rate_hz) == pytest.approx(amplitude / np.sqrt(2.0), rel=0.06)


@pytest.mark.parametrize(("frequency_hz", "left"), [(0.5, 0.01), (2.0, 0.03), (18.0, 0.05)])
def test_slower_and_faster_movement_is_no_tremor(frequency_hz: float, left: float) -> None:
    signal = on_the_grid(lambda t_s: np.sin(2.0 * np.pi * frequency_hz * t_s), 104.0)
    found = tremor(signal, 104.0)
    assert found is not None
    assert found < left


def test_tremor_needs_two_seconds_and_a_fast_enough_sensor() -> None:
    signal = on_the_grid(np.cos, 100.0)
    assert tremor(signal, 100.0) is not None
    assert tremor(signal[:95], 100.0) is None
    assert tremor(signal, 26.0) is None


def test_the_jerk_of_a_smooth_movement_is_near_the_published_value() -> None:
    t_s = np.arange(0.0, 2.0, 1.0 / BODY_RATE_HZ)
    smooth = t_s**2 * (2.0 - t_s) ** 2
    halting = smooth * (1.0 + 0.5 * np.sin(2.0 * np.pi * 3.0 * t_s))
    published, worse = (log_dimensionless_jerk(v, BODY_RATE_HZ) for v in (smooth, halting))
    assert published == pytest.approx(-5.32, abs=0.2)
    assert worse is not None
    assert worse < -7.0
    assert log_dimensionless_jerk(np.zeros(50), BODY_RATE_HZ) is None
    assert log_dimensionless_jerk(smooth[:5], BODY_RATE_HZ) is None


def unmeasured(found: Repetition) -> set[str]:
    names = {"rise_part", "roll_deg", "sag_degs", "tremor_degs", "tremor_ms2", "sparc", "ldlj"}
    return {name for name in names if getattr(found, name) is None}


def on_the_grid(course: Callable[[FloatArray], FloatArray], rate_hz: float) -> FloatArray:
    """Four seconds of a course along the first axis, sampled, joined by lines and averaged."""
    samples_s = np.arange(0.0, 4.2, 1.0 / rate_hz)
    fine_s = np.arange(0.0, 4.0, 0.0005)
    fine = np.interp(fine_s, samples_s, course(samples_s))
    signal = np.zeros((round(4.0 * BODY_RATE_HZ), 3))
    signal[:, 0] = fine.reshape(len(signal), -1).mean(axis=1)
    return signal
