"""Samples at a sensor's own times: missing ones bridged, all averaged onto the body grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables, kernel, opened
from sensors.clock import LONGEST_BRIDGED_S
from sensors.types import FloatArray

MAX_FOLLOWED_S = 1.0
"""Over a longer gap up to this the orientation is carried by interpolation, and trusted the less
the longer it is; after that it starts afresh."""

GRID_ROW = 10
"""Columns of a row on the grid: acceleration, angular rate, vertical, largest force."""

_HALF_CELL_S = 0.5 / BODY_RATE_HZ

Marks = NDArray[np.bool_]
Vector = tuple[float, float, float]
Sample = tuple[Vector, Vector, Vector]
"""Acceleration, angular rate and vertical."""

SAMPLE = np.dtype([("t_s", np.float64), ("acc", np.float64, 3), ("gyro", np.float64, 3)])

CELL = np.dtype(
    [
        ("index", np.float64),
        ("covered_s", np.float64),
        ("acc", np.float64, 3),
        ("gyro", np.float64, 3),
        ("peak_square", np.float64),
        ("before_s", np.float64),
        ("before", np.float64, (3, 3)),
    ]
)
"""State of `averaged`: the grid cell `index`, how much of it is covered, its integrals so far, the
square of the largest force in it, and acceleration, angular rate and vertical of the sample
before."""


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
) -> tuple[FloatArray, FloatArray, FloatArray, Marks, FloatArray] | None:
    """The samples with interpolated ones where some are missing, and two things (n,) of each.

    The first marks those before which too much is missing to be believed, the second is for the
    sample that ends such a gap the length of the gap in seconds, and 0 otherwise. `kept` is the
    last sample. None if nothing is missing, which spares a copy of everything.
    """
    before = opened(kept)
    if np.isnan(before.t_s):
        before.t_s = t_s[0]
    count, longest_s, before_s = len(t_s), 0.0, before.t_s
    for i in range(len(t_s)):
        step_s = t_s[i] - before_s
        count += _missing_samples(step_s, rate_hz)
        longest_s = max(longest_s, step_s)
        before_s = t_s[i]
    if count == len(t_s) and longest_s - 1.0 / rate_hz <= LONGEST_BRIDGED_S:
        _keep(t_s, acc, gyro, len(t_s) - 1, before)
        return None
    all_t_s, all_acc, all_gyro = np.empty(count), np.empty((count, 3)), np.empty((count, 3))
    broken, unseen_s = np.empty(count, dtype=np.bool_), np.zeros(count)
    row = 0
    for i in range(len(t_s)):
        step_s = t_s[i] - before.t_s
        gap_s = step_s - 1.0 / rate_hz
        missing = _missing_samples(step_s, rate_hz)
        for left in range(missing, -1, -1):
            weight = left / (missing + 1.0)
            all_t_s[row] = _between(t_s[i], before.t_s, weight)
            for j in range(3):
                all_acc[row, j] = _between(acc[i, j], before.acc[j], weight)
                all_gyro[row, j] = _between(gyro[i, j], before.gyro[j], weight)
            broken[row] = gap_s > LONGEST_BRIDGED_S
            row += 1
        if gap_s > LONGEST_BRIDGED_S:
            unseen_s[row - 1] = gap_s
        _keep(t_s, acc, gyro, i, before)
    return all_t_s, all_acc, all_gyro, broken, unseen_s


@kernel
def _keep(t_s: FloatArray, acc: FloatArray, gyro: FloatArray, i: int, kept: np.record) -> None:
    kept.t_s = t_s[i]
    for j in range(3):
        kept.acc[j] = acc[i, j]
        kept.gyro[j] = gyro[i, j]


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
    before_s = cell.before_s
    before = (_row(cell.before, 0), _row(cell.before, 1), _row(cell.before, 2))
    for i in range(len(t_s)):
        now = (_row(acc, i), _row(gyro, i), _row(up, i))
        usable = not (broken[i] or np.isnan(before_s))
        pace = 1.0 / (t_s[i] - before_s)
        from_s = before_s
        while end_s < t_s[i]:
            if usable:
                middle = (0.5 * (from_s + end_s) - before_s) * pace
                _integrate(before, now, middle, end_s - from_s, cell)
                part = (end_s - before_s) * pace
                _write_row(before[2], now[2], part, cell, rows, int(cell.index - first_index))
                from_s = end_s
            _open_next(cell)
            end_s = cell.index / BODY_RATE_HZ
        if usable:
            middle = (0.5 * (from_s + t_s[i]) - before_s) * pace
            _integrate(before, now, middle, t_s[i] - from_s, cell)
        cell.peak_square = max(cell.peak_square, _square(now[0]))
        if end_s == t_s[i]:
            if usable:
                _write_row(before[2], now[2], 1.0, cell, rows, int(cell.index - first_index))
            _open_next(cell)
            end_s = cell.index / BODY_RATE_HZ
        before_s, before = t_s[i], now
    cell.before_s = before_s
    for j in range(3):
        for k in range(3):
            cell.before[j, k] = before[j][k]
    return rows[: int(cell.index - first_index)]


@kernel
def _integrate(
    before: Sample, now: Sample, middle: float, length_s: float, cell: np.record
) -> None:
    """Add the integral of the straight line between two samples over a piece of it.

    `middle` is how far between them the middle of the piece lies.
    """
    late = length_s * middle
    early = length_s - late
    cell.covered_s += length_s
    for j in range(3):
        cell.acc[j] += early * before[0][j] + late * now[0][j]
        cell.gyro[j] += early * before[1][j] + late * now[1][j]


@kernel
def _write_row(
    before_up: Vector, up: Vector, part: float, cell: np.record, rows: FloatArray, row: int
) -> None:
    """Write means over the cell, the vertical at `part` of the way between two, and the peak."""
    if cell.covered_s <= _HALF_CELL_S:
        return
    mean = 1.0 / cell.covered_s
    square = norm = 0.0
    for j in range(3):
        rows[row, j] = cell.acc[j] * mean
        rows[row, 3 + j] = cell.gyro[j] * mean
        rows[row, 6 + j] = _between(before_up[j], up[j], part)
        square += rows[row, j] ** 2
        norm += rows[row, 6 + j] ** 2
    unit = 1.0 / np.sqrt(norm)
    for j in range(3):
        rows[row, 6 + j] *= unit
    rows[row, 9] = np.sqrt(max(cell.peak_square, square))


@kernel
def _row(vectors: FloatArray, i: int) -> Vector:
    return (vectors[i, 0], vectors[i, 1], vectors[i, 2])


@kernel
def _square(vector: Vector) -> float:
    return vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]


@kernel
def _between(start: float, end: float, part: float) -> float:
    return start + part * (end - start)


@kernel
def _open_next(cell: np.record) -> None:
    cell.index += 1.0
    cell.covered_s = cell.peak_square = 0.0
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
