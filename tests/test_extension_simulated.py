"""The angle of the spine on simulated wearers: right in every posture, and honest about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from analytics.calibration import calibrate
from analytics.trace import trace
from analytics.validation.extension_errors import ExtensionErrors, extension_errors
from sensors.recording import RecordingHeader, RecordingKind, write_recording
from sensors.simulator import (
    Activity,
    Body,
    Extend,
    GetUp,
    Pose,
    Rest,
    Sit,
    SitDown,
    Stand,
    StandUp,
    TurnInBed,
    VirtualSensor,
    Walk,
    calibration_poses,
    simulate,
)
from sensors.types import FloatArray, Placement

ASKED_DEG = {"upright": 2.0, "supine": 2.0, "prone": 2.0, "side": 4.0}


def half_an_hour(rng: np.random.Generator) -> list[Activity]:
    """Extension held in every posture, ten minutes on each side, and up again."""
    first, second = rng.permutation([Pose.LEFT, Pose.RIGHT])
    return [
        *calibration_poses(),
        Extend(extension_deg=12.0, seconds=180.0, slip_deg=3.0),
        TurnInBed(to=Pose(first)),
        Rest(200.0, fidgets=3),
        Extend(
            extension_deg=rng.uniform(5.0, 10.0), seconds=200.0, change_s=rng.uniform(4.0, 10.0)
        ),
        Rest(180.0, fidgets=2),
        TurnInBed(to=Pose.PRONE),
        Extend(extension_deg=10.0, seconds=120.0),
        TurnInBed(to=Pose(second)),
        Extend(
            extension_deg=rng.uniform(5.0, 10.0), seconds=200.0, change_s=rng.uniform(4.0, 10.0)
        ),
        Rest(380.0, fidgets=5),
        TurnInBed(to=Pose.SUPINE),
        Rest(20.0),
        GetUp(),
        Walk(seconds=60.0),
        SitDown(),
        Sit(60.0),
        StandUp(),
        Extend(extension_deg=10.0, seconds=30.0, change_s=3.0),
        Stand(10.0),
    ]


def errors(folder: Path, seed: int) -> dict[str, ExtensionErrors]:
    """Of one wearer of another build, mounting, drift and soft tissue for each seed."""
    rng = np.random.default_rng(seed)
    simulation = simulate(
        half_an_hour(rng),
        sensors=[
            VirtualSensor(
                placement=placement,
                rate_hz=100.0,
                gyro_warming_sd_rads=0.005,
                wobble_deg_per_g=rng.uniform(0.3, 1.0),
            )
            for placement in (Placement.STERNUM, Placement.PELVIS)
        ],
        seed=seed,
        body=Body(
            stature_m=rng.uniform(1.5, 1.8),
            supine_pitch_deg=rng.uniform(-2.0, 6.0),
            supine_flex_deg=rng.uniform(0.0, 10.0),
        ),
    )
    header = RecordingHeader(
        id=str(seed),
        started_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        kind=RecordingKind.DAY,
        streams=simulation.infos,
        calibrations=calibrate(
            simulation.infos,
            simulation.chunks(),
            still=simulation.still_s,
            lying=simulation.lying_s,
            made_from=str(seed),
        ),
    )
    recording = write_recording(folder / str(seed), header, simulation.chunks())
    return extension_errors(trace(recording), simulation.truth)


def rmse_deg(parts: list[ExtensionErrors]) -> float:
    return float(np.sqrt(np.mean(np.concatenate([part.error_deg for part in parts]) ** 2)))


def covered(parts: list[ExtensionErrors]) -> FloatArray:
    return np.concatenate([np.abs(part.error_deg) <= 1.96 * part.sigma_deg for part in parts])


@pytest.mark.slow
def test_extension_is_right_in_every_posture_however_sensors_are_mounted(tmp_path: Path) -> None:
    found = [errors(tmp_path, seed) for seed in range(16)]
    for posture, asked_deg in ASKED_DEG.items():
        parts = [wearer[posture] for wearer in found]
        assert rmse_deg(parts) <= 0.6 * asked_deg, posture
        assert max(part.rmse_deg for part in parts) <= asked_deg, posture
        assert min(part.told for part in parts) > 0.98, posture
    everything = [part for wearer in found for part in wearer.values()]
    assert 0.90 <= covered(everything).mean() <= 0.99
