"""Falls and what resembles them at home, played by the simulator and seen by one sensor or two."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.detector import detect
from analytics.events import Fall, FallEnding
from analytics.falls import FallDetector
from analytics.frontend import FrontEnd
from sensors.simulator.activities import GetUp, LieDown, Rest, Stand, TurnInBed, Walk
from sensors.simulator.falls import FallKind, FallOutOfBed, SoftSlide, Stumble
from sensors.simulator.imu import VirtualSensor
from sensors.simulator.sessions import fall_at_home
from sensors.simulator.simulation import Simulation
from sensors.simulator.stage import Activity, Pose
from sensors.types import Placement

SENSORS = {
    place: VirtualSensor(placement=place, rate_hz=50.0)
    for place in (Placement.STERNUM, Placement.PELVIS)
}
WORN = pytest.mark.parametrize(
    "worn", [(Placement.STERNUM,), (Placement.PELVIS,), tuple(SENSORS)], ids="+".join
)


def falls(script: list[Activity], worn: tuple[Placement, ...], seed: int) -> list[Fall]:
    simulation = Simulation(script, sensors=[SENSORS[place] for place in worn], seed=seed)
    front_end = FrontEnd(simulation.infos, simulation.true_calibrations())
    body = [part for chunk in simulation.chunks() for part in front_end.push(chunk)]
    events = detect(FallDetector(), [*body, *front_end.finish()])
    return [event for event in events if isinstance(event, Fall)]


@WORN
@pytest.mark.parametrize("kind", FallKind)
@pytest.mark.parametrize("seated", [False, True])
def test_a_fall_is_found_and_what_became_of_the_person(
    kind: FallKind, seated: bool, worn: tuple[Placement, ...]
) -> None:
    for recovers, ending in ((False, FallEnding.STAYED_DOWN), (True, FallEnding.GOT_UP)):
        rng = np.random.default_rng(7)
        script = fall_at_home(kind, rng=rng, lying_s=12.0, seated=seated, recovers=recovers)
        (found,) = falls(script, worn, seed=7)
        assert found.ending is ending


@WORN
def test_a_fall_out_of_bed_and_a_slide_down_a_wall_are_found(worn: tuple[Placement, ...]) -> None:
    in_bed: list[Activity] = [Stand(4.0), LieDown(), Rest(15.0), FallOutOfBed(), Rest(15.0)]
    at_a_wall: list[Activity] = [Walk(seconds=8.0), Stand(4.0), SoftSlide(), Rest(15.0)]
    for script in (in_bed, at_a_wall):
        (found,) = falls(script, worn, seed=5)
        assert found.ending is FallEnding.STAYED_DOWN


@WORN
def test_lying_down_at_once_turning_over_and_stumbling_are_no_falls(
    worn: tuple[Placement, ...],
) -> None:
    script: list[Activity] = [Stand(6.0)]
    for seconds in (1.2, 2.0):
        script += [Walk(seconds=8.0), Stumble(), Walk(seconds=6.0), Stand(2.0)]
        script += [LieDown(quick=True), Rest(12.0), TurnInBed(to=Pose.LEFT, seconds=seconds)]
        script += [Rest(8.0), TurnInBed(to=Pose.SUPINE, seconds=seconds), Rest(8.0)]
        script += [GetUp(), Stand(4.0)]
    assert falls(script, worn, seed=3) == []
