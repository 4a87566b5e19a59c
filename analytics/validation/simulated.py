"""Posture and spine extension against the exact truth of simulated wearers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.calibration import calibrate
from analytics.events import Posture
from analytics.pipeline import analyze
from analytics.trace import trace
from analytics.validation.extension_errors import extension_errors
from analytics.validation.figures import Figure, Kind, Unit, mean_of, pooled, rmse, share
from analytics.validation.worn import labels
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.simulator import (
    Body,
    Extend,
    GetUp,
    Pose,
    Rest,
    Simulation,
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
from sensors.simulator.sessions import Script
from sensors.types import Placement

SEEDS = (1, 2, 3, 4, 5, 6)
"""Each draws another body, other mountings, another drift and softer or firmer tissue."""

TRUTH_RATE_HZ = 1.0
SETTLED_S = 2.0
"""Postures are compared beyond this from where the true one changes: a boundary has no instant."""

ASKED_DEG = {"upright": 2.0, "supine": 2.0, "prone": 2.0, "side": 4.0}
ASKED_COVERED = 90.0
ASKED_POSTURE = 99.0
SET = "simulator"
Sensors = Callable[[float], list[VirtualSensor]]
"""Makes the sensors that are worn, from how many degrees the skin lets them tilt for each g."""

_WHERE = {"side": "on the side, first ten minutes"}


def half_hour(rng: np.random.Generator) -> Script:
    """Half an hour of lying extended on the back, the front and each side, and some walking."""
    first, second = rng.permutation([Pose.LEFT, Pose.RIGHT])
    script = [*calibration_poses(), Extend(extension_deg=12.0, seconds=180.0)]
    script += [TurnInBed(to=Pose(first)), Rest(200.0, fidgets=3)]
    script += [Extend(extension_deg=rng.uniform(5.0, 10.0), seconds=200.0), Rest(150.0)]
    script += [TurnInBed(to=Pose.PRONE), Extend(extension_deg=10.0, seconds=120.0)]
    script += [TurnInBed(to=Pose(second)), Rest(250.0, fidgets=4)]
    script += [Extend(extension_deg=rng.uniform(5.0, 10.0), seconds=200.0), Rest(100.0)]
    script += [TurnInBed(to=Pose.SUPINE), Rest(30.0), GetUp(), Walk(seconds=90.0)]
    script += [SitDown(), Sit(90.0), StandUp(), Stand(5.0)]
    return [*script, Extend(extension_deg=8.0, seconds=60.0, change_s=4.0), Stand(10.0)]


def posture_figures() -> Iterator[Figure]:
    """The posture told, second by second away from its changes."""
    kind = Kind(SET, "posture, random mounting", Unit.SHARE, ASKED_POSTURE)
    hits, counts = [], []
    for seed, simulation, recording in _recordings():
        session = analyze(recording)
        seconds = np.arange(int(simulation.duration_s))
        found = np.array(labels(session.postures))[(seconds * BODY_RATE_HZ).astype(int)]
        true, settled = true_postures(simulation.truth, seconds)
        hits.append(int((found == true)[settled].sum()))
        counts.append(int(settled.sum()))
        yield share(kind, f"seed {seed}", hits[-1], counts[-1])
    yield pooled(kind, hits, counts)


def spine_figures() -> Iterator[Figure]:
    """The error of spine extension by posture, and whether the stated uncertainty covers it."""
    found: dict[str, list[Figure]] = {posture: [] for posture in ASKED_DEG}
    covering = Kind(SET, "extension within its stated 95 %", Unit.SHARE, ASKED_COVERED)
    told = Kind(SET, "seconds at which an angle is told", Unit.SHARE)
    covered, counts, asked = [], [], []
    for seed, simulation, recording in _recordings():
        errors = extension_errors(trace(recording), simulation.truth)
        for posture, each in errors.items():
            figure = rmse(_spine_kind(posture), f"seed {seed}", each.error_deg, TRUTH_RATE_HZ)
            found[posture].append(figure)
            yield figure
        counts.append(sum(len(each.error_deg) for each in errors.values()))
        asked.append(sum(round(len(each.error_deg) / each.told) for each in errors.values()))
        covered.append(sum(round(each.covered * len(each.error_deg)) for each in errors.values()))
        yield share(covering, f"seed {seed}", covered[-1], counts[-1])
        yield share(told, f"seed {seed}", counts[-1], asked[-1])
    for posture, figures in found.items():
        yield mean_of(_spine_kind(posture), figures)
    yield pooled(covering, covered, counts)
    yield pooled(told, counts, asked)


def alone_figures() -> Iterator[Figure]:
    """What an accelerometer alone on the chest tells lying, and that on the side it tells nothing.

    The pelvis, which tilts along with every extension, is not seen: the angle is less than it is.
    """
    kinds = {
        posture: Kind(SET, f"chest accelerometer alone, {posture}, RMSE", Unit.DEGREES)
        for posture in ("supine", "prone")
    }
    silent = Kind(SET, "chest accelerometer alone, silent on the side", Unit.SHARE, 100.0)
    found: dict[str, list[Figure]] = {posture: [] for posture in kinds}
    untold, counts = [], []
    for seed, simulation, recording in _recordings(_chest_accelerometer):
        errors = extension_errors(trace(recording), simulation.truth)
        for posture, kind in kinds.items():
            error_deg = errors[posture].error_deg
            found[posture].append(rmse(kind, f"seed {seed}", error_deg, TRUTH_RATE_HZ))
        on_side = np.isin(true_postures(simulation.truth, np.arange(2000))[0], ("left", "right"))
        counts.append(int(on_side.sum()))
        untold.append(counts[-1] - len(errors["side"].error_deg))
        yield share(silent, f"seed {seed}", untold[-1], counts[-1])
    for posture, figures in found.items():
        yield from figures
        yield mean_of(kinds[posture], figures)
    yield pooled(silent, untold, counts)


def _two_sensors(wobble_deg_per_g: float) -> list[VirtualSensor]:
    return [
        VirtualSensor(
            placement=placement,
            rate_hz=100.0,
            gyro_warming_sd_rads=0.005,
            wobble_deg_per_g=wobble_deg_per_g,
        )
        for placement in (Placement.STERNUM, Placement.PELVIS)
    ]


def _chest_accelerometer(wobble_deg_per_g: float) -> list[VirtualSensor]:
    return [replace(each, has_gyro=False) for each in _two_sensors(wobble_deg_per_g)[:1]]


def simulated(seed: int, sensors: Sensors = _two_sensors) -> Simulation:
    """Half an hour of another body for each seed, with sensors mounted and erring in other ways."""
    rng = np.random.default_rng(seed)
    wobble_deg_per_g = rng.uniform(0.3, 1.0)
    body = Body(
        stature_m=rng.uniform(1.5, 1.8),
        supine_pitch_deg=rng.uniform(-2.0, 6.0),
        supine_flex_deg=rng.uniform(0.0, 10.0),
    )
    worn = sensors(wobble_deg_per_g)
    return simulate(half_hour(rng), sensors=worn, seed=seed, body=body)


def _recordings(
    sensors: Sensors = _two_sensors,
) -> Iterator[tuple[int, Simulation, Recording]]:
    with TemporaryDirectory(prefix="fivepoint-validation-") as folder:
        for seed in SEEDS:
            simulation = simulated(seed, sensors)
            yield seed, simulation, recorded(simulation, Path(folder) / str(seed))


def recorded(simulation: Simulation, folder: Path) -> Recording:
    """The simulation as a recording, calibrated from its first two poses."""
    header = RecordingHeader(
        id=folder.name,
        started_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        kind=RecordingKind.DAY,
        streams=simulation.infos,
        calibrations=calibrate(
            simulation.infos,
            simulation.chunks(),
            still=simulation.still_s,
            lying=simulation.lying_s,
            made_from=folder.name,
        ),
    )
    return write_recording(folder, header, simulation.chunks())


def true_postures(
    truth: Mapping[str, Any], seconds: NDArray[np.int64]
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """The true posture at each second, and whether it lasts around it."""
    names = np.full(len(seconds), Posture.UNKNOWN.value, dtype="<U8")
    settled = np.zeros(len(seconds), dtype=bool)
    for bout in truth["posture"]:
        names[(seconds >= bout["start_s"]) & (seconds < bout["end_s"])] = bout["posture"]
        settled |= (seconds >= bout["start_s"] + SETTLED_S) & (seconds < bout["end_s"] - SETTLED_S)
    return names, settled


def _spine_kind(posture: str) -> Kind:
    what = f"extension {_WHERE.get(posture, posture)}, RMSE"
    return Kind(SET, what, Unit.DEGREES, ASKED_DEG[posture])
