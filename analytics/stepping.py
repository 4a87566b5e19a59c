"""Whether a few seconds have the rhythm of steps, for a sensor of which nothing is known."""

from __future__ import annotations

import numpy as np

from sensors.types import FloatArray

STEP_PERIOD_S = (0.35, 0.85)
"""Steps of a slow walk to a brisk one (70 to 170 a minute)."""

MIN_STEP_REGULARITY = 0.5
"""Autocorrelation of the specific force at the step period (Moe-Nilssen and Helbostad 2004)."""

WALKING_SD_MS2 = (0.6, 6.0)
"""Of the size of the specific force, from a slow walk to a run."""


def has_steps(acc: FloatArray, rate_hz: float) -> bool:
    """Whether the specific force (n, 3) in m/s² over some seconds has the rhythm of steps.

    For a sensor anywhere on the body, in any axes. A sample that is missing (NaN) makes it False.
    """
    force = np.linalg.norm(acc, axis=1)
    force -= force.mean()
    low_ms2, high_ms2 = WALKING_SD_MS2
    if not low_ms2 < force.std() < high_ms2:
        return False
    first, last = (round(period_s * rate_hz) for period_s in STEP_PERIOD_S)
    lags = np.arange(first, last + 1)
    products = np.correlate(force, force, "full")[len(force) - 1 + lags] / (len(force) - lags)
    return bool(products.max() > MIN_STEP_REGULARITY * (force * force).mean())
