"""Tremor: the fast part of what a sensor feels while the body holds still."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from sensors.types import FloatArray

BAND_HZ = (4.0, 12.0)
"""Of physiological and pathological tremor (Bhatia et al. 2018, Mov Disord 33:75)."""

MIN_HOLD_S = 2.0
"""Eight cycles of the slowest tremor."""

MIN_RATE_HZ = 36.0
"""Three samples a cycle of the fastest; of fewer, straight lines between them leave too little."""


def tremor(signal: FloatArray, rate_hz: float) -> float | None:
    """Root mean square within 4 to 12 Hz of a signal (n, 3) on the body grid, in its own unit.

    `rate_hz` is the sensor's own rate. What the grid's mean over 20 ms and the straight lines
    between the sensor's samples take away of each frequency is given back: at 12 Hz 9 % by the
    grid, and 16 % by a sensor at 52 Hz. The sensor's own noise is in it, for current MEMS sensors
    about 0.06 °/s or 0.01 m/s², and soft tissue swings along: on simulated wearers it errs by up to
    40 % at the pelvis and 90 % at the waist, so compare it within a set. None for less than 2 s and
    for a sensor slower than 36 Hz.
    """
    count = len(signal)
    if count < MIN_HOLD_S * BODY_RATE_HZ or rate_hz < MIN_RATE_HZ:
        return None
    window = np.hanning(count)[:, np.newaxis]
    spectrum = np.fft.rfft(window * (signal - signal.mean(axis=0)), axis=0)
    frequency_hz = np.fft.rfftfreq(count, 1.0 / BODY_RATE_HZ)
    within = (frequency_hz >= BAND_HZ[0]) & (frequency_hz <= BAND_HZ[1])
    felt = spectrum[within] / _left(frequency_hz[within], rate_hz)[:, np.newaxis]
    power = 2.0 * float((np.abs(felt) ** 2).sum()) / (count * float((window**2).sum()))
    return float(np.sqrt(power))


def _left(frequency_hz: NDArray[np.floating], rate_hz: float) -> FloatArray:
    """What is left of an amplitude after joining samples by lines and averaging onto the grid."""
    joined, averaged = np.sinc(frequency_hz / rate_hz) ** 2, np.sinc(frequency_hz / BODY_RATE_HZ)
    return np.asarray(joined * averaged)
