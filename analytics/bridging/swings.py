"""Where a segment's tilt turns back: movements found without knowing how the sensor is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from analytics.body import BODY_RATE_HZ
from analytics.detector import Variables, kernel, opened, variables
from sensors.types import FloatArray

_FIRST_STAGE, _SECOND_STAGE, _ANCHOR, _FAR, _OLDER = range(5)
_STEP_RAD, _STEP_PART = 0.02, 0.1
"""Smaller changes are rest, 1.1° or a tenth of the swing before."""
_START, _TURN, _SETTLED, _BREAK = range(4)


class Mark(IntEnum):
    """What the swing finder noticed."""

    START = _START
    """The first sample, or the first one after too much was missing."""
    TURN = _TURN
    """The tilt turned back at `index` and has stayed away since, or rests there after a change of
    position."""
    SETTLED = _SETTLED
    """The tilt has come back and rests."""
    BREAK = _BREAK
    """Too much is missing to go on."""


@dataclass(frozen=True, slots=True)
class SwingEvent:
    """A mark for sample `index`, made at sample `noticed_at`."""

    mark: Mark
    index: int
    noticed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwingParams:
    """What counts as a swing of the tilt."""

    cutoff_hz: float = 2.0
    """Low-pass on the vertical: passes the fastest lift, stops tremor and steps."""
    min_deg: float = 3.0
    """Smallest swing: 60 % of 5°, a low bridge."""
    leave_part: float = 0.25
    """A swing has come back once within this part of its range from where it began."""
    fall_part: float = 0.65
    """Part of its range that the tilt must fall for the top to be over: less is a sag."""
    turn_part: float = 0.5
    """Part of its range that it must turn back where it is not known which way is up …"""
    pause_s: float = 8.0
    """… unless it has rested so long: what follows may be smaller."""
    max_deg: float = 45.0
    """Larger swings are changes of position and say nothing about what follows."""
    min_dwell_s: float = 0.6
    """Shorter tops and pauses are part of the swing around them."""
    min_rest_s: float = 0.8
    """So long without going on, a swing that has come back is at rest."""
    max_gap_s: float = 2.0
    """Samples missing for less are waited for."""


class SwingFinder:
    """Follows the direction of the vertical in a sensor's axes from turning point to turning point.

    A zigzag on the unit sphere: from the last turning point the farthest direction since is kept;
    it becomes the next turning point once the vertical has moved away from it by a part of the
    swing. Ranges are thus relative to the local valley and top, and no threshold depends on the
    mounting. `rise_axis` (3,) points where the vertical moves when the hips rise; None where that
    is not known.
    """

    def __init__(self, params: SwingParams, rise_axis: FloatArray | None) -> None:
        self._limits = _limits(params)
        self._rise_axis = np.zeros(3) if rise_axis is None else rise_axis.copy()
        self._vectors = np.zeros((5, 3))
        self._state = variables(
            index=0,
            missing=0,
            started=0,
            range=0,
            older_range=0,
            far_index=0,
            anchor_index=0,
            turned_at=0,
            older_turned_at=-1,
            pending=0,
            progress=0,
            progress_at=0,
            settled=0,
        )

    def update(self, up: FloatArray) -> list[SwingEvent]:
        """Take the next verticals (n, 3), NaN where missing; return what they showed."""
        marks = np.empty((2 * len(up) + 1, 3), dtype=np.int64)
        count = _follow(up, self._rise_axis, self._limits, self._state, self._vectors, marks)
        return _events(marks[:count])

    def finish(self) -> list[SwingEvent]:
        """The stream has ended: a break."""
        marks = np.empty((2, 3), dtype=np.int64)
        count = _finish(self._state, marks)
        return _events(marks[:count])


def _events(marks: NDArray[np.int64]) -> list[SwingEvent]:
    return [SwingEvent(Mark(int(mark)), int(index), int(at)) for mark, index, at in marks]


def _limits(params: SwingParams) -> Variables:
    # Two equal one-pole stages have 0.644 of the cut-off of one of them.
    tau_s = 0.644 / (2.0 * np.pi * params.cutoff_hz)
    return variables(
        weight=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * tau_s)),
        min_range=np.radians(params.min_deg),
        back_part=1.0 - params.leave_part,
        fall_part=params.fall_part,
        turn_part=params.turn_part,
        pause=round(params.pause_s * BODY_RATE_HZ),
        max_range=np.radians(params.max_deg),
        dwell=round(params.min_dwell_s * BODY_RATE_HZ),
        rest=round(params.min_rest_s * BODY_RATE_HZ),
        max_missing=round(params.max_gap_s * BODY_RATE_HZ),
    )


@kernel
def _follow(
    up: FloatArray,
    rise_axis: FloatArray,
    given: Variables,
    kept: Variables,
    vectors: FloatArray,
    marks: NDArray[np.int64],
) -> int:
    """Follow the vertical; write mark, index and current index of each event into `marks`."""
    limits, state = opened(given), opened(kept)
    count = 0
    now = np.empty(3)
    for i in range(len(up)):
        index = state.index
        state.index += 1
        if np.isnan(up[i, 0]):
            state.missing += 1
            if state.missing == limits.max_missing:
                count = _break(state, marks, count)
            continue
        state.missing = 0
        if not state.started:
            _begin(up, i, index, state, vectors)
            count = _note(marks, count, _START, index, index)
            continue
        _low_pass(up, i, limits.weight, vectors, now)
        _advance(now, index, limits, state, vectors)
        if state.range > limits.max_range and index - state.progress_at >= limits.rest:
            _begin_again(now, index, state, vectors)
            count = _note(marks, count, _TURN, index, index)
        if state.pending and index - state.turned_at >= limits.dwell:
            state.pending = 0
            count = _note(marks, count, _TURN, state.anchor_index, index)
        if _has_turned(now, index, rise_axis, limits, state, vectors):
            _turn(now, index, limits, state, vectors)
        if _settles(index, limits, state):
            state.settled = 1
            count = _note(marks, count, _SETTLED, index, index)
    return count


@kernel
def _finish(kept: Variables, marks: NDArray[np.int64]) -> int:
    return _break(opened(kept), marks, 0)


@kernel
def _break(state: np.record, marks: NDArray[np.int64], count: int) -> int:
    if not state.started:
        return count
    last = state.index - 1 - state.missing
    if state.pending:
        count = _note(marks, count, _TURN, state.anchor_index, last)
    state.started = 0
    return _note(marks, count, _BREAK, state.far_index, last)


@kernel
def _note(marks: NDArray[np.int64], count: int, mark: int, index: int, noticed_at: int) -> int:
    marks[count, 0] = mark
    marks[count, 1] = index
    marks[count, 2] = noticed_at
    return count + 1


@kernel
def _begin(up: FloatArray, i: int, index: int, state: np.record, vectors: FloatArray) -> None:
    for j in range(3):
        vectors[_FIRST_STAGE, j] = vectors[_SECOND_STAGE, j] = up[i, j]
    _begin_again(up[i], index, state, vectors)
    state.started = 1


@kernel
def _begin_again(now: FloatArray, index: int, state: np.record, vectors: FloatArray) -> None:
    """A change of position has come to rest: whatever follows begins here."""
    for which in (_ANCHOR, _FAR, _OLDER):
        _keep(now, vectors, which)
    state.range = state.older_range = state.progress = 0.0
    state.far_index = state.anchor_index = state.turned_at = state.progress_at = index
    state.older_turned_at = -1
    state.pending = state.settled = 0


@kernel
def _low_pass(up: FloatArray, i: int, weight: float, vectors: FloatArray, now: FloatArray) -> None:
    norm = 0.0
    for j in range(3):
        vectors[_FIRST_STAGE, j] += weight * (up[i, j] - vectors[_FIRST_STAGE, j])
        now[j] = vectors[_SECOND_STAGE, j]
        now[j] += weight * (vectors[_FIRST_STAGE, j] - now[j])
        vectors[_SECOND_STAGE, j] = now[j]
        norm += now[j] * now[j]
    unit = 1.0 / max(np.sqrt(norm), 1e-9)
    for j in range(3):
        now[j] *= unit


@kernel
def _square(now: FloatArray, vectors: FloatArray, which: int) -> float:
    """Squared chord to a direction; for a bridge's angles the chord is the angle within 4 %."""
    total = 0.0
    for j in range(3):
        total += (now[j] - vectors[which, j]) ** 2
    return total


