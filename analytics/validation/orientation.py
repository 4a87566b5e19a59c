"""The vertical against cameras: BROAD's trials, moved by hand, 286 Hz."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from analytics.body import BODY_RATE_HZ
from analytics.validation.figures import Figure, Kind, Unit, mean_of, rmse
from analytics.validation.worn import (
    Stream,
    mountings,
    read_set,
    streams,
    turned,
    verticals,
)
from sensors.types import FloatArray

RANDOM_MOUNTINGS = 2
ASKED_MEAN_DEG = 0.7
ASKED_MOST_DEG = 1.4

_WHAT = "inclination in motion, RMSE"


def orientation_figures(datasets: Path) -> Iterator[Figure]:
    """Inclination error while moving, each trial in its own and in random mountings.

    Taken on the body grid, as every detector sees it, against the cameras' orientation there.
    """
    for what, rotations in (
        (_WHAT, mountings(0)),
        (f"{_WHAT}, random mounting", mountings(RANDOM_MOUNTINGS)[1:]),
    ):
        trial = Kind("BROAD", what, Unit.DEGREES, ASKED_MOST_DEG)
        figures = [
            rmse(trial, name, np.concatenate([_errors_deg(*at, r) for r in rotations]), _RATE_HZ)
            for name, at in _trials(datasets)
        ]
        yield from figures
        yield mean_of(Kind("BROAD", what, Unit.DEGREES, ASKED_MEAN_DEG), figures)


_RATE_HZ = BODY_RATE_HZ


def _trials(datasets: Path) -> Iterator[tuple[str, tuple[Stream, Path]]]:
    items, name = read_set(datasets, "broad")
    for item in items:
        (stream,) = streams(item, name)
        yield item.name, (stream, item.paths[0])


def _errors_deg(stream: Stream, path: Path, rotation: FloatArray) -> FloatArray:
    """Angle (n,) between the vertical found and the true one, at the moving samples."""
    info, chunk = stream
    found = verticals((info, turned(chunk, rotation)))
    true, moving = _truth(path, len(found), info.rate_hz)
    cosine = np.sum(found * (true @ rotation.T), axis=1)
    errors_deg = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    known: FloatArray = errors_deg[moving & np.isfinite(errors_deg)]
    return known


def _truth(path: Path, count: int, rate_hz: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The true vertical (n, 3) in sensor axes on the body grid, and where the sensor moves."""
    with h5py.File(path) as file:
        quaternion = np.asarray(file["opt_quat"], dtype=np.float64)
        moving = np.asarray(file["movement"], dtype=bool)
    at = np.arange(count) / BODY_RATE_HZ * rate_hz
    nearest = np.minimum(np.rint(at).astype(int), len(quaternion) - 1)
    known = np.isfinite(quaternion).all(axis=1)
    up = np.full((len(quaternion), 3), np.nan)
    up[known] = Rotation.from_quat(quaternion[known], scalar_first=True).inv().apply([0, 0, 1])
    samples = np.arange(len(up))
    on_grid = np.column_stack([np.interp(at, samples, axis) for axis in up.T])
    return on_grid / np.linalg.norm(on_grid, axis=1, keepdims=True), moving[nearest]
