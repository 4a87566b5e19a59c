"""Samples at a sensor's own times: missing ones bridged, all averaged onto the body grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables, kernel, opened
from sensors.clock import LONGEST_BRIDGED_S
from sensors.types import FloatArray

MAX_FOLLOWED_S = 1.0
"""Orientation is carried over a longer gap by interpolation up to here, and starts afresh after."""

NONE, GAP, LOST = range(3)
"""What is missing before a sample: nothing that cannot be bridged; too much for acceleration and
rate to be believed; too much even to follow the orientation."""

SAMPLE = 7
"""Columns of a sample: time, acceleration, angular rate."""

GRID_ROW = 10
"""Columns of a row on the grid: acceleration, angular rate, vertical, largest force."""

_AXES = 6
_HALF_CELL_S = 0.5 / BODY_RATE_HZ

Breaks = NDArray[np.int8]
Bridged = tuple[FloatArray, Breaks]

CELL = np.dtype(
    [
        ("index", np.float64),
        ("covered_s", np.float64),
        ("peak", np.float64),
        ("sums", np.float64, _AXES),
        ("before", np.float64, SAMPLE + 3),
    ]
)
"""State of `averaged`: the grid cell `index`, how much of it is covered, the largest force in it,
its integrals, and the sample before, with its vertical."""


def new_cell() -> Variables:
    """The state before the first sample."""
    cell = np.zeros((), CELL)
    cell["before"][:] = np.nan
    return cell


@kernel
def bridged(
    t_s: FloatArray, acc: FloatArray, gyro: FloatArray, rate_hz: float, before: FloatArray
) -> Bridged:
    """Samples (n, 7) and what is missing before each (n,), with interpolated ones where some are.

    `before` (7,) is the last sample of the chunk before and becomes that of this one; its time is
    NaN at the start.
    """
    count = len(t_s)
    time_s = before[0]
    for i in range(len(t_s)):
        count += _missing_samples(t_s[i] - time_s, rate_hz)
        time_s = t_s[i]
    samples = np.empty((count, SAMPLE))
    breaks = np.empty(count, dtype=np.int8)
    row = 0
    for i in range(len(t_s)):
        step_s = t_s[i] - before[0]
        inserted = _missing_samples(step_s, rate_hz)
        last = row + inserted
        samples[last, 0] = t_s[i]
        for j in range(3):
            samples[last, 1 + j] = acc[i, j]
            samples[last, 4 + j] = gyro[i, j]
        breaks[row : last + 1] = _break(step_s - 1.0 / rate_hz)
        while row < last:
            weight = (last - row) / (inserted + 1.0)
            for j in range(SAMPLE):
                samples[row, j] = samples[last, j] + weight * (before[j] - samples[last, j])
            row += 1
        before[:] = samples[last]
        row = last + 1
    return samples, breaks


@kernel
def _missing_samples(step_s: float, rate_hz: float) -> int:
    """How many samples to put into a step; none where the orientation starts afresh."""
    if step_s * rate_hz >= 1.5 and step_s - 1.0 / rate_hz <= MAX_FOLLOWED_S:
        return int(np.rint(step_s * rate_hz)) - 1
    return 0


@kernel
def _break(missing_s: float) -> int:
    if missing_s > MAX_FOLLOWED_S:
        return LOST
    return GAP if missing_s > LONGEST_BRIDGED_S else NONE


@kernel
def averaged(samples: FloatArray, up: FloatArray, breaks: Breaks, kept: Variables) -> FloatArray:
    """The grid rows (n, 10) that these samples and their verticals complete.

    A row holds the mean acceleration and angular rate of the cell that ends at its instant, as
    integrals of the straight lines between samples, the vertical at that instant and the largest
    force in the cell. A row is NaN where samples are missing for more than half of its cell.
    """
    cell = opened(kept)
    first_index = cell.index
    rows = np.full((max(int(samples[-1, 0] * BODY_RATE_HZ - first_index) + 2, 0), GRID_ROW), np.nan)
    for i in range(len(samples)):
        now, now_s, now_up = samples[i], samples[i, 0], up[i]
        done_s = cell.before[0]
        usable = breaks[i] == NONE and not np.isnan(done_s)
        pace = 1.0 / (now_s - done_s)
        force = np.sqrt(now[1] * now[1] + now[2] * now[2] + now[3] * now[3])
        end_s = cell.index / BODY_RATE_HZ
        inside = True
        while end_s <= now_s:
            if usable:
                _integrate(now, done_s, end_s, pace, cell)
                done_s = end_s
            if end_s == now_s:
                cell.peak = max(cell.peak, force)
                inside = False
            if usable and cell.covered_s > _HALF_CELL_S:
                part = (end_s - cell.before[0]) * pace
                _complete(now_up, part, cell, rows[int(cell.index - first_index)])
            _open_next(cell)
            end_s = cell.index / BODY_RATE_HZ
        if inside:
            cell.peak = max(cell.peak, force)
            if usable:
                _integrate(now, done_s, now_s, pace, cell)
        for j in range(SAMPLE):
            cell.before[j] = now[j]
        for j in range(3):
            cell.before[SAMPLE + j] = now_up[j]
    return rows[: int(cell.index - first_index)]


@kernel
def _integrate(
    now: FloatArray, from_s: float, until_s: float, pace: float, cell: np.record
) -> None:
    """Add the integral of the straight line between two samples over part of their interval."""
    length_s = until_s - from_s
    part = (0.5 * (from_s + until_s) - cell.before[0]) * pace
    cell.covered_s += length_s
    for j in range(_AXES):
        before = cell.before[1 + j]
        cell.sums[j] += (before + part * (now[1 + j] - before)) * length_s


@kernel
def _complete(up: FloatArray, part: float, cell: np.record, row: FloatArray) -> None:
    """Write means over the cell, the vertical at `part` of the way to `up`, and the peak."""
    for j in range(_AXES):
        row[j] = cell.sums[j] / cell.covered_s
    norm = 0.0
    for j in range(3):
        before = cell.before[SAMPLE + j]
        row[6 + j] = before + part * (up[j] - before)
        norm += row[6 + j] ** 2
    norm = np.sqrt(norm)
    for j in range(3):
        row[6 + j] /= norm
    row[9] = max(cell.peak, np.sqrt(row[0] ** 2 + row[1] ** 2 + row[2] ** 2))


@kernel
def _open_next(cell: np.record) -> None:
    cell.index += 1.0
    cell.covered_s = cell.peak = 0.0
    for j in range(_AXES):
        cell.sums[j] = 0.0


@kernel
def in_axes(
    rows: FloatArray, rotation: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The three vectors of each row turned by `rotation`, and its peak.

    Sums are written out so that no row depends on others.
    """
    count = len(rows)
    acc, gyro, up = np.empty((count, 3)), np.empty((count, 3)), np.empty((count, 3))
    peak = np.empty(count)
    for i in range(count):
        for j in range(3):
            a, b, c = rotation[j, 0], rotation[j, 1], rotation[j, 2]
            acc[i, j] = a * rows[i, 0] + b * rows[i, 1] + c * rows[i, 2]
            gyro[i, j] = a * rows[i, 3] + b * rows[i, 4] + c * rows[i, 5]
            up[i, j] = a * rows[i, 6] + b * rows[i, 7] + c * rows[i, 8]
        peak[i] = rows[i, 9]
    return acc, gyro, up, peak
