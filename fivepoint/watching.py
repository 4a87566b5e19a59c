"""What worn sensors showed in the last seconds: a pose that was held, steps, a lift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from analytics.calibration import MAX_POSE_SD_MS2, Seconds
from fivepoint.poses import Obstacle, Ups, lift_deg
from sensors.types import Chunk, FloatArray, Placement

_LOOK_S = 0.5
_SETTLING_S = 0.5
_LATEST_S = 5.0
_STEPS = 3
_STEPPING_SD_MS2 = 1.0


class Hold(NamedTuple):
    """For how long to be how still, and what helps somebody or something that is not."""

    seconds: float
    max_sd_ms2: float = MAX_POSE_SD_MS2
    remedy: str = "When you are ready, hold still; if you do, fasten it"


class Pose(NamedTuple):
    """When a pose was held, and what was up at each sensor."""

    seconds: Seconds
    up: Ups


class LatestSamples:
    """The newest samples of each sensor, enough to see a hold of `longest_hold_s`."""

    def __init__(self, placements: Iterable[Placement], longest_hold_s: float) -> None:
        self._recent: dict[Placement, list[Chunk]] = {place: [] for place in placements}
        self._kept_s = longest_hold_s + _LATEST_S
        self.now_s = 0.0

    @property
    def placements(self) -> Iterable[Placement]:
        """Where the sensors are worn."""
        return self._recent

    def add(self, chunk: Chunk) -> None:
        """Take the next samples of one sensor, at least one."""
        kept = [*self._recent[chunk.placement], chunk]
        since_s = chunk.t_s[-1] - self._kept_s
        self._recent[chunk.placement] = [each for each in kept if each.t_s[-1] >= since_s]
        self.now_s = max(self.now_s, float(chunk.t_s[-1]))

    def pose(self, since_s: float, hold: Hold) -> Pose | Obstacle:
        """The pose that all sensors have held still, or why there is none."""
        last_s = {place: self._last_s(place) for place in self._recent}
        slowest = min(last_s, key=lambda place: last_s[place])
        end_s = last_s[slowest]
        start_s = end_s - hold.seconds
        if max(end_s, since_s + hold.seconds) < self.now_s - _LATEST_S:
            return Obstacle(f"The {slowest} sensor sends nothing", "See that it is on and near")
        windows = {place: self._acc(place, start_s, end_s) for place in self._recent}
        if start_s < since_s or not all(len(acc) for acc in windows.values()):
            return Obstacle("There was too little time", "Hold still", pressing=False)
        for placement, acc in windows.items():
            if acc.std(axis=0).max() > hold.max_sd_ms2:
                return Obstacle(f"The {placement} sensor still moves", hold.remedy, pressing=False)
        up = {place: _unit(acc) for place, acc in windows.items()}
        return Pose((start_s + _SETTLING_S, end_s), up)

    def step_together(self, since_s: float) -> bool:
        """Whether all sensors have moved in each of the last seconds that all have sent."""
        end_s = min(map(self._last_s, self._recent))
        starts_s = [end_s - back for back in range(1, _STEPS + 1)]
        return starts_s[-1] >= since_s and all(
            self._moved(place, start_s) for place in self._recent for start_s in starts_s
        )

    def rise_deg(self, placement: Placement, standing: Ups, lying: Ups) -> float:
        """How far a sensor is turned just now from lying, as in a lift."""
        end_s = self._last_s(placement)
        acc = self._acc(placement, end_s - _LOOK_S, end_s)
        if len(acc) == 0:
            return 0.0
        return lift_deg(standing[placement], lying[placement], _unit(acc))

    def _moved(self, placement: Placement, start_s: float) -> bool:
        acc = self._acc(placement, start_s, start_s + 1.0)
        return len(acc) > 0 and bool(acc.std(axis=0).max() > _STEPPING_SD_MS2)

    def _last_s(self, placement: Placement) -> float:
        chunks = self._recent[placement]
        return float(chunks[-1].t_s[-1]) if chunks else -np.inf

    def _acc(self, placement: Placement, start_s: float, end_s: float) -> FloatArray:
        """Specific force (n, 3) between two times."""
        parts = [
            chunk.acc[(chunk.t_s > start_s) & (chunk.t_s <= end_s)]
            for chunk in self._recent[placement]
            if chunk.t_s[-1] > start_s
        ]
        return np.concatenate([np.empty((0, 3)), *parts])


def _unit(acc: FloatArray) -> FloatArray:
    mean: FloatArray = acc.mean(axis=0)
    unit: FloatArray = mean / np.linalg.norm(mean)
    return unit
