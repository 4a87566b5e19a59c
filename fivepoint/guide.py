"""Guided calibration: says what to do next, from what the sensors see, and refuses a bad pose."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.calibration import MAX_POSE_SD_MS2, CalibrationError, Seconds
from fivepoint.poses import (
    Obstacle,
    Ups,
    check_lift,
    lift_deg,
    seen,
    turned_over,
    wrong_lying,
)
from fivepoint.rests import REST_SD_MS2, SixRests
from sensors.source import Source, opened
from sensors.types import Chunk, FloatArray, Placement, StreamInfo

REST = (
    "Take the sensors off. Lay each on a table, on any of its six sides, and let go of it. "
    "Turn them to another side each time you hear more."
)
PUT_ON = "Put the sensors on, fasten them, and take a few steps."
STAND = "Stand upright and still, with your arms hanging."
LIE = (
    "Lie down flat on your back, with your legs straight. Take your time. "
    "Then lie still until you hear more."
)
LIFT = "Bend your knees, with your feet on the bed. Lift your hips once and lower them."
TURNED = (
    "You have turned over. Lie flat on your back again, with your legs straight, and lie still."
)
DONE = "Good. That is all: rest, and get up slowly."

Waiting = Generator[None, None, None]

_LOOK_S = 0.5
_SETTLING_S = 0.5
_LATEST_S = 5.0
_LONGEST_LIFT_S = 10.0
_BEFORE_LIFT_S = 2.0
_SILENCE_S = 60.0
_STEPS = 3
_STEPPING_SD_MS2 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideParams:
    """How long poses are held and waited for, and how far the hips are lifted."""

    stand_s: float = 3.0
    """A breath: the pose's mean is then known to a tenth of a degree. Engineering judgement."""
    lie_s: float = 7.0
    """Longer than the rest on the side in a log-roll, which gravity alone does not tell from lying
    on the back."""
    prepare_s: float = 1.0
    """Stillness that began before the instruction could be heard is not an answer to it."""
    remind_s: float = 30.0
    """Somebody who lies cannot see the screen, and may not have heard."""
    patience_s: float = 120.0
    """Lying down slowly by a log-roll takes half a minute."""
    rest_s: float = 4.0
    """On a side: the mean of an accelerometer's noise is then far below a thousandth of gravity."""
    put_on_s: float = 300.0
    """Two belts and a plaster, with stiff fingers."""
    lift_deg: float = 8.0
    """Half of a shallow bridge, and far above breathing."""


class _Hold(NamedTuple):
    """For how long to be how still, and what helps somebody or something that is not."""

    seconds: float
    max_sd_ms2: float = MAX_POSE_SD_MS2
    remedy: str = "When you are ready, hold still; if you do, fasten it"


@dataclass(frozen=True, slots=True)
class _Pose:
    """When a pose was held, and what was up at each sensor."""

    seconds: Seconds
    up: Ups


def say(text: str) -> None:
    """Print what to do, with a beep on a terminal: somebody who lies may not see it."""
    bell = "\a" if sys.stdout.isatty() else ""
    print(f"{bell}{text}", flush=True)


