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

GRID_ROW = 10
"""Columns of a row on the grid: acceleration, angular rate, vertical, largest force."""

_HALF_CELL_S = 0.5 / BODY_RATE_HZ

Marks = NDArray[np.bool_]

SAMPLE = np.dtype([("t_s", np.float64), ("acc", np.float64, 3), ("gyro", np.float64, 3)])

CELL = np.dtype(
    [
        ("index", np.float64),
        ("covered_s", np.float64),
        ("acc", np.float64, 3),
        ("gyro", np.float64, 3),
        ("peak", np.float64),
        ("before_s", np.float64),
        ("before_acc", np.float64, 3),
        ("before_gyro", np.float64, 3),
        ("before_up", np.float64, 3),
    ]
)
"""State of `averaged`: the grid cell `index`, how much of it is covered, its integrals so far, the
largest force in it, and the sample before."""


def no_sample() -> Variables:
    """The state of `bridged` before the first sample."""
    sample = np.zeros((), SAMPLE)
    sample["t_s"] = np.nan
    return sample


def new_cell() -> Variables:
    """The state of `averaged` before the first sample."""
    cell = np.zeros((), CELL)
    cell["before_s"] = np.nan
    return cell


@kernel
def bridged(
    t_s: FloatArray, acc: FloatArray, gyro: FloatArray, rate_hz: float, kept: Variables
) -> tuple[FloatArray, FloatArray, FloatArray, Marks, Marks]:
    """The samples with interpolated ones where some are missing, and two marks (n,) of each.

    The first marks those before which too much is missing to be believed, the second those before
    which too much is missing even to follow the orientation. `kept` is the last sample.
    """
    before = opened(kept)
    if np.isnan(before.t_s):
        before.t_s = t_s[0]
    count = len(t_s) + _missing_samples(t_s[0] - before.t_s, rate_hz)
    for i in range(1, len(t_s)):
        count += _missing_samples(t_s[i] - t_s[i - 1], rate_hz)
    all_t_s, all_acc, all_gyro = np.empty(count), np.empty((count, 3)), np.empty((count, 3))
    broken, lost = np.empty(count, dtype=np.bool_), np.empty(count, dtype=np.bool_)
    row = 0
    for i in range(len(t_s)):
        step_s = t_s[i] - before.t_s
        missing = _missing_samples(step_s, rate_hz)
        for left in range(missing, -1, -1):
            weight = left / (missing + 1.0)
            all_t_s[row] = _between(t_s[i], before.t_s, weight)
            for j in range(3):
                all_acc[row, j] = _between(acc[i, j], before.acc[j], weight)
                all_gyro[row, j] = _between(gyro[i, j], before.gyro[j], weight)
            broken[row] = step_s - 1.0 / rate_hz > LONGEST_BRIDGED_S
            lost[row] = step_s - 1.0 / rate_hz > MAX_FOLLOWED_S
            row += 1
        before.t_s = t_s[i]
        for j in range(3):
            before.acc[j] = acc[i, j]
            before.gyro[j] = gyro[i, j]
    return all_t_s, all_acc, all_gyro, broken, lost


@kernel
def _missing_samples(step_s: float, rate_hz: float) -> int:
    """How many samples to put into a step; none where the orientation starts afresh."""
    if step_s * rate_hz >= 1.5 and step_s - 1.0 / rate_hz <= MAX_FOLLOWED_S:
        return int(np.rint(step_s * rate_hz)) - 1
    return 0


