"""Which way is up for an upright body, learned as it walks, where no calibration tells."""

from __future__ import annotations

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.falls.features import angle_deg
from sensors.types import FloatArray

WINDOW_S = 4.0
STEP_PERIOD_S = (0.35, 0.85)
"""Steps of a slow walk to a brisk one (70 to 170 a minute)."""

MIN_STEP_REGULARITY = 0.5
"""Autocorrelation of the specific force at the step period (Moe-Nilssen and Helbostad 2004)."""

WALKING_SD_G = (0.06, 0.6)
MAX_SWAY_DEG = 15.0
"""Two windows in a row that agree so far are walking; what is farther from the last is new."""

FORGOTTEN_S = 120.0
"""How far back it must be known what was taken for upright, at least."""


class UprightLearner:
    """Learns the vertical of an upright body in a sensor's axes, since people walk upright.

    Gravity over any two windows of four seconds in a row that look like walking, whatever the body
    does else. A sensor that is put on again otherwise is learned again by the next walk.
    """

    def __init__(self, start_index: int) -> None:
        self.next_index = start_index
        self._before: FloatArray | None = None
        self._learned: list[tuple[int, FloatArray]] = []

    def update(self, window_g: FloatArray) -> None:
        """Take the specific force (n, 3) in g over the next `WINDOW_S`."""
        self.next_index += len(window_g)
        before, self._before = self._before, _walking(window_g)
        if before is None or self._before is None:
            return
        if angle_deg(before, self._before) < MAX_SWAY_DEG:
            self._learned.append((self.next_index, before + self._before))
        while len(self._learned) > 1 and self._is_forgotten(self._learned[1][0]):
            del self._learned[0]

    def up(self, index: int) -> FloatArray | None:
        """The unit vertical (3,) of an upright body as known at a sample; None before any walk."""
        known = [up for learned_at, up in self._learned if learned_at <= index]
        return known[-1] / np.linalg.norm(known[-1]) if known else None

    def _is_forgotten(self, index: int) -> bool:
        return index < self.next_index - FORGOTTEN_S * BODY_RATE_HZ


def _walking(acc_g: FloatArray) -> FloatArray | None:
    """The direction (3,) of gravity if the force looks like walking."""
    size_g = np.sqrt((acc_g * acc_g).sum(axis=1))
    size_g -= size_g.mean()
    power = float((size_g * size_g).mean())
    low_g, high_g = WALKING_SD_G
    if not low_g**2 < power < high_g**2:
        return None
    first, last = (round(period_s * BODY_RATE_HZ) for period_s in STEP_PERIOD_S)
    regularity = max((size_g[lag:] * size_g[:-lag]).mean() for lag in range(first, last + 1))
    if regularity < MIN_STEP_REGULARITY * power:
        return None
    gravity_g = acc_g.mean(axis=0)
    return np.asarray(gravity_g / np.linalg.norm(gravity_g))
