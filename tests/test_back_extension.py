"""Back extensions lying on the front: found, timed, and told from everything else."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.back_extension import BackExtensionDetector
from analytics.body import BodyChunk
from analytics.detector import detect
from analytics.events import BackExtension
from sensors.simulator import (
    BackExtension as Lift,
)
from sensors.simulator import (
    GetUp,
    LieDown,
    Pose,
    Rest,
    Simulation,
    Stand,
    TurnInBed,
    VirtualSensor,
    Walk,
    back_extension_session,
    day_at_home,
    simulate,
)
from sensors.types import Placement
from tests.body_chunks import joined, without
from tests.moving import body_chunks, worn

PRONE = [Stand(3.0), LieDown(), TurnInBed(to=Pose.PRONE), Rest(5.0)]


def found(simulation: Simulation) -> list[BackExtension]:
    events = detect(BackExtensionDetector(), body_chunks(simulation))
    return [event for event in events if isinstance(event, BackExtension)]


@pytest.mark.parametrize(
    ("sensor", "peak_deg", "hold_s"),
    [
        (VirtualSensor(placement=Placement.STERNUM), 15.0, 4.0),
        (VirtualSensor(placement=Placement.UPPER_BACK, rate_hz=26.0), 8.0, 2.0),
        (VirtualSensor(placement=Placement.STERNUM, rate_hz=52.0, has_gyro=False), 25.0, 6.0),
    ],
)
def test_each_lift_of_a_set_is_found_with_its_hold_and_its_height(
    sensor: VirtualSensor, peak_deg: float, hold_s: float
) -> None:
    script = back_extension_session(rng=np.random.default_rng(3), peak_deg=peak_deg, hold_s=hold_s)
    simulation = simulate(script, sensors=[sensor], seed=3)
    lifts, truth = found(simulation), simulation.truth["back_extensions"]
    assert len(lifts) == len(truth)
    for lift, true in zip(lifts, truth, strict=True):
        assert lift.hold_s == pytest.approx(true["hold_end_s"] - true["hold_start_s"], abs=0.3)
        assert lift.start_s == pytest.approx(true["start_s"], abs=0.3)
        assert lift.end_s == pytest.approx(true["end_s"], abs=0.4)
        assert lift.peak_deg == pytest.approx(true["peak_deg"], abs=2.0)
        assert not lift.partial


def test_a_lift_cut_off_by_the_end_is_partial() -> None:
    simulation = worn([*PRONE, Lift(hold_s=3.0), Rest(3.0), Lift(hold_s=6.0)])
    chunk = joined(body_chunks(simulation))
    cut_s = simulation.truth["back_extensions"][1]["hold_end_s"] - 1.0
    ended = without(chunk, next(iter(chunk.segments)), cut_s, simulation.duration_s)
    lifts = detect(BackExtensionDetector(), [ended])
    assert [lift.partial for lift in lifts if isinstance(lift, BackExtension)] == [False, True]


def test_getting_up_from_the_front_is_no_lift() -> None:
    assert found(worn([*PRONE, GetUp(), Walk(seconds=10.0)])) == []


def test_propping_up_to_read_is_no_lift() -> None:
    assert found(worn([*PRONE, Lift(peak_deg=30.0, hold_s=60.0), Rest(5.0)])) == []


def test_nothing_is_found_in_an_hour_at_home() -> None:
    simulation = worn(day_at_home(minutes=60.0, rng=np.random.default_rng(5)), rate_hz=26.0)
    assert any(bout["posture"] == "prone" for bout in simulation.truth["posture"])
    assert found(simulation) == []


def test_without_a_calibration_nothing_is_claimed() -> None:
    simulation = worn([*PRONE, Lift(), Rest(3.0)])
    uncalibrated = body_chunks(simulation, calibrated=False)
    assert detect(BackExtensionDetector(), uncalibrated) == []
    assert detect(BackExtensionDetector(), [BodyChunk(0, {})]) == []
