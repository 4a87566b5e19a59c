"""Which way a tilt raises the sensor: told from the sensor itself, however it is mounted."""

from __future__ import annotations

import numpy as np

from analytics.body import BODY_RATE_HZ
from sensors.types import GRAVITY_MS2, FloatArray

_INDEPENDENT_PER_S = 2.0
_MIN_NOISE_MS2 = 0.003
"""A quieter force says nothing of how well it fits: it may be rounded."""

_ARM_SD_M = 0.3
"""Lever arms are of this size, before anything is known of one …"""
_ERRORS_SD_MS2 = 2.0
"""… and what offsets and gains add to the force is of this."""

_ROUNDS = 3


class _Smoother:
    """A Gaussian of standard deviation `sigma_s`, and its second derivative."""

    def __init__(self, sigma_s: float) -> None:
        self.half_width = round(4.0 * sigma_s * BODY_RATE_HZ)
        offset_s = np.arange(-self.half_width, self.half_width + 1) / BODY_RATE_HZ
        self._kernel = np.exp(-0.5 * (offset_s / sigma_s) ** 2)
        self._kernel /= self._kernel.sum()
        self._bend = self._kernel * (offset_s**2 / sigma_s**4 - 1.0 / sigma_s**2)

    def smooth(self, values: FloatArray) -> FloatArray:
        """The values (n, …) smoothed, without half a width at each end."""
        return _along_time(values, self._kernel)

    def acceleration(self, values: FloatArray) -> FloatArray:
        """Their second derivative, smoothed as much."""
        return _along_time(values, self._bend)


def _along_time(values: FloatArray, kernel: FloatArray) -> FloatArray:
    if values.ndim == 1:
        return np.convolve(values, kernel, mode="valid")
    return np.column_stack([np.convolve(column, kernel, mode="valid") for column in values.T])


_ONE_MOVEMENT = _Smoother(0.2)
"""About 1 Hz: faster, the tilt of an accelerometer is mostly motion."""
_MANY_MOVEMENTS = _Smoother(0.3)
"""Where there are many, noise in the second derivative makes the arm too short."""


class LeverArm:
    """The sensor's place beside the pivot about which it turns, learnt from many movements.

    A sensor that is rigidly held at r (3,), in its own axes, from a pivot that stays where it is,
    is r · up higher than the pivot. So the magnitude of the specific force exceeds gravity by r ·
    the second derivative of the vertical, and by what the accelerometer's offsets and gains add,
    which goes with the vertical itself. By least squares over all samples, each taken once, with
    what is known before of the size of both.
    """

    def __init__(self) -> None:
        self._products = np.zeros((8, 8))
        self._taken_until = -1
        self._samples = 0
        self._place_m = np.zeros(3)
        self._covariance_m2 = np.diag(np.full(3, np.inf))

    def learn(self, force_ms2: FloatArray, up: FloatArray, first: int) -> None:
        """Take in a movement: specific force (n,) and vertical (n, 3) from sample `first` on."""
        margin = _MANY_MOVEMENTS.half_width
        if len(up) <= 2 * margin:
            return
        told = np.column_stack(
            (
                _MANY_MOVEMENTS.acceleration(up),
                _MANY_MOVEMENTS.smooth(up),
                np.ones(len(up) - 2 * margin),
                _MANY_MOVEMENTS.smooth(force_ms2) - GRAVITY_MS2,
            )
        )
        new = told[max(self._taken_until - first - margin, 0) :]
        self._taken_until = max(self._taken_until, first + len(up) - margin)
        self._products += new.T @ new
        self._samples += len(new)
        self._fit()

    def along(self, axis: FloatArray) -> float:
        """The arm in metres for tilts towards `axis` (3,); positive means that the sensor rises."""
        return float(self._place_m @ axis)

    def error_m(self, axis: FloatArray) -> float:
        """Standard error of the arm towards `axis` (3,)."""
        return float(np.sqrt(axis @ self._covariance_m2 @ axis))

    def _fit(self) -> None:
        expected = 1.0 / np.array([_ARM_SD_M] * 3 + [_ERRORS_SD_MS2] * 4) ** 2
        products, towards = self._products[:7, :7], self._products[:7, 7]
        per_sample = _INDEPENDENT_PER_S / BODY_RATE_HZ
        noise_ms2 = 10.0 * _MIN_NOISE_MS2
        for _ in range(_ROUNDS):
            inverse = np.linalg.inv(products * per_sample / noise_ms2**2 + np.diag(expected))
            found = inverse @ towards * per_sample / noise_ms2**2
            rest = self._products[7, 7] - 2.0 * found @ towards + found @ products @ found
            independent = max(self._samples * per_sample - len(found), 1.0)
            noise_ms2 = max(np.sqrt(max(rest, 0.0) * per_sample / independent), _MIN_NOISE_MS2)
        self._place_m, self._covariance_m2 = found[:3], inverse[:3, :3]


def lever_arm_m(force_ms2: FloatArray, tilt_rad: FloatArray) -> tuple[float, float]:
    """Horizontal lever arm of a sensor that tilts about a fixed pivot, and its standard error.

    Of a single movement, by least squares of the specific force (n,) on the second derivative of
    the tilt (n,), next to an offset and a part that goes with the tilt itself (the sensor's scale
    error). Positive means that the sensor rises as the tilt grows. The error is infinite where the
    movement is too short.
    """
    if len(tilt_rad) < 3 * _ONE_MOVEMENT.half_width:
        return 0.0, np.inf
    force, tilt = _ONE_MOVEMENT.smooth(force_ms2), _ONE_MOVEMENT.smooth(tilt_rad)
    acceleration = _ONE_MOVEMENT.acceleration(tilt_rad)
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
