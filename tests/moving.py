"""What a simulated body's sensors tell the detectors, for the tests of movements."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.body import BodyChunk
from analytics.frontend import FrontEnd
from sensors.simulator import Activity, Simulation, VirtualSensor, simulate
from sensors.types import Placement


def worn(
    script: Sequence[Activity],
    *placements: Placement,
    rate_hz: float = 52.0,
    gyro: bool = True,
    seed: int = 1,
) -> Simulation:
    """A body playing a script with sensors, by default one on the sternum."""
    sensors = [
        VirtualSensor(placement=placement, rate_hz=rate_hz, has_gyro=gyro)
        for placement in placements or (Placement.STERNUM,)
    ]
    return simulate(script, sensors=sensors, seed=seed)


def body_chunks(simulation: Simulation, *, calibrated: bool = True) -> list[BodyChunk]:
    """All that the front end makes of the simulated samples."""
    calibrations = simulation.true_calibrations() if calibrated else ()
    front_end = FrontEnd(simulation.infos, calibrations)
    chunks = [body for chunk in simulation.chunks() for body in front_end.push(chunk)]
    return [*chunks, *front_end.finish()]
