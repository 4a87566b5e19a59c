"""What is usual in the repetitions of a person, to tell those that were only tried."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from analytics.bridging.limits import RangeParams
from analytics.events import Repetition

_REMEMBERED = 5


class Usual:
    """What is usual in the last repetitions, to tell those that were only tried."""

    def __init__(self, params: RangeParams) -> None:
        self._params = params
        self._last: deque[Repetition] = deque(maxlen=_REMEMBERED)

    def compared(self, repetition: Repetition) -> Repetition:
        """The repetition, partial if it was cut off, or is shallow or short beside the usual.

        What is usual is forgotten after a pause. Shallow and short ones take part in it: several
        alike are not tries.
        """
        if not self.is_in_set(repetition.start_s):
            self._last.clear()
        tried = bool(self._last) and self._is_tried(repetition)
        if not repetition.partial:
            self._last.append(repetition)
        return replace(repetition, partial=repetition.partial or tried)

    def is_in_set(self, start_s: float) -> bool:
        """Whether there was a repetition not long before."""
        if not self._last:
            return False
        return start_s - self._last[-1].end_s <= self._params.max_pause_s

    def _is_tried(self, repetition: Repetition) -> bool:
        peak_deg = np.median([usual.peak_deg for usual in self._last])
        hold_s = np.median([usual.hold_s for usual in self._last])
        shallow = repetition.peak_deg < self._params.shallow_part * peak_deg
        up_s = np.median([_up_s(usual) for usual in self._last])
        dropped = (
            hold_s >= self._params.min_usual_hold_s
            and repetition.hold_s < self._params.short_part * hold_s
            and _up_s(repetition) < self._params.short_up_part * up_s
        )
        return bool(shallow or dropped)


def _up_s(repetition: Repetition) -> float:
    """How long the hips were up, from half way to half way."""
    return 0.5 * (repetition.end_s - repetition.start_s + repetition.hold_s)
