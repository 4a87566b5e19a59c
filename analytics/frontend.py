"""Sensor samples to body samples: gaps, calibration, orientation, and one common time grid."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, SEGMENT_OF, BodyChunk, SegmentChunk
from analytics.detector import kernel
from analytics.orientation import AccOrientation, GyroOrientation, Orientation
from sensors.clock import is_gap
from sensors.types import Calibration, Chunk, FloatArray, StreamInfo

MAX_FOLLOWED_S = 1.0
"""Orientation is carried over a longer gap by interpolation up to here, and starts afresh after."""

MAX_LAG_S = 2.0
"""A stream this far behind the start of another's newest chunk is taken to be missing."""


class FrontEnd:
    """Turns the chunks of several sensors into body samples on the 50 Hz grid.

    A grid sample holds the mean of the acceleration and angular rate over the 20 ms before it (the
    integral of the linear interpolation, so that no rotation is lost at any sensor rate) and the
    vertical at its instant. Missing stretches up to 0.1 s are interpolated, longer ones are NaN.

    The chunks of different sensors must come in the order of their first samples, within 2 s;
    apart from that the result is the same bit for bit, however the streams were cut.
    """

    def __init__(
        self, infos: Iterable[StreamInfo], calibrations: Iterable[Calibration] = ()
    ) -> None:
        by_placement = {c.placement: c for c in calibrations}
        self._sensors = {
            info.placement: _SensorFrontEnd(info, by_placement.get(info.placement))
            for info in infos
        }
        segments = [SEGMENT_OF[placement] for placement in self._sensors]
        if len(set(segments)) < len(segments):
            raise ValueError("two sensors on one body segment; leave one of them out")
        self._index = 0

    def push(self, chunk: Chunk) -> list[BodyChunk]:
        """Take the next samples of one sensor; return the body samples they completed."""
        if len(chunk.t_s) == 0:
            return []
        self._sensors[chunk.placement].push(chunk)
        overdue_index = int((chunk.t_s[0] - MAX_LAG_S) * BODY_RATE_HZ)
        for sensor in self._sensors.values():
            sensor.give_up_until(overdue_index)
        return self._take_until(min(sensor.end_index for sensor in self._sensors.values()))

    def finish(self) -> list[BodyChunk]:
        """All streams have ended: return what still waited for another stream."""
        end_index = max((sensor.end_index for sensor in self._sensors.values()), default=0)
        for sensor in self._sensors.values():
            sensor.give_up_until(end_index)
        return self._take_until(end_index)

    def _take_until(self, end_index: int) -> list[BodyChunk]:
        start_index, self._index = self._index, max(self._index, end_index)
        if self._index == start_index:
            return []
        count = self._index - start_index
        segments = {
            SEGMENT_OF[place]: sensor.take(count) for place, sensor in self._sensors.items()
        }
        return [BodyChunk(start_index, segments)]


class _SensorFrontEnd:
    """One sensor: bridges short gaps, follows the vertical, and queues rows on the body grid.

    A row holds acc, gyro, up (three each) and the peak.
    """

    def __init__(self, info: StreamInfo, calibration: Calibration | None) -> None:
        self._rate_hz = info.rate_hz
        self._calibration = calibration
        self._rotation = np.eye(3) if calibration is None else calibration.rotation.copy()
        self._orientation: Orientation = (
            AccOrientation(info.rate_hz)
            if info.gyro_scale_rads is None
            else GyroOrientation(info.rate_hz)
        )
        self._last = np.empty((0, 7))
        self._grid = _Grid()
        self._queue: list[FloatArray] = []
        self.end_index = 0

    def push(self, chunk: Chunk) -> None:
        gyro = np.full_like(chunk.acc, np.nan) if chunk.gyro is None else chunk.gyro
        new = np.concatenate((self._last, np.column_stack((chunk.t_s, chunk.acc, gyro))))
        samples, broken, restarts = _bridge_gaps(new, self._rate_hz)
        if len(self._last):
            samples, broken, restarts = samples[1:], broken[1:], restarts[1:]
        self._last = new[-1:]
        rows = np.hstack((samples, self._follow(samples, restarts)))
        self._append(self._grid.update(rows, broken))

    def give_up_until(self, end_index: int) -> None:
        """Take what has not come until `end_index` to be missing; should it come, drop it."""
        missing = end_index - self.end_index
        if missing > 0:
            self._queue.append(np.full((missing, 10), np.nan))
            self.end_index = end_index

    def take(self, count: int) -> SegmentChunk:
        """The oldest `count` rows, in segment axes."""
        rows = np.concatenate(self._queue)
        self._queue = [rows[count:]]
        rows = _rotated(rows[:count], self._rotation)
        calibration = self._calibration
        return SegmentChunk(
            acc=rows[:, 0:3].copy(),
            gyro=rows[:, 3:6].copy(),
            up=rows[:, 6:9].copy(),
            peak_ms2=rows[:, 9].copy(),
            calibrated=calibration is not None,
            facing_known=calibration is not None and calibration.facing_known,
            supine_up=None if calibration is None else calibration.supine_up,
        )

    def _append(self, rows: FloatArray) -> None:
        """Queue the grid rows just made, without those given up already."""
        late = self.end_index - (self._grid.next_index - len(rows))
        self._queue.append(rows[late:])
        self.end_index = max(self.end_index, self._grid.next_index)

    def _follow(self, samples: FloatArray, restarts: NDArray[np.bool_]) -> FloatArray:
        """The vertical at each sample, starting afresh where marked."""
        cuts = [0, *np.flatnonzero(restarts[1:]) + 1, len(samples)]
        ups = []
        for start, end in pairwise(cuts):
            if start > 0 or restarts[0]:
                self._orientation.restart()
            ups.append(self._orientation.update(samples[start:end, 1:4], samples[start:end, 4:7]))
        return np.concatenate(ups)


