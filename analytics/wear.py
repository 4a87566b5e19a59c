"""Whether the sensors are worn or lie about, and whether one slipped.

Nothing here says that a brace is worn, or that the right person wears the sensors: movement alone
does not show it. No sensor family that is supported streams a skin temperature, which would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.body import BODY_RATE_HZ, BodyChunk
from analytics.detector import Variables, kernel, opened, variables
from analytics.events import Event, SensorSlip, WearBout, WearState
from sensors.types import GRAVITY_MS2, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class WearParams:
    """What stillness means that nobody wears the sensors."""

    max_sd_ms2: float = 0.013 * GRAVITY_MS2
    """13 mg, just above the noise of a sensor at rest (van Hees 2011)."""
    min_s: float = 1800.0
    """Half an hour (van Hees 2011): most stillness of sleepers passes, a shower goes unseen."""
    block_s: float = 60.0
    """Resolution of the bouts."""


class WearDetector:
    """Tiles the recording with worn and not worn.

    Not worn is any stretch of at least half an hour in which every axis of every sensor has a
    standard deviation below 13 mg, after van Hees 2011 (doi:10.1371/journal.pone.0022922).
    Departing from it: all axes must be still instead of two of three, and the stretch grows by
    whole minutes, each of them still and all of them together still, instead of standing in fixed
    windows. The rule's limit: a wearer in deep sleep who does not turn for half an hour counts as
    not wearing, if breathing moves no sensor by 13 mg (about 0.75° of tilt). Missing samples
    neither show wear nor end a stretch.
    """

    def __init__(self, params: WearParams | None = None) -> None:
        params = params or WearParams()
        self._limits = variables(
            max_variance=params.max_sd_ms2**2,
            min_length=round(params.min_s * BODY_RATE_HZ),
            block=round(params.block_s * BODY_RATE_HZ),
        )
        self._state = variables(index=0, block_start=0, still_from=0, still_samples=0)
        self._worn_from_index = 0.0
        self._sums = np.empty((0, 6))

    def update(self, chunk: BodyChunk) -> list[Event]:
        """See `Detector.update`: the bouts that ended."""
        acc = np.array([segment.acc for segment in chunk.segments.values()])
        if len(self._sums) == 0:
            self._sums = np.zeros((3 * len(acc), 6))
        taken_off = _follow(acc, self._limits, self._state, self._sums)
        return [bout for row in taken_off for bout in self._bouts(row)]

    def finish(self) -> list[Event]:
        """See `Detector.finish`: the bouts up to the end of the recording."""
        taken_off = _finish(self._limits, self._state, self._sums)
        events = [bout for row in taken_off for bout in self._bouts(row)]
        end_index = float(self._state["index"])
        if end_index > self._worn_from_index:
            events.append(_bout(WearState.WORN, self._worn_from_index, end_index))
        return events

    def _bouts(self, taken_off: FloatArray) -> list[Event]:
        """The stretch of not wearing from its two indices, and the wearing before it."""
        start_index, end_index = taken_off.tolist()
        events: list[Event] = [_bout(WearState.NOT_WORN, start_index, end_index)]
        if start_index > self._worn_from_index:
            events.insert(0, _bout(WearState.WORN, self._worn_from_index, start_index))
        self._worn_from_index = end_index
        return events


def with_slips(bouts: Iterable[WearBout], slips: Iterable[SensorSlip]) -> tuple[WearBout, ...]:
    """The bouts, with wearing during which a sensor slipped as perhaps slipped.

    A slip has no instant: it happened between the last time that the sensor was seen to sit right
    and the first that it was not. In between angles may be wrong; after it they are corrected.
    """
    found = list(bouts)
    for slip in slips:
        found = [part for bout in found for part in _slipping(bout, slip)]
    return tuple(found)


def _slipping(bout: WearBout, slip: SensorSlip) -> list[WearBout]:
    if bout.state is not WearState.WORN:
        return [bout]
    start_s = min(max(slip.start_s, bout.start_s), bout.end_s)
    end_s = max(min(slip.end_s, bout.end_s), start_s)
    parts = (
        (WearState.WORN, bout.start_s, start_s),
        (WearState.PERHAPS_SLIPPED, start_s, end_s),
        (WearState.WORN, end_s, bout.end_s),
    )
    if start_s == end_s:
        return [bout]
    return [
        WearBout(state=state, start_s=first_s, end_s=last_s)
        for state, first_s, last_s in parts
        if first_s < last_s
    ]


def _bout(state: WearState, start_index: float, end_index: float) -> WearBout:
    return WearBout(
        state=state,
        start_s=float(start_index / BODY_RATE_HZ),
        end_s=float(end_index / BODY_RATE_HZ),
    )


@kernel
def _follow(acc: FloatArray, given: Variables, kept: Variables, sums: FloatArray) -> FloatArray:
    """First and end index (k, 2) of each stretch of not wearing that ended.

    `acc` (segments, n, 3); `sums` (axes, 6) holds number, sum and sum of squares of the block, then
    the same of the still stretch.
    """
    limits, state = opened(given), opened(kept)
    samples = acc.shape[1]
    taken_off = np.empty((int(samples / limits.block) + 1, 2))
    count = 0
    for i in range(samples):
        for segment in range(len(acc)):
            for j in range(3):
                value = acc[segment, i, j]
                if not np.isnan(value):
                    sums[3 * segment + j, 0] += 1.0
                    sums[3 * segment + j, 1] += value
                    sums[3 * segment + j, 2] += value * value
        state.index += 1
        if state.index - state.block_start == limits.block:
            count += _end_block(limits, state, sums, taken_off[count])
    return taken_off[:count]


@kernel
def _finish(given: Variables, kept: Variables, sums: FloatArray) -> FloatArray:
    """The same for the stretches that last to the end."""
    limits, state = opened(given), opened(kept)
    taken_off = np.empty((2, 2))
    count = _end_block(limits, state, sums, taken_off[0])
    count += _close(state.index, limits, state, taken_off[count])
    return taken_off[:count]


@kernel
def _end_block(limits: np.record, state: np.record, sums: FloatArray, row: FloatArray) -> int:
    """Lengthen, start or end the still stretch by the block that is complete."""
    closed = 0
    samples = 0.0
    for axis in range(len(sums)):
        samples = max(samples, sums[axis, 0])
    if samples > 0.5 * limits.block:
        still = _is_still(sums, False, limits.max_variance)
        if not still or not _is_still(sums, state.still_samples > 0.0, limits.max_variance):
            closed = _close(state.block_start, limits, state, row)
        if still:
            if state.still_samples == 0.0:
                state.still_from = state.block_start
            _lengthen(sums, state.still_samples > 0.0)
            state.still_samples += samples
    for axis in range(len(sums)):
        sums[axis, 0] = sums[axis, 1] = sums[axis, 2] = 0.0
    state.block_start = state.index
    return closed


@kernel
def _lengthen(sums: FloatArray, in_stretch: bool) -> None:
    """Add the sums of the block to those of the still stretch, or start them."""
    for axis in range(len(sums)):
        for j in range(3):
            sums[axis, 3 + j] = sums[axis, j] + (sums[axis, 3 + j] if in_stretch else 0.0)


@kernel
def _is_still(sums: FloatArray, with_stretch: bool, max_variance: float) -> bool:
    """Whether every axis is still, in the block alone or in the stretch and the block together."""
    for axis in range(len(sums)):
        number, total, squares = sums[axis, 0], sums[axis, 1], sums[axis, 2]
        if with_stretch:
            number += sums[axis, 3]
            total += sums[axis, 4]
            squares += sums[axis, 5]
        if number > 0.0 and squares / number - (total / number) ** 2 >= max_variance:
            return False
    return True


@kernel
def _close(end_index: float, limits: np.record, state: np.record, row: FloatArray) -> int:
    """End the still stretch; write its indices if it was long enough to mean not worn."""
    samples, state.still_samples = state.still_samples, 0.0
    if samples < limits.min_length:
        return 0
    row[0], row[1] = state.still_from, end_index
    return 1