@kernel
def _keep(now: FloatArray, vectors: FloatArray, which: int) -> None:
    for j in range(3):
        vectors[which, j] = now[j]


@kernel
def _move(vectors: FloatArray, source: int, target: int) -> None:
    for j in range(3):
        vectors[target, j] = vectors[source, j]


@kernel
def _advance(
    now: FloatArray, index: int, limits: np.record, state: np.record, vectors: FloatArray
) -> None:
    """Keep the farthest direction from the last turning point."""
    square = _square(now, vectors, _ANCHOR)
    if square <= state.range * state.range:
        return
    distance = np.sqrt(square)
    state.range = distance
    state.far_index = index
    _keep(now, vectors, _FAR)
    step = min(_STEP_RAD, _STEP_PART * state.older_range)
    if distance > state.progress + step + 0.02 * distance:
        state.progress = distance
        state.progress_at = index


@kernel
def _has_turned(
    now: FloatArray,
    index: int,
    rise_axis: FloatArray,
    limits: np.record,
    state: np.record,
    vectors: FloatArray,
) -> bool:
    if state.range < limits.min_range:
        return False
    rise = 0.0
    for j in range(3):
        rise += rise_axis[j] * (vectors[_FAR, j] - vectors[_ANCHOR, j])
    part = limits.turn_part
    if index - state.progress_at > limits.pause:
        part = 0.0
    if rise > 0.0:
        part = limits.fall_part
    if rise < 0.0 or state.range > limits.max_range:
        part = 0.0
    needed = max(limits.min_range, part * state.range)
    return bool(_square(now, vectors, _FAR) >= needed * needed)