def _bridge_gaps(
    samples: FloatArray, rate_hz: float
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Put interpolated samples where some are missing.

    Takes and gives rows of time, acc, gyro. The second result marks rows before which too much is
    missing to be believed, the third those before which too much is missing even to follow the
    orientation.
    """
    step_s = np.diff(samples[:, 0], prepend=samples[0, 0])
    missing_s = step_s - 1.0 / rate_hz
    restarts = missing_s > MAX_FOLLOWED_S
    inserted = np.where(restarts, 0, np.maximum(np.rint(step_s * rate_hz) - 1, 0)).astype(int)
    broken = is_gap(missing_s)
    if not inserted.any():
        return samples, broken, restarts
    source = np.repeat(np.arange(len(samples)), inserted + 1)
    last_of_source = np.cumsum(inserted + 1) - 1
    from_end = last_of_source[source] - np.arange(len(source))
    weight = (from_end / (inserted[source] + 1))[:, np.newaxis]
    before = samples[np.maximum(source - 1, 0)]
    filled = samples[source] + weight * (before - samples[source])
    return filled, broken[source], restarts[source] & (from_end == 0)


class _Grid:
    """Averages samples onto the body grid, each as soon as the sample after it is known."""

    def __init__(self) -> None:
        self._previous = np.full(10, np.nan)
        self._cell = np.zeros(8)
        self._position = np.zeros(1, dtype=np.int64)

    @property
    def next_index(self) -> int:
        return int(self._position[0])

    def update(self, rows: FloatArray, broken: NDArray[np.bool_]) -> FloatArray:
        """Grid rows of acc, gyro, up and peak, from sample rows of time, acc, gyro and up.

        The stretch before a `broken` row counts as missing.
        """
        capacity = int(rows[-1, 0] * BODY_RATE_HZ) - self.next_index + 2
        out = np.full((max(capacity, 0), 10), np.nan)
        count = _average(rows, broken, self._previous, self._cell, self._position, out)
        return out[:count]


@kernel
def _average(
    rows: FloatArray,
    broken: NDArray[np.bool_],
    previous: FloatArray,
    cell: FloatArray,
    position: NDArray[np.int64],
    out: FloatArray,
) -> int:
    """Fill `out` with the completed grid rows; `cell` holds seconds covered, peak, integrals."""
    first_index = position[0]
    for i in range(len(rows)):
        end_s = rows[i, 0]
        started = not np.isnan(previous[0])
        from_s = previous[0] if started else end_s
        usable = started and not broken[i]
        norm = np.sqrt(rows[i, 1] ** 2 + rows[i, 2] ** 2 + rows[i, 3] ** 2)
        while True:
            cell_end_s = position[0] / BODY_RATE_HZ
            until_s = min(end_s, cell_end_s)
            if usable and until_s > from_s:
                _integrate(previous, rows[i], from_s, until_s, cell)
                from_s = until_s
            if end_s <= cell_end_s:
                cell[1] = max(cell[1], norm)
            if end_s < cell_end_s:
                break
            if usable and cell[0] > 0.5 / BODY_RATE_HZ:
                _complete(previous, rows[i], cell_end_s, cell, out[position[0] - first_index])
            cell[:] = 0.0
            position[0] += 1
            if end_s == cell_end_s:
                break
        previous[:] = rows[i]
    return int(position[0] - first_index)


@kernel
def _integrate(
    before: FloatArray, after: FloatArray, from_s: float, until_s: float, cell: FloatArray
) -> None:
    """Add the integral of the straight line between two samples over part of their interval."""
    middle = (0.5 * (from_s + until_s) - before[0]) / (after[0] - before[0])
    cell[0] += until_s - from_s
    for j in range(6):
        value = before[1 + j] + middle * (after[1 + j] - before[1 + j])
        cell[2 + j] += value * (until_s - from_s)


@kernel
def _complete(
    before: FloatArray, after: FloatArray, at_s: float, cell: FloatArray, out: FloatArray
) -> None:
    """Write the grid row at `at_s`: means over the cell, the vertical at its end, the peak."""
    for j in range(6):
        out[j] = cell[2 + j] / cell[0]
    part = (at_s - before[0]) / (after[0] - before[0])
    norm = 0.0
    for j in range(6, 9):
        out[j] = before[1 + j] + part * (after[1 + j] - before[1 + j])
        norm += out[j] ** 2
    norm = np.sqrt(norm)
    for j in range(6, 9):
        out[j] /= norm
    out[9] = max(cell[1], np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2))


@kernel
def _rotated(rows: FloatArray, rotation: FloatArray) -> FloatArray:
    """Turn the three vectors of each row; sums are written out so that no row depends on others."""
    out = rows.copy()
    for i in range(len(rows)):
        for v in range(0, 9, 3):
            for j in range(3):
                out[i, v + j] = (
                    rotation[j, 0] * rows[i, v]
                    + rotation[j, 1] * rows[i, v + 1]
                    + rotation[j, 2] * rows[i, v + 2]
                )
    return out