@kernel
def averaged(
    t_s: FloatArray,
    acc: FloatArray,
    gyro: FloatArray,
    up: FloatArray,
    broken: Marks,
    kept: Variables,
) -> FloatArray:
    """The grid rows (n, 10) that these samples and their verticals complete.

    A row holds the mean acceleration and angular rate of the cell that ends at its instant, as
    integrals of the straight lines between samples, the vertical at that instant and the largest
    force in the cell. A row is NaN where samples are missing for more than half of its cell, as
    they are before those `broken`.
    """
    cell = opened(kept)
    first_index = cell.index
    rows = np.full((max(int(t_s[-1] * BODY_RATE_HZ - first_index) + 2, 0), GRID_ROW), np.nan)
    end_s = cell.index / BODY_RATE_HZ
    for i in range(len(t_s)):
        done_s = cell.before_s
        usable = not (broken[i] or np.isnan(done_s))
        pace = 1.0 / (t_s[i] - done_s)
        force = np.sqrt(acc[i, 0] ** 2 + acc[i, 1] ** 2 + acc[i, 2] ** 2)
        inside = True
        while end_s <= t_s[i]:
            if usable:
                _integrate(acc, gyro, i, done_s, end_s, pace, cell)
                done_s = end_s
            if end_s == t_s[i]:
                cell.peak = max(cell.peak, force)
                inside = False
            if usable and cell.covered_s > _HALF_CELL_S:
                part = (end_s - cell.before_s) * pace
                _complete(up, i, part, cell, rows, int(cell.index - first_index))
            _open_next(cell)
            end_s = cell.index / BODY_RATE_HZ
        if inside:
            cell.peak = max(cell.peak, force)
            if usable:
                _integrate(acc, gyro, i, done_s, t_s[i], pace, cell)
        cell.before_s = t_s[i]
        for j in range(3):
            cell.before_acc[j] = acc[i, j]
            cell.before_gyro[j] = gyro[i, j]
            cell.before_up[j] = up[i, j]
    return rows[: int(cell.index - first_index)]


@kernel
def _integrate(
    acc: FloatArray,
    gyro: FloatArray,
    i: int,
    from_s: float,
    until_s: float,
    pace: float,
    cell: np.record,
) -> None:
    """Add the integral of the straight line to sample `i` over part of its interval."""
    length_s = until_s - from_s
    part = (0.5 * (from_s + until_s) - cell.before_s) * pace
    cell.covered_s += length_s
    for j in range(3):
        cell.acc[j] += length_s * _between(cell.before_acc[j], acc[i, j], part)
        cell.gyro[j] += length_s * _between(cell.before_gyro[j], gyro[i, j], part)


@kernel
def _complete(
    up: FloatArray, i: int, part: float, cell: np.record, rows: FloatArray, row: int
) -> None:
    """Write means over the cell, the vertical at `part` of the way to `up[i]`, and the peak."""
    mean = 1.0 / cell.covered_s
    force = norm = 0.0
    for j in range(3):
        rows[row, j] = cell.acc[j] * mean
        rows[row, 3 + j] = cell.gyro[j] * mean
        rows[row, 6 + j] = _between(cell.before_up[j], up[i, j], part)
        force += rows[row, j] ** 2
        norm += rows[row, 6 + j] ** 2
    unit = 1.0 / np.sqrt(norm)
    for j in range(3):
        rows[row, 6 + j] *= unit
    rows[row, 9] = max(cell.peak, np.sqrt(force))


@kernel
def _between(start: float, end: float, part: float) -> float:
    return start + part * (end - start)


@kernel
def _open_next(cell: np.record) -> None:
    cell.index += 1.0
    cell.covered_s = cell.peak = 0.0
    for j in range(3):
        cell.acc[j] = cell.gyro[j] = 0.0


@kernel
def write_in_axes(
    rows: FloatArray,
    rotation: FloatArray,
    start: int,
    acc: FloatArray,
    gyro: FloatArray,
    up: FloatArray,
    peak: FloatArray,
) -> None:
    """Write the vectors of each row turned by `rotation`, and its peak, from `start` on.

    Sums are written out so that no row depends on others.
    """
    for i in range(len(rows)):
        at = start + i
        for j in range(3):
            a, b, c = rotation[j, 0], rotation[j, 1], rotation[j, 2]
            acc[at, j] = a * rows[i, 0] + b * rows[i, 1] + c * rows[i, 2]
            gyro[at, j] = a * rows[i, 3] + b * rows[i, 4] + c * rows[i, 5]
            up[at, j] = a * rows[i, 6] + b * rows[i, 7] + c * rows[i, 8]
        peak[at] = rows[i, 9]
