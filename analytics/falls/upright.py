"""Which way is up for an upright body, learned as it walks, where no calibration tells."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.detector import kernel
from analytics.falls.features import angle_deg
from analytics.stepping import has_steps
from sensors.types import GRAVITY_MS2, FloatArray

WINDOW_S = 4.0
MAX_SWAY_DEG = 15.0
"""Two windows in a row that agree so far are walking; what is farther from the last is new."""

LEAST_SD_G = 0.05
"""Of the size of the force: what varies by less is not looked at more closely."""

NEWS_DEG = 3.0
"""What differs by less from the last is the same, and not kept."""


class UprightLearner:
    """Learns the vertical of an upright body in a sensor's axes, since people walk upright.

    Gravity over any two windows of four seconds in a row that look like walking, whatever the body
    does else. A sensor that is put on again otherwise is learned again by the next walk.
    """

    def __init__(self, start_index: int) -> None:
        self.next_index = start_index
        self._before: FloatArray | None = None
        self._learned: list[tuple[int, FloatArray]] = []

    def update(self, rows_g: FloatArray) -> None:
        """Take the next `WINDOW_S`: rows (n, …) that begin with the specific force in g."""
        self.next_index += len(rows_g)
        before, self._before = self._before, _walking(rows_g)
        if before is None or self._before is None:
            return
        if angle_deg(before, self._before) < MAX_SWAY_DEG:
            self._learn(before + self._before)

    def up(self, index: int) -> FloatArray | None:
        """The unit vertical (3,) of an upright body as known at a sample; None before any walk."""
        known = bisect_right(self._learned, index, key=lambda learned: learned[0])
        return self._learned[known - 1][1] if known else None

    def _learn(self, direction: FloatArray) -> None:
        if not self._learned or angle_deg(direction, self._learned[-1][1]) > NEWS_DEG:
            self._learned.append((self.next_index, direction / np.linalg.norm(direction)))


def _walking(rows_g: FloatArray) -> FloatArray | None:
    """The direction (3,) of gravity if the force looks like walking."""
    if _is_calm(rows_g):
        return None
    acc_g = rows_g[:, 0:3]
    if not has_steps(GRAVITY_MS2 * acc_g, BODY_RATE_HZ):
        return None
    gravity_g = acc_g.mean(axis=0)
    return np.asarray(gravity_g / np.linalg.norm(gravity_g))


@kernel
def _is_calm(rows_g: FloatArray) -> bool:
    """Whether the force is too steady for walking: it is nearly always, and soon told."""
    total = squares = 0.0
    for i in range(len(rows_g)):
        square = rows_g[i, 0] ** 2 + rows_g[i, 1] ** 2 + rows_g[i, 2] ** 2
        total += np.sqrt(square)
        squares += square
    mean = total / len(rows_g)
    return not squares / len(rows_g) - mean * mean > LEAST_SD_G**2
