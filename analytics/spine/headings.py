"""By how much two segments are turned against each other about the vertical.

Each has a level reference, "north", which the gyroscope keeps where it is while the segment turns.
The offset between the two is kept by a Kalman filter of one state (see `angle`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.detector import kernel
from analytics.spine.state import STEP_S, TICK, Signals
from sensors.types import GRAVITY_MS2, FloatArray

TURN_TICKS = 10
"""Ticks over which a turn is looked at: two seconds, about as long as rolling over takes."""

TWIST_RAD = np.radians(4.0)
"""Twist of the spine at any time; walking swings it by 7°."""
TWIST_S = 3.0
"""How long a twist lasts."""
STEEP = 0.5
"""Largest squared vertical part of a left-right axis that still tells a heading (45°)."""

MIN_TURN_RADS = np.radians(2.0)
MAX_UNLIKE = 0.05
"""Share of the turning that trunk and pelvis may not have in common."""
TURN_SIGMA_RAD = np.radians(4.0)

QUIET_RADS = np.radians(3.0)
"""Root mean square rate in a block up to which a sensor feels nothing but gravity."""
LEAN_WEIGHT = STEP_S
"""Low-pass of a second: after a slow movement orientation filters take many to settle."""
GAP_RADS = np.radians(0.5)
"""How fast the offset may change in a short gap, beside the rate at which the body turned."""
MAX_GAP_S = 10.0
"""After more, or where a segment lies differently after a gap, its heading is lost."""
SAME_COS = np.cos(np.radians(5.0))


@kernel
def turn(side: Any, signals: Signals, i: int) -> float:
    """Keep the level reference where it is while the segment turns; return the squared rate.

    What rest is judged by is summed up here too, in one function: two take a fifth longer.
    """
    acc, gyro, up = signals
    x, y, z = gyro[i, 0] - side.bias[0], gyro[i, 1] - side.bias[1], gyro[i, 2] - side.bias[2]
    rate: float = x * x + y * y + z * z
    side.rate += rate
    settling = 1.0 if rate < QUIET_RADS**2 else 0.0
    side.lean_x += LEAN_WEIGHT * (settling * (acc[i, 0] / GRAVITY_MS2 - up[i, 0]) - side.lean_x)
    side.lean_z += LEAN_WEIGHT * (settling * (acc[i, 2] / GRAVITY_MS2 - up[i, 2]) - side.lean_z)
    side.force[0] += acc[i, 0]
    side.force[1] += acc[i, 1]
    side.force[2] += acc[i, 2]
    x, y, z = x * STEP_S, y * STEP_S, z * STEP_S
    side.turned[0] += x
    side.turned[1] += y
    side.turned[2] += z
    n0, n1, n2 = side.north[0], side.north[1], side.north[2]
    c0, c1, c2 = y * n2 - z * n1, z * n0 - x * n2, x * n1 - y * n0
    n0 += 0.5 * (y * c2 - z * c1) - c0
    n1 += 0.5 * (z * c0 - x * c2) - c1
    n2 += 0.5 * (x * c1 - y * c0) - c2
    u0, u1, u2 = up[i, 0], up[i, 1], up[i, 2]
    along = n0 * u0 + n1 * u1 + n2 * u2
    n0, n1, n2 = n0 - along * u0, n1 - along * u1, n2 - along * u2
    square = n0 * n0 + n1 * n1 + n2 * n2
    if square < 0.01:
        n0, n1, n2 = (0.0, u2, -u1) if u1 * u1 > 0.5 else (u2, 0.0, -u0)
        square = n0 * n0 + n1 * n1 + n2 * n2
    size = 1.5 - 0.5 * square if abs(square - 1.0) < 1e-3 else 1.0 / np.sqrt(square)
    side.north[0], side.north[1], side.north[2] = n0 * size, n1 * size, n2 * size
    return rate


@kernel
def part_west(side: Any, up: FloatArray, i: int, axis: int) -> float:
    """Component of a segment's axis to the left of the level reference."""
    j = 0 if axis == 2 else axis + 1
    k = 3 - axis - j
    component: float = up[i, j] * side.north[k] - up[i, k] * side.north[j]
    return component


@kernel
def seen_from_pelvis(state: Any, north: float, west: float) -> tuple[float, float]:
    """Level components of a vector on the trunk's reference, on that of the pelvis."""
    return state.cosine * north - state.sine * west, state.sine * north + state.cosine * west


