"""Guided calibration: says what to do next, from what the sensors see, and refuses a bad pose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.calibration import MAX_POSE_SD_MS2, POSE_ANGLE_DEG, CalibrationError, Seconds
from sensors.source import Source, opened
from sensors.types import Chunk, FloatArray, Placement, StreamInfo

STAND = "Stand upright and still."
LIE = "Good. Now lie down flat on your back, legs stretched, and lie still."
LIFT = "Good. Now bend your knees, and lift your hips once."
DONE = "Good. That is all."

Waiting = Generator[None, None, None]
_Ups = Mapping[Placement, FloatArray]

_LOOK_S = 0.5
_SETTLING_S = 0.5
_OTHER_POSE_DEG = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideParams:
    """How long poses are held and waited for, and how far the hips are lifted."""

    hold_s: float = 3.0
    """A breath: the pose's mean is then known to a tenth of a degree. Engineering judgement."""
    alone_hold_s: float = 8.0
    """The same for lying without a lift after it: longer than the rest on the side in a log-roll,
    which then nothing else tells from lying on the back."""
    prepare_s: float = 1.0
    """Stillness that began before the instruction could be heard is not an answer to it."""
    patience_s: float = 120.0
    """Lying down slowly by a log-roll takes half a minute."""
    lift_deg: float = 8.0
    """Half of a shallow bridge, and far above breathing."""
    lift_s: tuple[float, float] = (2.0, 1.0)
    """How long before and after that the lift is watched, to see about which axis it turns."""


@dataclass(frozen=True, slots=True)
class _Pose:
    """When a pose was held, and the mean specific force (3,) at each sensor, of length 1."""

    seconds: Seconds
    up: _Ups


