"""Back extensions lying on the front: the chest lifted, held and lowered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ, BodyChunk, Segment, SegmentChunk
from analytics.bridging.movement import (
    Movement,
    Stretch,
    elevation,
    movement,
    write_motion,
)
from analytics.bridging.swings import Mark, SwingEvent, SwingFinder, SwingParams
from analytics.bridging.timing import HoldParams
from analytics.bridging.turns import Turns
from analytics.detector import kernel
from analytics.events import BackExtension, Event
from analytics.history import BLOCK
from sensors.types import FloatArray

_HEAD_END = np.array([0.0, 0.0, 1.0])
"""The chest lifted from the bed raises the upper end of the trunk."""

_ARC_RISE = np.array([1.0, 0.0, 0.0])
_PRONE_COS = np.cos(np.radians(65.0))
_ROLLED_SIN = np.sin(np.radians(40.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackExtensionParams:
    """What counts as a back extension. Defaults are engineering judgement unless they say else."""

    swings: SwingParams = field(default_factory=SwingParams)
    hold: HoldParams = field(default_factory=HoldParams)
    min_deg: float = 5.0
    """Smallest lift; breathing and settling in stay below 2°."""
    max_deg: float = 50.0
    """Largest; who lifts the chest further gets up over the knees."""
    max_hold_s: float = 30.0
    """Longest hold: 3–5 s are prescribed, and who stays up longer is propped on the elbows."""
    max_phase_s: float = 10.0
    """Longest lift or lowering: what takes longer is settling in."""
    max_sway_part: float = 0.4
    """Largest share of the change that may leave the sagittal plane: rolling to a side does."""


class BackExtensionDetector:
    """Finds back extensions ("swallow", "flying swallow") with a calibrated sensor on the trunk.

    While the trunk is within 65° of lying on the front its slope is followed from turning point to
    turning point, and each lift that is taken back is measured, as in a bridge (`SwingFinder`,
    `timing`). It is reported once the chest has rested for 0.8 s. One that the end of the stream
    cuts off is partial; one that ends in another posture is none. What arms and legs do meanwhile
    a trunk sensor cannot tell.
    """

    def __init__(self, params: BackExtensionParams | None = None) -> None:
        self._params = params or BackExtensionParams()
        self._follower: _Follower | None = None

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the back extensions that ended."""
        trunk = chunk.segments.get(Segment.TRUNK)
        if trunk is None or not trunk.facing_known:
            return []
        if self._follower is None and not (trunk.up[:, 0] < -_PRONE_COS).any():
            return []
        events: list[Event] = []
        for first, end in _prone_spans(trunk.up, self._follower is not None).tolist():
            if self._follower is None:
                self._follower = _Follower(chunk.start_index + first, self._params)
            events += self._follower.update(trunk, first, end)
            if end < len(chunk):
                self._follower = None
        return events

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the one that was cut off by the end."""
        return [] if self._follower is None else self._follower.finish()


class _Follower:
    """Follows the trunk through one time of lying on the front, which begins at `first_index`."""

    def __init__(self, first_index: int, params: BackExtensionParams) -> None:
        self._params = params
        self._swings = SwingFinder(params.swings, _ARC_RISE)
        self._turns = Turns(first_index)

    def update(self, trunk: SegmentChunk, first: int, end: int) -> list[Event]:
        events: list[Event] = []
        for start in range(first, end, BLOCK):
            part = slice(start, min(start + BLOCK, end))
            rows = self._turns.room(part.stop - part.start)
            write_motion(trunk.acc[part], trunk.gyro[part], trunk.up[part], rows)
            events += self._heed(self._swings.update(elevation(rows, _HEAD_END)))
        return events

    def finish(self) -> list[Event]:
        return self._heed(self._swings.finish())

    def _heed(self, swing_events: Iterable[SwingEvent]) -> list[Event]:
        return [lift for event in swing_events for lift in self._turns.heed(event, self._consider)]

    def _consider(self, stretch: Stretch, event: SwingEvent) -> list[BackExtension] | None:
        """See `Turns.heed`: tell a movement once it has come back or was cut off."""
        if stretch.samples[stretch.top, 2] < stretch.samples[stretch.low, 2]:
            return None
        found = movement(stretch, _HEAD_END, self._params.hold, breathes=True)
        if event.mark is Mark.SETTLED and not (found and found.comes_back):
            return None
        return [_event(found)] if found and self._counts(found) else []

    def _counts(self, found: Movement) -> bool:
        params, times = self._params, found.timing
        longest = params.max_phase_s * BODY_RATE_HZ
        return (
            (found.comes_back or found.stretch.closes)
            and params.min_deg <= times.range_deg <= params.max_deg
            and times.hold_end - times.hold_start <= params.max_hold_s * BODY_RATE_HZ
            and max(times.hold_start - times.start, times.end - times.hold_end) <= longest
            and found.sway_part <= params.max_sway_part
        )


def _event(found: Movement) -> BackExtension:
    times = found.timing
    return BackExtension(
        start_s=found.at_s(times.start),
        end_s=found.at_s(times.end),
        hold_start_s=found.at_s(times.hold_start),
        hold_end_s=found.at_s(times.hold_end),
        peak_deg=times.range_deg,
        partial=not found.comes_back,
    )


@kernel
def _prone_spans(up: FloatArray, following: bool) -> NDArray[np.int64]:
    """First and end (n, 2) of the samples in which the trunk lies on the front.

    The first span begins at once where one was `following` before. A missing sample changes
    nothing.
    """
    spans = np.empty((len(up) // 2 + 2, 2), dtype=np.int64)
    count = 0
    first = 0 if following else -1
    for i in range(len(up)):
        if np.isnan(up[i, 0]):
            continue
        prone = up[i, 0] < -_PRONE_COS and abs(up[i, 1]) < _ROLLED_SIN
        if prone and first < 0:
            first = i
        elif not prone and first >= 0:
            spans[count, 0], spans[count, 1] = first, i
            count += 1
            first = -1
    if first >= 0:
        spans[count, 0], spans[count, 1] = first, len(up)
        count += 1
    return spans[:count]