class Guide:
    """Guides through standing, lying and lifting once, with the samples that come meanwhile.

    With `six_poses` the sensors rest on each of their six sides first, before they are put on.

    `tell` is given each instruction, what is wrong when a pose is held but is not the one, and
    from time to time what is still waited for.
    """

    def __init__(
        self,
        placements: Iterable[Placement],
        tell: Callable[[str], None],
        *,
        lift: bool = True,
        six_poses: bool = False,
        params: GuideParams | None = None,
    ) -> None:
        self._params = params or GuideParams()
        self._tell = tell
        resting = [REST, PUT_ON] if six_poses else []
        self._instructions = [*resting, STAND, LIE, *([LIFT] if lift else [])]
        self._recent: dict[Placement, list[Chunk]] = {place: [] for place in placements}
        self._now_s = 0.0
        self._told: Obstacle | None = None
        self._told_s = 0.0
        self._waiting = self._steps()
        self.rests: list[Seconds] = []
        self.still: Seconds | None = None
        self.lying: Seconds | None = None
        self.lift: Seconds | None = None
        self.done = False

    def update(self, chunk: Chunk) -> None:
        """Take the next samples of one sensor; CalibrationError if it cannot become one."""
        if self.done or len(chunk.t_s) == 0:
            return
        kept = [*self._recent[chunk.placement], chunk]
        since_s = chunk.t_s[-1] - self._params.lie_s - _LATEST_S
        self._recent[chunk.placement] = [each for each in kept if each.t_s[-1] >= since_s]
        self._now_s = max(self._now_s, float(chunk.t_s[-1]))
        next(self._waiting, None)

    def _steps(self) -> Waiting:
        if REST in self._instructions:
            self._instruct(REST)
            yield from self._rested()
            self._instruct(PUT_ON)
            yield from self._put_on()
        self._instruct(STAND)
        standing = yield from self._held(_Hold(self._params.stand_s), lambda up: None)
        self.still = standing.seconds
        self._instruct(LIE)
        lying, peak_deg = yield from self._lain(standing.up)
        self.lying = lying.seconds
        self._tell(f"{DONE} {seen(standing.up, lying.up, peak_deg)}")
        self.done = True

    def _rested(self) -> Waiting:
        """Wait until every sensor has rested on each of its sides."""
        sides = SixRests(self._recent)
        hold = _Hold(self._params.rest_s, REST_SD_MS2, "Lay it down, and let go of it")
        while not sides.complete:
            rest = yield from self._held(hold, sides.objection)
            self.rests.append(rest.seconds)
            self._tell(sides.take(rest.up))

    def _put_on(self) -> Waiting:
        """Wait until all sensors move at once, as those do that are worn."""
        since_s = self._begin()
        unseen = Obstacle(
            "The sensors were not seen to move with you", "Put them on, and walk", pressing=False
        )
        while not self._step_together(since_s):
            self._wait(since_s, unseen, self._params.put_on_s)
            yield

    def _step_together(self, since_s: float) -> bool:
        """Whether all sensors have moved in each of the last seconds that all have sent."""
        end_s = min(map(self._last_s, self._recent))
        starts_s = [end_s - back for back in range(1, _STEPS + 1)]
        return starts_s[-1] >= since_s and all(
            self._moved(place, start_s) for place in self._recent for start_s in starts_s
        )

    def _moved(self, placement: Placement, start_s: float) -> bool:
        acc = self._acc(placement, start_s, start_s + 1.0)
        return len(acc) > 0 and bool(acc.std(axis=0).max() > _STEPPING_SD_MS2)

    def _lain(self, standing: Ups) -> Generator[None, None, tuple[_Pose, dict[Placement, float]]]:
        """Wait for lying, and for the lift from it; whoever turns over is to lie down anew."""
        hold = _Hold(self._params.lie_s)
        while True:
            lying = yield from self._held(hold, lambda up: wrong_lying(standing, up))
            if LIFT not in self._instructions:
                return lying, {}
            self._instruct(LIFT)
            peak_deg = yield from self._lifted(standing, lying.up)
            if peak_deg:
                check_lift(peak_deg)
                return lying, peak_deg
            self._tell(TURNED)

    def _held(
        self, hold: _Hold, objection: Callable[[Ups], Obstacle | None]
    ) -> Generator[None, None, _Pose]:
        """Wait until all sensors are still in a pose without objection."""
        since_s = self._begin()
        while True:
            pose = self._pose(since_s + self._params.prepare_s, hold)
            obstacle = objection(pose.up) if isinstance(pose, _Pose) else pose
            if isinstance(pose, _Pose) and obstacle is None:
                return pose
            self._wait(since_s, obstacle, self._params.patience_s)
            yield

    def _lifted(self, standing: Ups, lying: Ups) -> Generator[None, None, dict[Placement, float]]:
        """Wait until the hips were seen to rise; how far each sensor then turned at most.

        Nothing if it lies another way instead.
        """
        since_s = self._begin()
        hips: list[Placement] = [place for place in standing if place is not Placement.THIGH]
        hips = hips or list(standing)
        unseen = Obstacle(
            "Your hips were not seen to rise", "Lift them once, as high as is good", pressing=False
        )
        while True:
            rise_deg = {place: self._rise_deg(place, standing, lying) for place in hips}
            if max(rise_deg.values()) > self._params.lift_deg:
                return (yield from self._followed(rise_deg, standing, lying))
            rest = self._pose(since_s, _Hold(self._params.stand_s))
            if isinstance(rest, _Pose) and turned_over(lying, rest.up):
                return {}
            self._wait(since_s, unseen, self._params.patience_s)
            yield

    def _followed(
        self, peak_deg: dict[Placement, float], standing: Ups, lying: Ups
    ) -> Generator[None, None, dict[Placement, float]]:
        """Follow a lift until it has come down by half, or for ten seconds."""
        start_s, end_s = self._now_s - _BEFORE_LIFT_S, self._now_s + _LONGEST_LIFT_S
        leader = max(peak_deg, key=lambda place: peak_deg[place])
        rise_deg = peak_deg[leader]
        while self._now_s < end_s and rise_deg > peak_deg[leader] / 2:
            yield
            for place in standing:
                now_deg = self._rise_deg(place, standing, lying)
                peak_deg[place] = max(peak_deg.get(place, 0.0), now_deg)
            rise_deg = self._rise_deg(leader, standing, lying)
        self.lift = (start_s, self._now_s)
        return peak_deg

    def _pose(self, since_s: float, hold: _Hold) -> _Pose | Obstacle:
        """The pose that all sensors have held still, or why there is none."""
        last_s = {place: self._last_s(place) for place in self._recent}
        slowest = min(last_s, key=lambda place: last_s[place])
        end_s = last_s[slowest]
        start_s = end_s - hold.seconds
        if max(end_s, since_s + hold.seconds) < self._now_s - _LATEST_S:
            return Obstacle(f"The {slowest} sensor sends nothing", "See that it is on and near")
        windows = {place: self._acc(place, start_s, end_s) for place in self._recent}
        if start_s < since_s or not all(len(acc) for acc in windows.values()):
            return Obstacle("There was too little time", "Hold still", pressing=False)
        for placement, acc in windows.items():
            if acc.std(axis=0).max() > hold.max_sd_ms2:
                return Obstacle(f"The {placement} sensor still moves", hold.remedy, pressing=False)
        up = {place: _unit(acc) for place, acc in windows.items()}
        return _Pose((start_s + _SETTLING_S, end_s), up)

    def _instruct(self, text: str) -> None:
        step = self._instructions.index(text) + 1
        praise = "Good. " if step > 1 else ""
        self._tell(f"{praise}Step {step} of {len(self._instructions)}. {text}")

    def _begin(self) -> float:
        """Begin to wait, now."""
        self._told, self._told_s = None, self._now_s
        return self._now_s

    def _wait(self, since_s: float, obstacle: Obstacle | None, patience_s: float) -> None:
        """Wait on, telling of the obstacle at once or in time; CalibrationError in the end."""
        if obstacle is None:
            return
        if self._now_s > since_s + patience_s:
            raise CalibrationError(
                f"{obstacle.cause}, so nothing was calibrated; "
                f"{obstacle.remedy[0].lower()}{obstacle.remedy[1:]}, and start again"
            )
        new = obstacle.pressing and (self._told is None or self._told.remedy != obstacle.remedy)
        if new or self._now_s > self._told_s + self._params.remind_s:
            self._tell(f"{obstacle.cause}. {obstacle.remedy}.")
            self._told, self._told_s = obstacle, self._now_s

    def _rise_deg(self, placement: Placement, standing: Ups, lying: Ups) -> float:
        end_s = self._last_s(placement)
        acc = self._acc(placement, end_s - _LOOK_S, end_s)
        if len(acc) == 0:
            return 0.0
        return lift_deg(standing[placement], lying[placement], _unit(acc))

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


class GuidedSource:
    """Sources as they are, with a guide that sees what comes; they end when it is done.

    Raises CalibrationError if nothing comes for a minute, and what the guide raises.
    """

    def __init__(self, source: Source, guide: Guide) -> None:
        self._source = source
        self._guide = guide

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams that are guided."""
        return self._source.infos

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        async with opened(self._source) as chunks:
            while not self._guide.done:
                try:
                    chunk = await asyncio.wait_for(anext(chunks), _SILENCE_S)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise CalibrationError(
                        "No sensor has sent anything for a minute, so nothing was calibrated; "
                        "see that they are on and near, and start again"
                    ) from error
                self._guide.update(chunk)
                yield chunk


def _unit(acc: FloatArray) -> FloatArray:
    mean: FloatArray = acc.mean(axis=0)
    unit: FloatArray = mean / np.linalg.norm(mean)
    return unit