class Guide:
    """Guides through standing, lying and lifting once, with the samples that come meanwhile.

    `tell` is given each instruction, and what is wrong when a pose is held but is not the one.
    """

    def __init__(
        self,
        placements: Iterable[Placement],
        tell: Callable[[str], None],
        *,
        lift: bool = True,
        params: GuideParams | None = None,
    ) -> None:
        self._params = params or GuideParams()
        self._tell = tell
        self._asks_lift = lift
        self._recent: dict[Placement, list[Chunk]] = {place: [] for place in placements}
        self._now_s = 0.0
        self._waiting = self._steps()
        self._obstacle = ""
        self.still: Seconds | None = None
        self.lying: Seconds | None = None
        self.lift: Seconds | None = None
        self.done = False

    def update(self, chunk: Chunk) -> None:
        """Take the next samples of one sensor; CalibrationError when patience is at its end."""
        if self.done or len(chunk.t_s) == 0:
            return
        kept = [*self._recent[chunk.placement], chunk]
        since_s = chunk.t_s[-1] - self._params.alone_hold_s - 1.0
        self._recent[chunk.placement] = [each for each in kept if each.t_s[-1] >= since_s]
        self._now_s = max(self._now_s, float(chunk.t_s[-1]))
        next(self._waiting, None)

    def _steps(self) -> Waiting:
        self._tell(STAND)
        standing = yield from self._held(self._params.hold_s, lambda up: None)
        self.still = standing.seconds
        self._tell(LIE)
        hold_s = self._params.hold_s if self._asks_lift else self._params.alone_hold_s
        lying = yield from self._held(hold_s, lambda up: _not_lying(standing.up, up))
        if self._asks_lift:
            self._tell(LIFT)
            lying = yield from self._lifted(standing.up, lying)
            before_s, after_s = self._params.lift_s
            self.lift = (self._now_s - before_s, self._now_s + after_s)
            while self._now_s < self.lift[1]:
                yield
        self.lying = lying.seconds
        self._tell(DONE)
        self.done = True

    def _held(
        self, hold_s: float, objection: Callable[[_Ups], str | None]
    ) -> Generator[None, None, _Pose]:
        """Wait until all sensors are still in a pose without objection."""
        since_s = self._now_s + self._params.prepare_s
        while (pose := self._pose(since_s, hold_s, objection)) is None:
            self._wait(since_s)
            yield
        return pose

    def _pose(
        self, since_s: float, hold_s: float, objection: Callable[[_Ups], str | None]
    ) -> _Pose | None:
        end_s = min(self._last_s(placement) for placement in self._recent)
        start_s = end_s - hold_s
        windows = {place: self._acc(place, start_s, end_s) for place in self._recent}
        if start_s < since_s or not all(map(len, windows.values())):
            self._obstacle = "A sensor sends too little"
            return None
        for placement, acc in windows.items():
            if acc.std(axis=0).max() > MAX_POSE_SD_MS2:
                self._obstacle = f"The {placement} sensor kept moving"
                return None
        up = {place: _unit(acc) for place, acc in windows.items()}
        wrong = objection(up)
        if wrong is None:
            return _Pose((start_s + _SETTLING_S, end_s), up)
        if wrong != self._obstacle:
            self._tell(f"{wrong}.")
        self._obstacle = wrong
        return None

    def _lifted(self, standing: _Ups, lying: _Pose) -> Generator[None, None, _Pose]:
        """Wait until the hips were seen to rise, in the plane that the poses make the front's.

        The pose before that is the one of lying: an earlier one was a rest on the side.
        """
        since_s = self._now_s
        hips = [place for place in self._recent if place is not Placement.THIGH]
        while not any(self._rises(p, standing, lying.up) for p in hips or self._recent):
            self._wait(since_s)
            yield
            rest = self._pose(since_s, self._params.hold_s, lambda up: _not_lying(standing, up))
            if rest is not None and _differ(lying.up, rest.up):
                lying = rest
            self._obstacle = "The hips were not seen to rise"
        return lying

    def _rises(self, placement: Placement, standing: _Ups, lying: _Ups) -> bool:
        end_s = self._last_s(placement)
        acc = self._acc(placement, end_s - _LOOK_S, end_s)
        if len(acc) == 0:
            return False
        turn = _unit(acc) - lying[placement]
        z = standing[placement]
        y = np.cross(z, lying[placement])
        along, across = abs(float(turn @ z)), abs(float(turn @ y) / np.linalg.norm(y))
        return bool(along > np.sin(np.radians(self._params.lift_deg)) and along > across)

    def _wait(self, since_s: float) -> None:
        """Wait on; CalibrationError when patience is at its end."""
        if self._now_s > since_s + self._params.patience_s:
            raise CalibrationError(
                f"{self._obstacle}, so nothing was calibrated; fasten the sensors and start again"
            )

    def _last_s(self, placement: Placement) -> float:
        chunks = self._recent[placement]
        return float(chunks[-1].t_s[-1]) if chunks else -np.inf

    def _acc(self, placement: Placement, start_s: float, end_s: float) -> FloatArray:
        """Specific force (n, 3) between two times."""
        parts = [
            chunk.acc[(chunk.t_s > start_s) & (chunk.t_s <= end_s)]
            for chunk in self._recent[placement]
        ]
        return np.concatenate([np.empty((0, 3)), *parts])


class GuidedSource:
    """Sources as they are, with a guide that sees what comes; they end when it is done."""

    def __init__(self, source: Source, guide: Guide) -> None:
        self._source = source
        self._guide = guide

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams that are guided."""
        return self._source.infos

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        async with opened(self._source) as chunks:
            async for chunk in chunks:
                self._guide.update(chunk)
                yield chunk
                if self._guide.done:
                    return


def _not_lying(standing: _Ups, up: _Ups) -> str | None:
    """What is wrong with lying, if each sensor should have turned by about a right angle."""
    low_deg, high_deg = POSE_ANGLE_DEG
    for placement, before in standing.items():
        turned_deg = _angle_deg(before, up[placement])
        if not low_deg <= turned_deg <= high_deg:
            return (
                f"The {placement} sensor has turned by {round(turned_deg, -1):.0f}° since standing "
                "and not by about 90°"
            )
    return None


def _differ(first: _Ups, second: _Ups) -> bool:
    """Whether a sensor lies by more in another way than a held bridge does."""
    return any(
        _angle_deg(up, second[placement]) > _OTHER_POSE_DEG for placement, up in first.items()
    )


def _angle_deg(first: FloatArray, second: FloatArray) -> float:
    return float(np.degrees(np.arccos(np.clip(first @ second, -1.0, 1.0))))


def _unit(acc: FloatArray) -> FloatArray:
    mean: FloatArray = acc.mean(axis=0)
    unit: FloatArray = mean / np.linalg.norm(mean)
    return unit
