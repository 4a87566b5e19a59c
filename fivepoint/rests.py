"""Accelerometers are shown gravity from six sides: which ones they have rested on so far."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fivepoint.poses import Obstacle, Ups
from sensors.types import FloatArray, Placement

REST_SD_MS2 = 0.13
"""A sensor that lies on something varies by less than 13 mg (van Hees 2014), one held by a hand by
more."""

MOST_LEAN_DEG = 25.0
"""A case with rounded sides, put against a book, leans by less."""

SIDES = 6

Side = tuple[int, bool]
"""Which of its axes is upright, 0 to 2, and whether it points up."""


class SixRests:
    """The sides on which each sensor has rested, in any order."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._shown: dict[Placement, list[Side]] = {place: [] for place in placements}

    @property
    def complete(self) -> bool:
        """Whether every sensor has rested on all its sides."""
        return all(len(shown) == SIDES for shown in self._shown.values())

    def objection(self, up: Ups) -> Obstacle | None:
        """Why none of the sensors, which all lie still, shows a side that it has not shown."""
        unfinished = [place for place, shown in self._shown.items() if len(shown) < SIDES]
        objections = [self._objection(place, up[place]) for place in unfinished]
        if None in objections:
            return None
        return max(filter(None, objections), key=lambda obstacle: obstacle.pressing)

    def take(self, up: Ups) -> str:
        """Note the sides that are new, and tell how many each sensor has shown."""
        for place, shown in self._shown.items():
            if self._objection(place, up[place]) is None:
                shown.append(_side(up[place]))
        counts = (f"{place} {len(shown)} of {SIDES}" for place, shown in self._shown.items())
        return f"Sides seen: {', '.join(counts)}."

    def _objection(self, place: Placement, up: FloatArray) -> Obstacle | None:
        shown = self._shown[place]
        lean_deg = float(np.degrees(np.arccos(min(np.abs(up).max(), 1.0))))
        if lean_deg > MOST_LEAN_DEG:
            return Obstacle(
                f"The {place} sensor leans by {lean_deg:.0f}° from the side it should rest on",
                "Lay it flat on that side, or put it against something upright",
            )
        if _side(up) in shown:
            turned = _side(up) != shown[-1]
            return Obstacle(
                f"The {place} sensor has rested on this side before",
                "Turn it to another side and let go of it",
                pressing=turned,
            )
        return None


def _side(up: FloatArray) -> Side:
    axis = int(np.argmax(np.abs(up)))
    return axis, bool(up[axis] > 0)
