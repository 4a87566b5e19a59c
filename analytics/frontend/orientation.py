"""Which way is up: the vertical in a sensor's axes, sample by sample."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from analytics.detector import kernel
from analytics.frontend import vqf_kernel
from analytics.frontend.resampling import MAX_FOLLOWED_S
from sensors.types import FloatArray

ACC_ONLY_TAU_S = 0.16
"""Time constant of the gravity low-pass without a gyroscope: at 1 Hz it lets a bridge pass."""


class Orientation(Protocol):
    """Follows the vertical of one sensor; the result does not depend on how samples are chunked."""

    def update(self, acc: FloatArray, gyro: FloatArray, unseen_s: FloatArray) -> FloatArray:
        """Unit vertical (n, 3) in sensor axes after each of n samples at the sensor's rate.

        `acc` (n, 3) in m/s², `gyro` (n, 3) in rad/s. `unseen_s` (n,) is how long a gap there was
        before a sample, or 0: the longer, the less the orientation before it says, and after
        `MAX_FOLLOWED_S` it starts afresh.
        """
        ...


class GyroOrientation:
    """VQF without a magnetometer, as published but for its pace (see `vqf_kernel`).

    Starting afresh keeps the estimated bias of the gyroscope, which changes slowly.
    """

    def __init__(self, rate_hz: float) -> None:
        self._params = vqf_kernel.parameters(rate_hz)
        self._state = vqf_kernel.new_state()

    def update(self, acc: FloatArray, gyro: FloatArray, unseen_s: FloatArray) -> FloatArray:
        """See `Orientation.update`."""
        return vqf_kernel.follow(acc, gyro, unseen_s, self._params, self._state)


class AccOrientation:
    """Direction of the low-passed specific force: right at rest, wrong while accelerating."""

    def __init__(self, rate_hz: float) -> None:
        self._weight = 1.0 - np.exp(-1.0 / (rate_hz * ACC_ONLY_TAU_S))
        self._state = np.full(3, np.nan)

    def update(self, acc: FloatArray, gyro: FloatArray, unseen_s: FloatArray) -> FloatArray:
        """See `Orientation.update`; `gyro` is not looked at."""
        return _low_passed_direction(acc, unseen_s, self._weight, self._state)


@kernel
def _low_passed_direction(
    acc: FloatArray, unseen_s: FloatArray, weight: float, state: FloatArray
) -> FloatArray:
    up = np.empty_like(acc)
    for i in range(len(acc)):
        norm = 0.0
        for j in range(3):
            if unseen_s[i] > MAX_FOLLOWED_S or np.isnan(state[j]):
                state[j] = acc[i, j]
            state[j] += weight * (acc[i, j] - state[j])
            norm += state[j] ** 2
        norm = np.sqrt(norm)
        for j in range(3):
            up[i, j] = state[j] / norm if norm > 0.0 else np.nan
    return up
