"""Joining acceleration and angular rate that a sensor sends, and stamps, apart from each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sensors.clock import MAX_BRIDGED_S
from sensors.devices.family import Samples
from sensors.types import FloatArray

_MOST_WAITING = 16
"""Packets of acceleration that wait for angular rates; what waits longer is a lost packet's."""
_MOST_GYRO_SAMPLES = 4096


class SixAxes:
    """Gives each acceleration the angular rate of its time, by straight lines between two rates.

    A sample whose neighbouring angular rates were lost is lost too, and leaves a gap.
    """

    def __init__(self, tick_hz: float, tick_modulus: int) -> None:
        self._tick_hz = tick_hz
        self._modulus = tick_modulus
        self._first: int | None = None
        self._acc: deque[Samples] = deque(maxlen=_MOST_WAITING)
        self._gyro_ticks = np.empty(0, np.int64)
        self._gyro = np.empty((0, 3))

    def add_acc(self, samples: Samples) -> Iterator[Samples]:
        """Take acceleration in `acc`; what is complete now."""
        self._acc.append(samples)
        return self._complete()

    def add_gyro(self, samples: Samples) -> Iterator[Samples]:
        """Take angular rates, in rad/s, in `acc`; what is complete now."""
        ticks = self._ticks(samples)
        if len(self._gyro_ticks) and ticks[0] <= self._gyro_ticks[-1]:
            self._gyro_ticks, self._gyro = self._gyro_ticks[:0], self._gyro[:0]
        kept = slice(-_MOST_GYRO_SAMPLES, None)
        self._gyro_ticks = np.concatenate([self._gyro_ticks, ticks])[kept]
        self._gyro = np.concatenate([self._gyro, samples.acc])[kept]
        return self._complete()

    def _complete(self) -> Iterator[Samples]:
        while self._acc and len(self._gyro_ticks):
            ticks = self._ticks(self._acc[0])
            if ticks[-1] > self._gyro_ticks[-1]:
                return
            yield from self._joined(self._acc.popleft(), ticks)

    def _joined(self, samples: Samples, ticks: NDArray[np.int64]) -> Iterator[Samples]:
        gyro = self._gyro_at(ticks)
        known = np.isfinite(gyro[:, 0])
        edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
        for start, end in edges.reshape(-1, 2):
            first = (int(ticks[start]) + (self._first or 0)) % self._modulus
            yield Samples(samples.acc[start:end], gyro[start:end], first, samples.interval_s)

    def _gyro_at(self, ticks: NDArray[np.int64]) -> FloatArray:
        """Angular rates (n, 3) at those times, NaN where they are not known."""
        after = np.searchsorted(self._gyro_ticks, ticks)
        before = np.maximum(after - (self._gyro_ticks[after] > ticks), 0)
        start, end = self._gyro_ticks[before], self._gyro_ticks[after]
        step = end - start
        weight = ((ticks - start) / np.maximum(step, 1))[:, None]
        gyro: FloatArray = self._gyro[before] * (1 - weight) + self._gyro[after] * weight
        unknown = (ticks < start) | (step > MAX_BRIDGED_S * self._tick_hz)
        gyro[unknown] = np.nan
        return gyro

    def _ticks(self, samples: Samples) -> NDArray[np.int64]:
        """Ticks (n,) of the samples from the first that was ever seen, which may be negative."""
        if samples.ticks is None:
            raise ValueError("samples without a clock cannot be joined")
        if self._first is None:
            self._first = samples.ticks
        half = self._modulus // 2
        since = (samples.ticks - self._first + half) % self._modulus - half
        steps = np.arange(len(samples.acc)) * samples.interval_s * self._tick_hz
        ticks: NDArray[np.int64] = since + np.rint(steps).astype(np.int64)
        return ticks
