"""Bridges, the five-point support: every repetition with its lift, hold and lowering."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from analytics.body import BodyChunk, Segment
from analytics.bridging.judges import Judge, KnownMounting
from analytics.bridging.limits import RangeParams, SetParams
from analytics.bridging.live import LiveBridge, LiveFollower
from analytics.bridging.measures import Worn
from analytics.bridging.movement import (
    FELLOW,
    SUPINE,
    UP,
    Movement,
    Stretch,
    elevation,
    movement,
    write_motion,
)
from analytics.bridging.phase import PhaseParams
from analytics.bridging.swings import Mark, SwingEvent, SwingFinder, SwingParams
from analytics.bridging.timing import HoldParams
from analytics.bridging.turns import Turns
from analytics.bridging.unknown_mounting import UnknownMounting
from analytics.detector import kernel
from analytics.events import Event, Repetition
from analytics.history import BLOCK
from sensors.types import FloatArray

_SOURCES = (Segment.PELVIS, Segment.THIGH, Segment.TRUNK)
_RISE_AXIS = {
    Segment.PELVIS: np.array([0.0, 0.0, -1.0]),
    Segment.THIGH: np.array([0.0, 0.0, 1.0]),
    Segment.TRUNK: np.array([0.0, 0.0, -1.0]),
}
"""Rising hips lower the upper end of the pelvis and of the trunk, and raise that of the thigh."""

_FELLOWS = (Segment.TRUNK, Segment.THIGH, Segment.PELVIS)
"""Whose tilt is compared with that of the segment that is followed: the first that is worn."""

_ARC_RISE = np.array([1.0, 0.0, 0.0])

_TRUNK_SHARE = 0.75
"""The upper back, whose shoulders stay on the ground, tilts by at least this part of what the hips
do (in simulated bodies, 0.75 to 0.88)."""

_ON_BACK_COS = np.cos(np.radians(60.0))
_THIGH_FRONT_COS = np.cos(np.radians(85.0))
_INCLINED_COS = np.cos(np.radians(50.0))
_ROLLED_SIN = np.sin(np.radians(40.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgingParams:
    """What counts as a bridge."""

    swings: SwingParams = field(default_factory=SwingParams)
    hold: HoldParams = field(default_factory=HoldParams)
    ranges: RangeParams = field(default_factory=RangeParams)
    sets: SetParams = field(default_factory=SetParams)
    phases: PhaseParams = field(default_factory=PhaseParams)


class BridgingDetector:
    """Finds the repetitions of the bridge from the pelvis, else the thigh, else the trunk.

    The tilt is followed from turning point to turning point (`SwingFinder`); a low, a top and a
    return make a movement, which is then timed (`timing`) and judged. With a calibrated
    sensor the direction of rising hips is known, and every calibrated sensor must say that the
    person lies on the back, before, during and after. Without a calibration it is found from the
    movements themselves (`LeverArm`), there is no such gate, and only sets of like repetitions
    count. A trunk sensor sees the least, since the upper back hardly leaves the ground.

    A repetition is reported once the hips have rested for 0.8 s, in an uncalibrated set only once
    the set is known to be one. Only the last 150 s are remembered: hips held up for longer are
    positioning, not a repetition. A lift that was not seen at all is not reported; one cut off by
    the start or the end, or by a gap of two seconds, is partial, as is one that is shallow or short
    beside the last five. `peak_deg` is the tilt of the segment that is worn.
    """

    def __init__(self, params: BridgingParams | None = None) -> None:
        self._params = params or BridgingParams()
        self._follower: _Follower | None = None

    @property
    def live(self) -> LiveBridge | None:
        """The bridge of the moment; None where it is not known which way the hips rise.

        Without a calibration that is known from when a set is reported until 20 s after its end.
        """
        return None if self._follower is None else self._follower.live

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the repetitions that ended."""
        if self._follower is None:
            name = next((name for name in _SOURCES if name in chunk.segments), None)
            if name is None:
                return []
            self._follower = _Follower(name, chunk, self._params)
        return self._follower.update(chunk)

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the repetition that was cut off by the end."""
        return [] if self._follower is None else self._follower.finish()


class _Follower:
    """Follows one segment from its first sample on."""

    def __init__(self, name: Segment, chunk: BodyChunk, params: BridgingParams) -> None:
        segment = chunk.segments[name]
        worn = Worn(
            segment=name,
            rate_hz=segment.rate_hz,
            calibrated=segment.calibrated,
            facing_known=segment.facing_known,
        )
        self._name = name
        self._params = params
        self._rise_axis = _RISE_AXIS[name] if segment.calibrated else None
        self._swings = _swing_finder(name, self._rise_axis, params.swings)
        self._judge: Judge = (
            KnownMounting(worn, params.ranges)
            if segment.calibrated
            else UnknownMounting(worn, params.ranges, params.sets)
        )
        self._first_index = chunk.start_index
        self._turns = Turns(chunk.start_index)
        self._samples = 0
        self._whole = 0
        self._live: LiveFollower | None = None
        if self._rise_axis is not None:
            self._begin_live(self._rise_axis, start=0)

    @property
    def live(self) -> LiveBridge | None:
        state = None if self._live is None else self._live.state
        return state if state is not None and state.at_s < self._judge.knows_until_s else None

    def update(self, chunk: BodyChunk) -> list[Event]:
        events: list[Event] = []
        for start in range(0, len(chunk), BLOCK):
            end = min(start + BLOCK, len(chunk))
            rows = self._turns.room(end - start)
            _write(chunk, self._name, slice(start, end), rows)
            events += self._pass(rows, self._swings.update(self._seen(rows)))
        return events

    def finish(self) -> list[Event]:
        """The stream has ended: what was cut off by it, and what still waited."""
        events = self._pass(self._turns.room(0), self._swings.finish())
        return [*events, *self._told(self._judge.finish())]

    def _pass(self, rows: FloatArray, swing_events: Iterable[SwingEvent]) -> list[Event]:
        """Follow the rows live, and heed each event once its sample has come."""
        events: list[Event] = []
        first, self._samples = self._samples, self._samples + len(rows)
        for event in swing_events:
            rows, first = self._follow_live(rows, first, event.noticed_at + 1)
            events += self._told(self._turns.heed(event, self._consider))
            self._choose_live(event.noticed_at + 1)
        self._follow_live(rows, first, self._samples)
        return events

    def _follow_live(self, rows: FloatArray, first: int, end: int) -> tuple[FloatArray, int]:
        """Take the rows from sample `first` to `end`; the others, and the first of them."""
        taken = max(end - first, 0)
        if self._live is not None:
            self._live.follow(rows[:taken])
        return rows[taken:], first + taken

    def _choose_live(self, start: int) -> None:
        """Without a calibration, tell live from when a set shows which way is up, until it ends."""
        if self._rise_axis is not None:
            return
        axis = self._judge.rise_axis
        if axis is None:
            self._live = None
        elif self._live is None:
            self._begin_live(axis, start)

    def _begin_live(self, rise_axis: FloatArray, start: int) -> None:
        self._live = LiveFollower(
            self._first_index,
            rise_axis,
            self._params.phases,
            partial(self._measured_hold, rise_axis),
            start=start,
            confirmed=self._whole,
        )

    def _told(self, found: list[Repetition]) -> list[Event]:
        self._whole += sum(not repetition.partial for repetition in found)
        if self._live is not None:
            self._live.reported(found)
        return [*found]

    def _measured_hold(
        self, rise_axis: FloatArray, lift: tuple[int, int, int], count: int
    ) -> float | None:
        """See `LiveFollower`: measured and judged like a repetition that is cut off here."""
        stretch = self._turns.cut_off(*lift, count)
        found = self._movement(stretch, rise_axis)
        if found is None or not self._judge.allows_hold(found):
            return None
        return stretch.first - self._first_index + found.timing.hold_start

    def _movement(self, stretch: Stretch, rise_axis: FloatArray | None) -> Movement | None:
        breathes = self._name is Segment.TRUNK
        return movement(stretch, rise_axis, self._params.hold, breathes=breathes)

    def _seen(self, rows: FloatArray) -> FloatArray:
        """The vertical, or where the axis of rising is known only its elevation."""
        if self._rise_axis is None:
            return np.ascontiguousarray(rows[:, UP])
        return elevation(rows, self._rise_axis)

    def _consider(self, stretch: Stretch, event: SwingEvent) -> list[Repetition] | None:
        """See `Turns.heed`: judge a movement once it has come back."""
        turn = self._first_index + event.index - stretch.first
        if self._rise_axis is not None and _plainly_none(stretch, turn, self._rise_axis):
            return None
        found = self._movement(stretch, self._rise_axis)
        if event.mark is Mark.SETTLED and not (found and found.comes_back):
            return None
        return self._judge.consider(found) if found else []


def _swing_finder(name: Segment, rise_axis: FloatArray | None, params: SwingParams) -> SwingFinder:
    """Finds swings down to the smallest bridge, as the segment shows it."""
    if rise_axis is None:
        return SwingFinder(params, None)
    share = _TRUNK_SHARE if name is Segment.TRUNK else 1.0
    return SwingFinder(replace(params, min_deg=share * params.min_deg), _ARC_RISE)


def _plainly_none(stretch: Stretch, turn: int, rise_axis: FloatArray) -> bool:
    """Whether low, top and the sample at which it turns next already show a descent, a lift of
    which nothing is taken back, or that the person does not lie on the back.

    It spares most measurements: a bridge turns and settles on top as well as below, and who is up
    and about moves all the time.
    """
    if not stretch.samples[stretch.top, SUPINE]:
        return True
    rows = (stretch.low, stretch.top, turn)
    low, top, after = (float(stretch.samples[row, UP] @ rise_axis) for row in rows)
    return top < low or (not stretch.closes and top - after < 0.1 * (top - low))


def _write(chunk: BodyChunk, name: Segment, part: slice, rows: FloatArray) -> None:
    """Write what the history keeps of a part of a chunk."""
    source = chunk.segments[name]
    write_motion(source.acc[part], source.gyro[part], source.up[part], rows)
    rows[:, FELLOW] = _raised(chunk, name, part)
    for place, segment in chunk.segments.items():
        if segment.calibrated:
            front_cos = _THIGH_FRONT_COS if place is Segment.THIGH else _ON_BACK_COS
            _rule_out_supine(segment.up[part], front_cos, segment.facing_known, rows)


def _raised(chunk: BodyChunk, name: Segment, part: slice) -> FloatArray | float:
    """The sine by which the segment of a second calibrated sensor is raised."""
    for place in _FELLOWS:
        segment = None if place is name else chunk.segments.get(place)
        if segment is not None and segment.calibrated:
            return np.asarray(segment.up[part, 2] * _RISE_AXIS[place][2])
    return np.nan


@kernel
def _rule_out_supine(
    up: FloatArray, front_cos: float, facing_known: bool, rows: FloatArray
) -> None:
    """Mark the rows in which a calibrated segment contradicts lying on the back.

    A missing sample does not.
    """
    for i in range(len(up)):
        x, y, z = up[i, 0], up[i, 1], up[i, 2]
        if z > _INCLINED_COS or (facing_known and (x < front_cos or abs(y) > _ROLLED_SIN)):
            rows[i, SUPINE] = 0.0
