"""Named scenarios as recordings with their truth."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from analytics.calibration import calibrate
from sensors.errors import FivepointError
from sensors.recording import Recording, RecordingHeader, write_recording
from sensors.simulator import SCENARIOS, Simulation, simulate_scenario
from sensors.types import Calibration

STARTED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When every simulated scenario begins, so that the same seed gives the same recording."""


def write_scenario(name: str, folder: Path, seed: int = 1) -> Recording:
    """Write a scenario as a new recording, calibrated by the product from its poses.

    Raises what `calibrated_simulation` and `write_recording` raise.
    """
    simulation, calibrations = calibrated_simulation(name, seed)
    header = RecordingHeader(
        id=name if seed == 1 else f"{name}-{seed}",
        started_at=STARTED_AT,
        kind=SCENARIOS[name].kind,
        streams=simulation.infos,
        calibrations=calibrations,
    )
    return write_recording(folder, header, simulation.chunks(), simulation.truth)


def calibrated_simulation(name: str, seed: int = 1) -> tuple[Simulation, tuple[Calibration, ...]]:
    """A simulated scenario, and its sensors as the product calibrates them from its poses.

    Raises FivepointError for an unknown scenario.
    """
    if name not in SCENARIOS:
        raise FivepointError(
            f"There is no scenario {name!r}, so nothing was simulated; choose one of: "
            f"{', '.join(SCENARIOS)}."
        )
    simulation = simulate_scenario(name, seed)
    return simulation, calibrated(simulation, name)


def calibrated(simulation: Simulation, made_from: str) -> tuple[Calibration, ...]:
    """The sensors of a simulation as the product calibrates them, from its first two poses."""
    return calibrate(
        simulation.infos,
        simulation.chunks(),
        still=simulation.still_s,
        lying=simulation.lying_s,
        made_from=made_from,
    )