@kernel
def look_at_axes(state: Any, trunk_up: FloatArray, pelvis_up: FloatArray, i: int) -> None:
    """The left-right axes are parallel but for a twist, unless one of them stands steeply."""
    trunk, pelvis = state.trunk, state.pelvis
    steep = max(trunk_up[i, 1] ** 2, pelvis_up[i, 1] ** 2)
    if steep > STEEP:
        return
    trunk_north, trunk_west = trunk.north[1], part_west(trunk, trunk_up, i, 1)
    pelvis_north, pelvis_west = pelvis.north[1], part_west(pelvis, pelvis_up, i, 1)
    north, west = seen_from_pelvis(state, trunk_north, trunk_west)
    across = north * pelvis_west - west * pelvis_north
    along = north * pelvis_north + west * pelvis_west
    twist_variance = TWIST_RAD**2 / (1.0 - steep)
    lasting_variance = twist_variance * 2.0 * TWIST_S / (TICK * STEP_S)
    _measure(state, np.arctan2(across, along), lasting_variance, twist_variance)


@kernel
def look_at_turn(state: Any, trunk: Signals, pelvis: Signals, i: int) -> None:
    """Add one look at both rates; judge the turn when there are enough."""
    trunk_north, trunk_west, trunk_upward = _level_rate(state.trunk, trunk, i)
    pelvis_north, pelvis_west, pelvis_upward = _level_rate(state.pelvis, pelvis, i)
    north, west = seen_from_pelvis(state, trunk_north, trunk_west)
    state.across += north * pelvis_west - west * pelvis_north
    state.along += north * pelvis_north + west * pelvis_west
    state.turning += 0.5 * (north**2 + west**2 + pelvis_north**2 + pelvis_west**2)
    state.apart += 0.5 * (trunk_upward - pelvis_upward) ** 2
    state.turn_ticks += 1.0
    if state.turn_ticks < TURN_TICKS:
        return
    if state.turning > TURN_TICKS * MIN_TURN_RADS**2:
        common: float = np.hypot(state.across, state.along)
        unlike = (state.turning - common + state.apart) / state.turning
        variance = TURN_SIGMA_RAD**2 + 2.0 * unlike
        error: float = np.arctan2(state.across, state.along)
        if unlike < MAX_UNLIKE:
            _measure(state, error, variance, variance)
    state.across = state.along = state.turning = state.apart = state.turn_ticks = 0.0


@kernel
def _level_rate(side: Any, signals: Signals, i: int) -> tuple[float, float, float]:
    """Angular rate about the level reference, what is to its left, and the vertical."""
    _, gyro, up = signals
    north = west = upward = 0.0
    for axis in range(3):
        rate = gyro[i, axis] - side.bias[axis]
        north += rate * side.north[axis]
        west += rate * part_west(side, up, i, axis)
        upward += rate * up[i, axis]
    return north, west, upward


@kernel
def _measure(state: Any, error: float, variance: float, alone_variance: float) -> None:
    """Correct the offset by what a measurement says it lacks.

    `variance` is that of one among many that err alike; alone it would have `alone_variance`. Where
    less than that was known it is believed as it is.
    """
    state.since_s = 0.0
    if state.variance > alone_variance:
        shift(state, error)
        state.variance = alone_variance
        state.bias_cov = 0.0
        return
    gain = state.variance / (state.variance + variance)
    shift(state, gain * error)
    state.variance *= 1.0 - gain
    state.bias_cov *= 1.0 - gain


@kernel
def shift(state: Any, by_rad: float) -> None:
    """Change the offset."""
    state.offset += by_rad
    state.cosine = np.cos(state.offset)
    state.sine = np.sin(state.offset)


@kernel
def keep_vertical(side: Any, up: FloatArray, i: int) -> None:
    """Keep the vertical, to see after a gap whether the segment was moved."""
    side.up[0], side.up[1], side.up[2] = up[i, 0], up[i, 1], up[i, 2]


@kernel
def pass_gap(state: Any, trunk_up: FloatArray, pelvis_up: FloatArray, i: int) -> None:
    """Samples are back: the offset may have changed meanwhile, if it is not lost."""
    trunk, pelvis = state.trunk, state.pelvis
    gap_s = state.missing * STEP_S
    state.missing = 0.0
    trunk_cos = along_vertical(trunk.up, trunk_up, i)
    pelvis_cos = along_vertical(pelvis.up, pelvis_up, i)
    if min(trunk_cos, pelvis_cos) > SAME_COS and gap_s <= MAX_GAP_S:
        state.variance += (GAP_RADS**2 + state.rate) * gap_s**2
        return
    state.variance = np.inf
    state.tick = state.block_ticks = state.turn_ticks = 0.0
    state.across = state.along = state.turning = state.apart = 0.0
    for side in (trunk, pelvis):
        side.rate = 0.0
        for axis in range(3):
            side.before[axis] = side.last[axis] = np.nan
            side.turned[axis] = side.force[axis] = 0.0


@kernel
def along_vertical(vector: FloatArray, up: FloatArray, i: int) -> float:
    """The part of a vector (3,) along the vertical."""
    part: float = vector[0] * up[i, 0] + vector[1] * up[i, 1] + vector[2] * up[i, 2]
    return part
