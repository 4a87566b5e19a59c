"""Which way is up: the vertical in a sensor's axes, sample by sample."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from vqf import VQF

from analytics.detector import kernel
from sensors.types import FloatArray

ACC_ONLY_TAU_S = 0.16
"""Time constant of the gravity low-pass without a gyroscope: at 1 Hz it lets a bridge pass."""


class Orientation(Protocol):
    """Follows the vertical of one sensor; the result does not depend on how samples are chunked."""

    def update(self, acc: FloatArray, gyro: FloatArray) -> FloatArray:
        """Unit vertical (n, 3) in sensor axes after each of n samples at the sensor's rate.

        `acc` (n, 3) in m/s², `gyro` (n, 3) in rad/s.
        """
        ...

    def restart(self) -> None:
        """Forget the orientation: more time has passed unseen than can be bridged."""
        ...


class GyroOrientation:
    """VQF (Laidig and Seel 2023, doi:10.1016/j.inffus.2022.10.014), 6-axis, as published.

    A restart forgets the orientation but keeps the estimated gyroscope bias, which changes slowly.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._filter = VQF(1.0 / rate_hz)

    def update(self, acc: FloatArray, gyro: FloatArray) -> FloatArray:
        """See `Orientation.update`."""
        filtered = self._filter.updateBatch(np.ascontiguousarray(gyro), np.ascontiguousarray(acc))
        w, x, y, z = filtered["quat6D"].T
        return np.column_stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x**2 + y**2)))

    def restart(self) -> None:
        """See `Orientation.restart`."""
        bias, sigma = self._filter.getBiasEstimate()
        self._filter = VQF(1.0 / self._rate_hz)
        self._filter.setBiasEstimate(bias, sigma)


class AccOrientation:
    """Direction of the low-passed specific force: right at rest, wrong while accelerating."""

    def __init__(self, rate_hz: float) -> None:
        self._weight = 1.0 - np.exp(-1.0 / (rate_hz * ACC_ONLY_TAU_S))
        self._state = np.full(3, np.nan)

    def update(self, acc: FloatArray, gyro: FloatArray) -> FloatArray:
        """See `Orientation.update`; `gyro` is not looked at."""
        return _low_passed_direction(np.ascontiguousarray(acc), self._weight, self._state)

    def restart(self) -> None:
        """See `Orientation.restart`."""
        self._state[:] = np.nan


@kernel
def _low_passed_direction(acc: FloatArray, weight: float, state: FloatArray) -> FloatArray:
    up = np.empty_like(acc)
    for i in range(len(acc)):
        norm = 0.0
        for j in range(3):
            if np.isnan(state[j]):
                state[j] = acc[i, j]
            state[j] += weight * (acc[i, j] - state[j])
            norm += state[j] ** 2
        norm = np.sqrt(norm)
        for j in range(3):
            up[i, j] = state[j] / norm if norm > 0.0 else np.nan
    return up
