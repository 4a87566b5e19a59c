"""What a virtual sensor feels: a stream played at any rate, held before its start and after."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sensors.types import Chunk, FloatArray, Placement, by_placement


class Motion:
    """One sensor's stream, as recorded or simulated, that can be felt at any time."""

    def __init__(self, stream: Chunk) -> None:
        self._stream = stream
        self._start_s = float(stream.t_s[0])
        self._acc = np.ascontiguousarray(stream.acc.T)
        self._gyro = None if stream.gyro is None else np.ascontiguousarray(stream.gyro.T)

    @property
    def placement(self) -> Placement:
        """Where it was felt."""
        return self._stream.placement

    @property
    def duration_s(self) -> float:
        """From its first to its last sample."""
        return float(self._stream.t_s[-1]) - self._start_s

    def acc(self, at_s: FloatArray) -> FloatArray:
        """Specific force (n, 3) in m/s² at times (n,) from the start, interpolated linearly."""
        return self._felt(self._acc, at_s)

    def gyro(self, at_s: FloatArray) -> FloatArray:
        """Angular rate (n, 3) in rad/s; none before the start, after the end and where unknown."""
        if self._gyro is None:
            return np.zeros((len(at_s), 3))
        moving = (at_s >= 0) & (at_s <= self.duration_s)
        return np.where(moving[:, np.newaxis], self._felt(self._gyro, at_s), 0.0)

    def _felt(self, axes: FloatArray, at_s: FloatArray) -> FloatArray:
        """The values (n, 3) at times from the start, of axes (3, m) that lie whole in memory."""
        t_s = at_s + self._start_s
        return np.stack([np.interp(t_s, self._stream.t_s, axis) for axis in axes], axis=1)


def motions(chunks: Iterable[Chunk]) -> dict[Placement, Motion]:
    """The motions of all streams of a recording or a simulation."""
    return {placement: Motion(stream) for placement, stream in by_placement(chunks).items()}
