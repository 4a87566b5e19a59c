"""Guided calibration: says what to do next, from what the sensors see, and refuses a bad pose."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from dataclasses import dataclass

from analytics.calibration import CalibrationError, Seconds
from fivepoint.poses import (
    Obstacle,
    Ups,
    check_lift,
    seen,
    turned_over,
    wrong_lying,
)
from fivepoint.rests import REST_SD_MS2, SixRests
from fivepoint.watching import Hold, LatestSamples, Pose
from sensors.source import Source, opened
from sensors.types import Chunk, Placement, StreamInfo

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

_LONGEST_LIFT_S = 10.0
_BEFORE_LIFT_S = 2.0
_SILENCE_S = 60.0


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
        self._latest = LatestSamples(placements, self._params.lie_s)
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
        self._latest.add(chunk)
        next(self._waiting, None)

    def _steps(self) -> Waiting:
        if REST in self._instructions:
            self._instruct(REST)
            yield from self._rested()
            self._instruct(PUT_ON)
            yield from self._put_on()
        self._instruct(STAND)
        standing = yield from self._held(Hold(self._params.stand_s), lambda up: None)
        self.still = standing.seconds
        self._instruct(LIE)
        lying, peak_deg = yield from self._lain(standing.up)
        self.lying = lying.seconds
        self._tell(f"{DONE} {seen(standing.up, lying.up, peak_deg)}")
        self.done = True

    def _rested(self) -> Waiting:
        """Wait until every sensor has rested on each of its sides."""
        sides = SixRests(self._latest.placements)
        hold = Hold(self._params.rest_s, REST_SD_MS2, "Lay it down, and let go of it")
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
        while not self._latest.step_together(since_s):
            self._wait(since_s, unseen, self._params.put_on_s)
            yield

    def _lain(self, standing: Ups) -> Generator[None, None, tuple[Pose, dict[Placement, float]]]:
        """Wait for lying, and for the lift from it; whoever turns over is to lie down anew."""
        hold = Hold(self._params.lie_s)
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
        self, hold: Hold, objection: Callable[[Ups], Obstacle | None]
    ) -> Generator[None, None, Pose]:
        """Wait until all sensors are still in a pose without objection."""
        since_s = self._begin()
        while True:
            pose = self._latest.pose(since_s + self._params.prepare_s, hold)
            obstacle = objection(pose.up) if isinstance(pose, Pose) else pose
            if isinstance(pose, Pose) and obstacle is None:
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
            rise_deg = {place: self._latest.rise_deg(place, standing, lying) for place in hips}
            if max(rise_deg.values()) > self._params.lift_deg:
                return (yield from self._followed(rise_deg, standing, lying))
            rest = self._latest.pose(since_s, Hold(self._params.stand_s))
            if isinstance(rest, Pose) and turned_over(lying, rest.up):
                return {}
            self._wait(since_s, unseen, self._params.patience_s)
            yield

    def _followed(
        self, peak_deg: dict[Placement, float], standing: Ups, lying: Ups
    ) -> Generator[None, None, dict[Placement, float]]:
        """Follow a lift until it has come down by half, or for ten seconds."""
        start_s, end_s = self._latest.now_s - _BEFORE_LIFT_S, self._latest.now_s + _LONGEST_LIFT_S
        leader = max(peak_deg, key=lambda place: peak_deg[place])
        rise_deg = peak_deg[leader]
        while self._latest.now_s < end_s and rise_deg > peak_deg[leader] / 2:
            yield
            for place in standing:
                now_deg = self._latest.rise_deg(place, standing, lying)
                peak_deg[place] = max(peak_deg.get(place, 0.0), now_deg)
            rise_deg = self._latest.rise_deg(leader, standing, lying)
        self.lift = (start_s, self._latest.now_s)
        return peak_deg

    def _instruct(self, text: str) -> None:
        step = self._instructions.index(text) + 1
        praise = "Good. " if step > 1 else ""
        self._tell(f"{praise}Step {step} of {len(self._instructions)}. {text}")

    def _begin(self) -> float:
        """Begin to wait, now."""
        self._told, self._told_s = None, self._latest.now_s
        return self._latest.now_s

    def _wait(self, since_s: float, obstacle: Obstacle | None, patience_s: float) -> None:
        """Wait on, telling of the obstacle at once or in time; CalibrationError in the end."""
        if obstacle is None:
            return
        if self._latest.now_s > since_s + patience_s:
            raise CalibrationError(
                f"{obstacle.cause}, so nothing was calibrated; "
                f"{obstacle.remedy[0].lower()}{obstacle.remedy[1:]}, and start again"
            )
        new = obstacle.pressing and (self._told is None or self._told.remedy != obstacle.remedy)
        if new or self._latest.now_s > self._told_s + self._params.remind_s:
            self._tell(f"{obstacle.cause}. {obstacle.remedy}.")
            self._told, self._told_s = obstacle, self._latest.now_s


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
