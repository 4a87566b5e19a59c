"""How far the bridge of this moment has come: told at once, sample by sample, for a coach."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from analytics.body import BODY_RATE_HZ
from analytics.bridging.movement import FORCE, SUPINE
from analytics.detector import Variables, kernel, opened, variables
from sensors.types import FloatArray

_REST, _LIFT, _HOLD, _LOWER = range(4)

_CUBE = 3.0
"""What begins with the cube of time has gone on for so many times its way by its speed."""


class BridgePhase(StrEnum):
    """What the hips do; rest is everything that is no bridge."""

    REST = "rest"
    LIFT = "lift"
    HOLD = "hold"
    LOWER = "lower"


_PHASES = {
    _REST: BridgePhase.REST,
    _LIFT: BridgePhase.LIFT,
    _HOLD: BridgePhase.HOLD,
    _LOWER: BridgePhase.LOWER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseParams:
    """When one phase of a bridge gives way to the next, known as early as can be.

    All of it is engineering judgement where nothing else is said.
    """

    cutoff_hz: float = 3.0
    """Low-pass on the tilt: a delay of 0.07 s, and no tremor."""
    moved_deg: float = 1.5
    """So far from where they were the hips have moved: thrice what breathing does to the chest …"""
    moved_part: float = 0.1
    """… and this part of the height, once they are up …"""
    moving_degs: float = 3.0
    """… or half of it as fast as this: faster than holds sag …"""
    moving_part: float = 0.15
    """… and faster than this part of the fastest of the lift."""
    leak_degs: float = 0.1
    """The level of rest rises no faster, so that a slow lift is seen."""
    lately_s: float = 0.4
    """How fast a hold forgets where it was: it may sag."""
    sinking_deg: float = 0.25
    """Hips that have sunk by so much …"""
    sinking_degs: float = 1.0
    """… and go on so fast may have begun to come down: the hold timer halts meanwhile."""
    min_deg: float = 4.0
    """Lowest hold (`RangeParams.min_deg`)."""
    max_deg: float = 50.0
    """Highest (`RangeParams.max_deg`)."""
    slow_part: float = 0.3
    """A lift or a lowering ends when it is slower than this part of its fastest …"""
    slow_s: float = 0.2
    """… by a speed that is smoothed so long, since tremor is faster than a slow lift."""
    rising_part: float = 0.15
    """A hold that rises by this part of the height was none yet."""
    fall_part: float = 0.65
    """Part of the height that is lost when the hips come down (`SwingParams.fall_part`)."""
    back_part: float = 0.25
    """Hips within this part of the height are down (`SwingParams.leave_part`)."""
    stuck_s: float = 2.0
    """So long without going on, a lift or a lowering is over."""
    sure_s: float = 1.0
    """A hold so long is measured, and judged as its repetition will be."""
    max_hold_s: float = 150.0
    """Longer is positioning (see `BridgingDetector`)."""
    max_gap_s: float = 2.0
    """Samples missing for less are waited for (`SwingParams.max_gap_s`)."""


class PhaseTracker:
    """Follows the tilt of one segment through rest, lift, hold and lowering, without looking ahead.

    It tells a phase before the movement shows how it ends, so it errs where the detector does not:
    knees that are set up are a lift for a moment. A hold is judged a second after it began, and
    taken back if it is none. The first sample it takes is number `start`.
    """

    def __init__(self, params: PhaseParams, start: int = 0) -> None:
        self._limits = _limits(params)
        self._state = variables(
            index=start - 1,
            missing=0,
            started=0,
            began=0,
            first=0,
            tilt=0,
            phase=_REST,
            since=0,
            moved_at=0,
            low=0,
            top=0,
            bottom=0,
            lately=0,
            pace=0,
            entered=0,
            lift_rate=0,
            fastest=0,
            lifted_at=0,
            top_at=0,
            hold_start=0,
            held_until=0,
            judged=0,
            awaits=0,
            done_at=-1,
            done_top_at=-1,
        )

    def follow(self, rows: FloatArray, rise_axis: FloatArray) -> int:
        """Take rows (n, COLUMNS) up to where a hold is to be judged; how many were taken.

        `rise_axis` (3,) points where the vertical moves when the hips rise.
        """
        return int(_follow(rows, rise_axis, self._limits, self._state))

    def accept(self, hold_start: float) -> None:
        """The hold is that of a bridge, and began at this sample."""
        self._state["hold_start"] = hold_start
        self._state["awaits"] = 0

    def deny(self) -> None:
        """The hold is none: the body lies otherwise than before."""
        _deny(self._state)

    @property
    def awaits(self) -> bool:
        """Whether a hold is to be judged now: accepted or denied."""
        return bool(self._state["awaits"])

    @property
    def phase(self) -> BridgePhase:
        """What the hips do now."""
        return _PHASES[int(self._state["phase"])]

    @property
    def count(self) -> int:
        """How many samples have come."""
        return int(self._state["index"]) + 1

    @property
    def lift(self) -> tuple[int, int, int]:
        """The first sample after which none is missing for long, the lowest before the last lift,
        and the highest since."""
        state = self._state
        return int(state["began"]), int(state["lifted_at"]), int(state["top_at"])

    @property
    def done(self) -> tuple[int, int]:
        """When the hips were highest in the last bridge, and when they were down; -1 before it."""
        return int(self._state["done_top_at"]), int(self._state["done_at"])

    @property
    def hold_s(self) -> float:
        """How long the hips are up, or were the last time."""
        held = float(self._state["held_until"] - self._state["hold_start"])
        return max(held, 0.0) / BODY_RATE_HZ


def _limits(params: PhaseParams) -> Variables:
    # Two equal one-pole stages have 0.644 of the cut-off of one of them.
    tau_s = 0.644 / (2.0 * np.pi * params.cutoff_hz)
    return variables(
        weight=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * tau_s)),
        moved=params.moved_deg,
        moved_part=params.moved_part,
        moving=params.moving_degs,
        moving_part=params.moving_part,
        leak=params.leak_degs / BODY_RATE_HZ,
        sinking=params.sinking_deg,
        sinking_rate=params.sinking_degs,
        delay=2.0 * tau_s * BODY_RATE_HZ,
        forget=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * params.lately_s)),
        min_range=params.min_deg,
        max_range=params.max_deg,
        slow_part=params.slow_part,
        pacing=1.0 - np.exp(-1.0 / (BODY_RATE_HZ * params.slow_s)),
        rising_part=params.rising_part,
        fall_part=params.fall_part,
        back_part=params.back_part,
        stuck=round(params.stuck_s * BODY_RATE_HZ),
        sure=round(params.sure_s * BODY_RATE_HZ),
        longest=round(params.max_hold_s * BODY_RATE_HZ),
        max_missing=round(params.max_gap_s * BODY_RATE_HZ),
    )


@kernel
def _follow(rows: FloatArray, rise_axis: FloatArray, given: Variables, kept: Variables) -> int:
    limits, state = opened(given), opened(kept)
    for i in range(len(rows)):
        state.index += 1
        if np.isnan(rows[i, FORCE]):
            state.missing += 1
            if state.missing == limits.max_missing:
                state.started = 0
                state.phase = _REST
            continue
        state.missing = 0
        rate_degs = _smoothed_tilt(rows, i, rise_axis, limits, state)
        state.pace += limits.pacing * (rate_degs - state.pace)
        if not rows[i, SUPINE]:
            _rest(state)
        elif state.phase == _REST:
            _resting(rate_degs, limits, state)
        elif state.phase == _LIFT:
            _lifting(limits, state)
        elif state.phase == _HOLD:
            _holding(rate_degs, limits, state)
            if not state.judged and state.index - state.since >= limits.sure:
                state.judged = state.awaits = 1
                return i + 1
        else:
            _lowering(limits, state)
    return len(rows)


@kernel
def _deny(kept: Variables) -> None:
    state = opened(kept)
    state.awaits = 0
    _rest(state)


@kernel
def _smoothed_tilt(
    rows: FloatArray, i: int, rise_axis: FloatArray, limits: np.record, state: np.record
) -> float:
    """Low-pass the tilt; return how fast it grows, in °/s."""
    x, y, z = rows[i, 0], rows[i, 1], rows[i, 2]
    length = max(np.sqrt(x * x + y * y + z * z), 1e-9)
    sine = (rise_axis[0] * x + rise_axis[1] * y + rise_axis[2] * z) / length
    tilt_deg = np.degrees(np.arcsin(min(max(sine, -1.0), 1.0)))
    if not state.started:
        state.started = 1
        state.began = state.index
        state.first = state.tilt = tilt_deg
        state.pace = 0.0
        _rest(state)
    state.first += limits.weight * (tilt_deg - state.first)
    step_deg: float = limits.weight * (state.first - state.tilt)
    state.tilt += step_deg
    return step_deg * BODY_RATE_HZ


@kernel
def _enter(phase: int, state: np.record) -> None:
    state.phase = phase
    state.since = state.moved_at = state.index
    state.fastest = 0.0


@kernel
def _rest(state: np.record) -> None:
    """Here the hips rest, wherever that is."""
    _enter(_REST, state)
    state.low = state.tilt


@kernel
def _resting(rate_degs: float, limits: np.record, state: np.record) -> None:
    state.low = min(state.low + limits.leak, state.tilt)
    if state.low == state.tilt:
        state.lifted_at = state.index
    risen = state.tilt - state.low
    if risen > limits.moved or (risen > 0.5 * limits.moved and rate_degs > limits.moving):
        _enter(_LIFT, state)
        state.top = state.tilt
        state.judged = 0


@kernel
def _lifting(limits: np.record, state: np.record) -> None:
    state.fastest = max(state.fastest, state.pace)
    if state.tilt > state.top + 0.2:
        state.moved_at = state.index
    _keep_top(state)
    range_deg = state.top - state.low
    has_fallen = state.top - state.tilt > 0.5 * range_deg
    is_stuck = state.index - state.moved_at > limits.stuck
    if range_deg > limits.max_range or (range_deg < limits.min_range and (has_fallen or is_stuck)):
        _rest(state)
    elif range_deg >= limits.min_range and state.pace < limits.slow_part * state.fastest:
        state.lift_rate = state.fastest
        state.lately = state.entered = state.tilt
        _enter(_HOLD, state)
        state.hold_start = state.held_until = state.index
        state.judged = 0


@kernel
def _holding(rate_degs: float, limits: np.record, state: np.record) -> None:
    _keep_top(state)
    state.lately += limits.forget * (state.tilt - state.lately)
    range_deg = state.top - state.low
    fallen = state.lately - state.tilt
    far = max(limits.moved, limits.moved_part * range_deg)
    fast = max(limits.moving, limits.moving_part * state.lift_rate)
    held_until = state.index - _sinking_for(fallen, -rate_degs, limits)
    state.held_until = max(held_until, state.held_until)
    if range_deg > limits.max_range or state.index - state.since > limits.longest:
        _rest(state)
    elif state.tilt - state.entered > max(limits.moved, limits.rising_part * range_deg):
        _enter(_LIFT, state)
        state.fastest = state.lift_rate
    elif (
        fallen > far
        or (fallen > 0.5 * far and -rate_degs > fast)
        or state.top - state.tilt > limits.fall_part * range_deg
    ):
        state.held_until = held_until
        state.bottom = state.tilt
        _enter(_LOWER, state)


@kernel
def _sinking_for(fallen_deg: float, rate_degs: float, limits: np.record) -> float:
    """For how many samples the hips come down, if they do, beginning as smooth movements do.

    It is taken for one of minimum jerk, of which no more than a second has gone.
    """
    if fallen_deg < limits.sinking or rate_degs < limits.sinking_rate:
        return 0.0
    since = _CUBE * fallen_deg / rate_degs * BODY_RATE_HZ
    late: float = limits.delay
    return late + min(since, BODY_RATE_HZ)


@kernel
def _lowering(limits: np.record, state: np.record) -> None:
    state.fastest = max(state.fastest, -state.pace)
    if state.tilt < state.bottom:
        state.bottom = state.tilt
        state.moved_at = state.index
    range_deg = state.top - state.low
    fallen = state.top - state.bottom
    is_slow = -state.pace < limits.slow_part * state.fastest
    is_over = is_slow and state.tilt - state.low < limits.back_part * range_deg
    is_stuck = state.index - state.moved_at > limits.stuck
    rises = state.tilt - state.bottom > max(limits.moved, limits.moved_part * range_deg)
    if is_over or ((is_stuck or rises) and fallen > limits.fall_part * range_deg):
        state.done_at = state.index
        state.done_top_at = state.top_at
        _rest(state)
        state.low = state.bottom
    elif is_stuck or rises:
        state.lately = state.entered = state.tilt
        _enter(_HOLD, state)


@kernel
def _keep_top(state: np.record) -> None:
    if state.tilt > state.top:
        state.top = state.tilt
        state.top_at = state.index
