"""Posture and spine extension against the exact truth of simulated wearers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.calibration import calibrate
from analytics.events import Posture
from analytics.session import analyze
from analytics.trace import trace
from analytics.validation.figures import Figure, Kind, Unit, mean_of, pooled, rmse, share
from analytics.validation.worn import labels
from sensors.recording import Recording, RecordingHeader, RecordingKind, write_recording
from sensors.simulator import (
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
from sensors.types import FloatArray, Placement

SEEDS = (1, 2, 3, 4)
"""Each draws another mounting of each sensor, other errors and another drift."""

SETTLED_S = 2.0
"""Postures are compared beyond this from where the true one changes: a boundary has no instant."""

TRUTH_RATE_HZ = 1.0
ASKED_DEG = {"supine": 2.0, "prone": 2.0, "upright": 2.0, "on the side, first ten minutes": 4.0}
ASKED_POSTURE = 99.0
FIRST_MINUTES_S = 600.0
SET = "simulator"


def half_hour() -> Script:
    """Everyday life of about half an hour: walking, sitting, and lying extended in every pose."""
    script = [*calibration_poses(), Rest(20.0), Extend(extension_deg=12.0, seconds=180.0)]
    script += [TurnInBed(to=Pose.LEFT), Extend(extension_deg=10.0, seconds=240.0)]
    script += [TurnInBed(to=Pose.PRONE), Extend(extension_deg=12.0, seconds=180.0)]
    script += [TurnInBed(to=Pose.RIGHT), Extend(extension_deg=8.0, seconds=240.0)]
    script += [TurnInBed(to=Pose.SUPINE), Rest(60.0), GetUp()]
    for _ in range(3):
        script += [Walk(seconds=120.0), Stand(20.0), SitDown(), Sit(90.0), StandUp(), Stand(5.0)]
    return [*script, Extend(extension_deg=8.0, seconds=60.0), Stand(10.0)]


def posture_figures() -> Iterator[Figure]:
    """The posture told, second by second away from its changes."""
    kind = Kind(SET, "posture, random mounting", Unit.SHARE, ASKED_POSTURE)
    hits, counts = [], []
    with TemporaryDirectory(prefix="fivepoint-validation-") as folder:
        for seed in SEEDS:
            simulation = simulated(seed)
            session = analyze(recorded(simulation, Path(folder) / str(seed)))
            seconds = np.arange(int(simulation.duration_s))
            found = np.array(labels(session.postures))[(seconds * BODY_RATE_HZ).astype(int)]
            true, settled = true_postures(simulation.truth, seconds)
            hits.append(int((found == true)[settled].sum()))
            counts.append(int(settled.sum()))
            yield share(kind, f"seed {seed}", hits[-1], counts[-1])
    yield pooled(kind, hits, counts)


def spine_figures() -> Iterator[Figure]:
    """The error of spine extension by posture, over half an hour with every error of a sensor."""
    found: dict[str, list[Figure]] = {what: [] for what in ASKED_DEG}
    with TemporaryDirectory(prefix="fivepoint-validation-") as folder:
        for seed in SEEDS:
            simulation = simulated(seed)
            recording = recorded(simulation, Path(folder) / str(seed))
            for what, errors_deg in _errors_deg(simulation, recording).items():
                kind = _spine_kind(what)
                figure = rmse(kind, f"seed {seed}", errors_deg, TRUTH_RATE_HZ)
                found[what].append(figure)
                yield figure
    for what, figures in found.items():
        if figures:
            yield mean_of(_spine_kind(what), figures)


def simulated(seed: int) -> Simulation:
    """Half an hour worn on breastbone and pelvis, mounted anyhow, with drift and soft tissue."""
    sensors = [
        VirtualSensor(placement=placement, rate_hz=100.0)
        for placement in (Placement.STERNUM, Placement.PELVIS)
    ]
    return simulate(half_hour(), sensors=sensors, seed=seed)


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


def _spine_kind(what: str) -> Kind:
    return Kind(SET, f"extension {what}, RMSE", Unit.DEGREES, ASKED_DEG[what])


def _errors_deg(simulation: Simulation, recording: Recording) -> dict[str, FloatArray]:
    """Errors (n,) at the seconds of each kind of posture at which an angle was told."""
    traced = trace(recording)
    true_deg = np.array(simulation.truth["extension_deg"]["values"])
    index = (np.arange(len(true_deg)) * BODY_RATE_HZ / TRUTH_RATE_HZ).astype(int)
    index = index[index < len(traced.extension_deg)]
    errors_deg = traced.extension_deg[index] - true_deg[: len(index)]
    names, settled = true_postures(simulation.truth, np.arange(len(index)))
    settled &= np.isfinite(errors_deg)
    masks = {name: names == name for name in ("supine", "prone", "upright")}
    on_side = np.isin(names, ("left", "right"))
    masks["on the side, first ten minutes"] = on_side & _within_first(on_side, FIRST_MINUTES_S)
    return {
        what: errors_deg[mask & settled] for what, mask in masks.items() if (mask & settled).any()
    }


def _within_first(mask: NDArray[np.bool_], seconds: float) -> NDArray[np.bool_]:
    """Which seconds follow less than so many others of the same stretch."""
    starts = np.flatnonzero(mask & ~np.roll(mask, 1))
    since = (
        np.arange(len(mask)) - starts[np.searchsorted(starts, np.arange(len(mask)), "right") - 1]
    )
    early: NDArray[np.bool_] = since < seconds
    return early