@kernel
def _turn(
    now: FloatArray, index: int, limits: np.record, state: np.record, vectors: FloatArray
) -> None:
    """Make the farthest direction a turning point, or take back the last one if it was a blip."""
    if index - state.turned_at < limits.dwell and state.older_turned_at >= 0:
        _move(vectors, _ANCHOR, _FAR)
        _move(vectors, _OLDER, _ANCHOR)
        state.range = state.older_range
        state.far_index = state.anchor_index
        state.turned_at = state.older_turned_at
        state.older_turned_at = -1
        state.pending = 0
    else:
        _move(vectors, _ANCHOR, _OLDER)
        _move(vectors, _FAR, _ANCHOR)
        _keep(now, vectors, _FAR)
        state.older_range = state.range
        state.anchor_index = state.far_index
        state.older_turned_at = state.turned_at
        state.turned_at = state.far_index = index
        state.range = np.sqrt(_square(now, vectors, _ANCHOR))
        state.pending = 1
    state.progress = state.range
    state.progress_at = index
    state.settled = 0


@kernel
def _settles(index: int, limits: np.record, state: np.record) -> bool:
    """Whether the swing has come back to rest; after a change of position any swing may have."""
    if state.settled or state.pending or state.older_range == 0.0:
        return False
    needed = limits.back_part * state.older_range
    if state.older_range > limits.max_range:
        needed = 2.0 * limits.min_range
    return bool(state.range >= needed and index - state.progress_at >= limits.rest)
