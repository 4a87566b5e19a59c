"""Which way a tilt raises the sensor: told from the sensor itself, however it is mounted."""

from __future__ import annotations

import numpy as np

from analytics.body import BODY_RATE_HZ
from sensors.types import FloatArray

_SIGMA_S = 0.2
"""Both sides are smoothed to about 1 Hz: faster, the tilt of an accelerometer is mostly motion."""

_HALF_WIDTH = round(4.0 * _SIGMA_S * BODY_RATE_HZ)
_OFFSET_S = np.arange(-_HALF_WIDTH, _HALF_WIDTH + 1) / BODY_RATE_HZ
_SMOOTH = np.exp(-0.5 * (_OFFSET_S / _SIGMA_S) ** 2)
_SMOOTH /= _SMOOTH.sum()
_SECOND_DERIVATIVE = _SMOOTH * (_OFFSET_S**2 / _SIGMA_S**4 - 1.0 / _SIGMA_S**2)
_INDEPENDENT_PER_S = 2.0
_MIN_NOISE_MS2 = 0.003
"""A quieter force says nothing of how well it fits: it may be rounded."""


class LeverArm:
    """Lever arm from the pivot to the sensor, learnt from movements about one hinge.

    A segment that turns about a pivot lifts its sensor by the arm times the tilt, so the magnitude
    of the specific force exceeds gravity by the arm times the tilt's second derivative. The arm is
    kept as a vector in the sensor's axes, each movement weighted by its certainty.
    """

    def __init__(self) -> None:
        self._weighted_m = np.zeros(3)
        self._weight = 0.0

    def learn(self, force_ms2: FloatArray, tilt_rad: FloatArray, axis: FloatArray) -> None:
        """Take in a movement: specific force (n,), and tilt (n,) towards `axis` (3,)."""
        arm_m, error_m = lever_arm_m(force_ms2, tilt_rad)
        if error_m < np.inf:
            self._weighted_m = self._weighted_m + arm_m / error_m**2 * axis
            self._weight += 1.0 / error_m**2

    def along(self, axis: FloatArray) -> float:
        """The arm in metres for tilts towards `axis`; positive means that the sensor rises."""
        return float(self._weighted_m @ axis) / self._weight if self._weight else 0.0

    @property
    def error_m(self) -> float:
        """Standard error of the arm."""
        return float(1.0 / np.sqrt(self._weight)) if self._weight else np.inf


def lever_arm_m(force_ms2: FloatArray, tilt_rad: FloatArray) -> tuple[float, float]:
    """Horizontal lever arm of a sensor that tilts about a fixed pivot, and its standard error.

    By least squares of the specific force (n,) on the second derivative of the tilt (n,), next to
    an offset and a part that goes with the tilt itself (the sensor's scale error). Positive means
    that the sensor rises as the tilt grows. The error is infinite where the movement is too short.
    """
    if len(tilt_rad) < 3 * _HALF_WIDTH:
        return 0.0, np.inf
    force = np.convolve(force_ms2, _SMOOTH, mode="valid")
    tilt = np.convolve(tilt_rad, _SMOOTH, mode="valid")
    acceleration = np.convolve(tilt_rad, _SECOND_DERIVATIVE, mode="valid")
    other = np.column_stack((np.ones_like(tilt), tilt))
    acceleration = acceleration - other @ np.linalg.lstsq(other, acceleration)[0]
    power = float(acceleration @ acceleration)
    if power == 0.0:
        return 0.0, np.inf
    force = force - other @ np.linalg.lstsq(other, force)[0]
    arm_m = float(acceleration @ force) / power
    rest = force - arm_m * acceleration
    independent = max(len(rest) / BODY_RATE_HZ * _INDEPENDENT_PER_S - 3.0, 1.0)
    noise = max(float(rest @ rest), len(rest) * _MIN_NOISE_MS2**2)
    return arm_m, float(np.sqrt(noise / (independent * power)))
