"""Sensor samples to body samples: gaps, calibration, orientation, and one common time grid."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from analytics.body import BODY_RATE_HZ, SEGMENT_OF, BodyChunk, SegmentChunk
from analytics.frontend.orientation import AccOrientation, GyroOrientation, Orientation
from analytics.frontend.resampling import (
    GRID_ROW,
    averaged,
    bridged,
    new_cell,
    no_sample,
    write_in_axes,
)
from sensors.types import Calibration, Chunk, FloatArray, StreamInfo

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
        end_index = min(sensor.end_index for sensor in self._sensors.values())
        return self._take_until(end_index)

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
        self._correction = None if calibration is None else calibration.acc_correction
        self._orientation: Orientation = (
            AccOrientation(info.rate_hz)
            if info.gyro_scale_rads is None
            else GyroOrientation(info.rate_hz)
        )
        self._last = no_sample()
        self._cell = new_cell()
        self._queue: deque[FloatArray] = deque()
        self._made = 0
        self.end_index = 0

    def push(self, chunk: Chunk) -> None:
        t_s, acc = chunk.t_s, np.ascontiguousarray(chunk.acc)
        gyro = np.full_like(acc, np.nan) if chunk.gyro is None else np.ascontiguousarray(chunk.gyro)
        if self._correction is not None:
            acc = self._correction.applied(acc)
        broken, unseen_s = np.zeros(len(t_s), dtype=np.bool_), np.zeros(len(t_s))
        filled = bridged(t_s, acc, gyro, self._rate_hz, self._last)
        if filled is not None:
            t_s, acc, gyro, broken, unseen_s = filled
        up = self._orientation.update(acc, gyro, unseen_s)
        self._append(averaged(t_s, acc, gyro, up, broken, self._cell))

    def give_up_until(self, end_index: int) -> None:
        """Take what has not come until `end_index` to be missing; should it come, drop it."""
        missing = end_index - self.end_index
        if missing > 0:
            self._queue.append(np.full((missing, GRID_ROW), np.nan))
            self.end_index = end_index

    def take(self, count: int) -> SegmentChunk:
        """The oldest `count` rows, in segment axes."""
        acc, gyro, up = np.empty((count, 3)), np.empty((count, 3)), np.empty((count, 3))
        peak_ms2 = np.empty(count)
        taken = 0
        while taken < count:
            rows = self._queue.popleft()
            if len(rows) > count - taken:
                self._queue.appendleft(rows[count - taken :])
                rows = rows[: count - taken]
            write_in_axes(rows, self._rotation, taken, acc, gyro, up, peak_ms2)
            taken += len(rows)
        calibration = self._calibration
        return SegmentChunk(
            acc=acc,
            gyro=gyro,
            up=up,
            peak_ms2=peak_ms2,
            calibrated=calibration is not None,
            facing_known=calibration is not None and calibration.facing_known,
            supine_up=None if calibration is None else calibration.supine_up,
            rate_hz=self._rate_hz,
        )

    def _append(self, rows: FloatArray) -> None:
        """Queue the grid rows just made, without those given up already."""
        self._made += len(rows)
        new = self._made - self.end_index
        if new > 0:
            self._queue.append(rows[len(rows) - new :])
            self.end_index = self._made
